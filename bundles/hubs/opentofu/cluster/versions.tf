terraform {
  required_version = ">= 1.8"

  # Each provider has a version here, and its archive is pinned in lock.yaml.
  required_providers {}
}
