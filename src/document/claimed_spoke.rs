//! How what people order becomes a spoke by itself: a composite resource whose composition makes a kubeconfig.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::kyverno::BACKGROUND_ACCOUNT;

/// What makes spokes of the objects of a composite API: Kyverno, by a policy that the bead brings. The composition composes a
/// Secret with a kubeconfig; the Secret must be controlled by the object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimedSpoke {
    /// The key of the kubeconfig in the Secret. Default `kubeconfig`.
    #[serde(default = "key")]
    pub key: String,
    /// Labels that all of these spokes get, by which beads choose them. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Keys of labels that a spoke gets as its object has them: by these who orders a cluster chooses what comes to it.
    /// Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels_of_object: Vec<String>,
    /// Whether what beads bring comes to a spoke before a step has accepted it, that is before anybody has looked which cluster
    /// it is. Default `false`.
    #[serde(default)]
    pub at_once: bool,
    /// The service account of Kyverno's background controller, as `namespace/name`: that of its chart under the name `kyverno`.
    /// Default `kyverno/kyverno-background-controller`.
    #[serde(default = "account")]
    pub account: String,
}

/// The fields of a cluster in a kubeconfig that are taken.
pub const CLUSTER_FIELDS: [&str; 4] = ["server", "certificate-authority-data", "tls-server-name", "extensions"];
/// The fields of a user in a kubeconfig, of which one has exactly these: a token, or a certificate with its key.
pub const LOGINS: [&[&str]; 2] = [&["token"], &["client-certificate-data", "client-key-data"]];
/// The longest name of a spoke, as of one that a step registers: it is in the names of Applications and namespaces, and in labels.
pub const LONGEST_NAME: usize = 36;

impl ClaimedSpoke {
    /// Namespace and name of the service account of Kyverno's background controller.
    #[must_use]
    pub fn account(&self) -> (&str, &str) {
        self.account.split_once('/').unwrap_or(("", &self.account))
    }
}

fn key() -> String {
    "kubeconfig".to_owned()
}

fn account() -> String {
    BACKGROUND_ACCOUNT.to_owned()
}
