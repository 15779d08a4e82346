//! What a verb is given, and what it found, on its way to the outputs of the step.

use zeroize::Zeroizing;

use crate::argocd::Proof;
use crate::engine::{Deadline, Facts};
use crate::opentofu::Outputs;
use crate::report::Console;

/// The run of a step: what each verb is given beside its step.
#[derive(Debug)]
pub struct Run<'r> {
    /// The end of its patience.
    pub deadline: Deadline,
    /// Where people read how it goes.
    pub console: &'r Console,
    /// What it found so far.
    pub found: &'r mut Found,
}

/// A spoke as a step found it.
#[derive(Debug, Clone)]
pub struct FoundSpoke {
    /// The UID of its namespace `kube-system`.
    pub uid: String,
    /// Its address, as Argo CD reaches it.
    pub server: String,
}

/// What the verb of a step found, for the outputs of the step.
#[derive(Debug, Default)]
pub struct Found {
    /// The proof, where the verb made one.
    pub proof: Option<Proof>,
    /// The CNAB status document.
    pub status: Option<serde_json::Value>,
    /// What an installation would change.
    pub diff: Option<serde_json::Value>,
    /// The address of Argo CD, where its settings name one.
    pub url: Option<String>,
    /// What a bead consists of, and how its parts are.
    pub state: Option<serde_json::Value>,
    /// The commit that the hub or bead runs.
    pub revision: Option<String>,
    /// The cluster.
    pub facts: Option<Facts>,
    /// What the module hands back that made the cluster.
    pub module: Option<Outputs>,
    /// The spoke, where the step is about one.
    pub spoke: Option<FoundSpoke>,
    /// The kubeconfig of a cluster that was made.
    pub kubeconfig: Option<Zeroizing<String>>,
}
