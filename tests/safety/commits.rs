//! What a commit may make Argo CD delete.
