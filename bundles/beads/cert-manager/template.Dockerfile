# syntax=docker/dockerfile:1
# In a closed network put a plain comment above the line before: BuildKit then uses its built-in frontend.
FROM --platform=linux/amd64 debian:stable-slim

# PORTER_INIT

# The mixin calls git, and git calls ssh where the repository is reached that way.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git openssh-client \
 && rm -rf /var/lib/apt/lists/*

# PORTER_MIXINS
