//! The verbs of the hub step.

mod credential;
mod document;
mod handover;
mod install;
mod status;
mod uninstall;
mod verify;

pub use install::install;
pub use status::status;
pub use uninstall::uninstall;
pub use verify::verify;

use crate::argocd::Proof;
use crate::engine::Facts;
use crate::gitops::{Access, GitCredential};
use crate::spec::Repository;

/// What a verb of the hub step found, for the outputs of the step.
#[derive(Debug, Default)]
pub struct Found {
    /// The proof, where the verb made one.
    pub proof: Option<Proof>,
    /// The CNAB status document.
    pub status: Option<serde_json::Value>,
    /// The address of Argo CD, where its settings name one.
    pub url: Option<String>,
    /// The commit that the hub runs.
    pub revision: Option<String>,
    /// The cluster.
    pub facts: Option<Facts>,
}

/// The repository as this run reaches it.
fn access(repository: &Repository, credential: Option<GitCredential>) -> Access {
    let url = repository.push_url.as_ref().filter(|url| !url.is_empty()).unwrap_or(&repository.url);
    Access { url: url.clone(), branch: repository.branch.clone(), credential }
}
