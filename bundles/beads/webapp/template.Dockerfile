# syntax=docker/dockerfile:1@sha256:87999aa3d42bdc6bea60565083ee17e86d1f3339802f543c0d03998580f9cb89
# In a closed network put a plain comment above the line before: BuildKit then uses its built-in frontend.
FROM --platform=linux/amd64 debian:13-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

# PORTER_INIT

# The mixin calls git, and git calls ssh where the repository is reached that way.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/*

# PORTER_MIXINS
