//! The noun `spoke` of a step: a cluster that the hub's Argo CD shall know.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::reach::{Existing, Format, SecretRef};
use crate::schema::Timeout;

/// A spoke: how it is reached, what Argo CD logs in with, and what beads know it by. The same text serves all actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("dependencies" = {
    "context": ["kubeconfig"], "server": ["kubeconfig"], "rights": ["kubeconfig"], "renewAfter": ["kubeconfig"],
}))]
pub struct SpokeStep {
    /// The name of the spoke in the hub: a DNS label of at most 36 characters.
    #[schemars(extend("format" = "spoke-name"))]
    pub name: String,
    /// The kubeconfig of the spoke, from a file or a variable. Default: none, for a spoke that the hub knows already, since a
    /// claim has made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<SecretRef>,
    /// The context in the kubeconfig. Default: its current context.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// The address of the spoke as Argo CD reaches it. Default: the one in the kubeconfig.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<String>,
    /// What Argo CD logs in with: `account` for a service account that the step makes on the spoke, `kubeconfig` for what the
    /// kubeconfig has. Default `account`.
    #[serde(default)]
    pub login: SpokeLogin,
    /// What the service account may do besides reading everything and writing what workloads usually consist of. Default: nothing
    /// more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rights: Vec<Right>,
    /// The labels by which beads choose the spoke. One that a step no longer has is taken off. Default: none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// The age at which an install or upgrade gives the service account a new token. Each new one makes Argo CD read the
    /// whole spoke anew. Default `720h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "720h"))]
    pub renew_after: Option<Timeout>,
    /// What a removal does with what beads have brought to the spoke. Default `refuse`.
    #[serde(default)]
    pub on_uninstall: OnSpokes,
    /// What a removal may lose: an object on the spoke as `Kind.group/namespace/name`, or the object of a claim that stands for
    /// the spoke. A refusal names each. One text may hold several, with commas between them. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_remove: Vec<String>,
    /// Whether another machine may be taken for the spoke, since its certificate is not looked at: as the kubeconfig has it, or
    /// what a claim has made. Default `false`.
    #[serde(default)]
    pub allow_insecure: bool,
    /// The cluster of the hub. Default: found as in a `cluster` step without a kubeconfig.
    #[serde(default)]
    pub cluster: Existing,
    /// The form in which `status` and `verify` answer: a table on stderr, or JSON on stdout. Default `table`.
    #[serde(default)]
    pub format: Format,
}

/// What Argo CD logs in to a spoke with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SpokeLogin {
    /// A token of a service account, which the step makes on the spoke and renews.
    #[default]
    Account,
    /// What the kubeconfig has: a token, a certificate, a password, or a program that the image of Argo CD has.
    Kubeconfig,
}

/// What becomes of what beads have brought to a spoke, when the spoke or the bead is taken out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnSpokes {
    /// Nothing is taken out while there is any of it.
    #[default]
    Refuse,
    /// It stays on the spoke, and nobody looks after it any more. The one way for a spoke that does not answer.
    Leave,
    /// Argo CD deletes it first.
    Delete,
}

/// A rule of a role, as Kubernetes has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Right {
    /// The API groups; `""` is the core group, `*` every one.
    pub api_groups: Vec<String>,
    /// The resources, by their plural; `*` is every one.
    pub resources: Vec<String>,
    /// The verbs; `*` is every one.
    pub verbs: Vec<String>,
}

impl SpokeStep {
    /// The age at which a token is renewed.
    #[must_use]
    pub fn renewal(&self) -> Duration {
        // Not more often than it has to be: with another token Argo CD throws away all that it knows of the cluster, and lists every
        // kind there anew (argo-cd 3.6.1 `controller/cache/cache.go`, `handleModEvent`).
        const MONTH: Duration = Duration::from_secs(30 * 24 * 60 * 60);
        self.renew_after.map_or(MONTH, |it| it.0)
    }
}
