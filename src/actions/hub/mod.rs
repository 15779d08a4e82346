//! The verbs of the hub step.

mod credential;
mod document;
mod handover;
mod install;
mod status;
mod uninstall;
mod verify;

pub use document::HubFiles;
pub use install::install;
pub use status::status;
pub use uninstall::uninstall;
pub use verify::verify;

use crate::argocd::Proof;
use crate::engine::Facts;

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
