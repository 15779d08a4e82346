//! An Argo CD that a commit has broken comes back by the Kubernetes API alone.

pub mod fixture;
mod git_down;
