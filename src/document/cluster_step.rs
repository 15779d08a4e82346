//! The noun `cluster` of a step: how the management cluster is had.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::reach::{Existing, SecretRef};

/// How the cluster is had: exactly one of `existing`, `opentofu` and `kind`. The same text serves all actions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [{"required": ["existing"]}, {"required": ["opentofu"]}, {"required": ["kind"]}],
    "dependencies" = {"opentofu": ["state"], "kind": ["state"]},
))]
pub struct ClusterStep {
    /// A cluster that exists; it is adopted, and uninstall leaves it standing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub existing: Option<Existing>,
    /// A cluster that a module of `OpenTofu` makes; uninstall destroys what its state holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opentofu: Option<OpenTofuModule>,
    /// A cluster in containers of this machine, made by kind; uninstall deletes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<KindCluster>,
    /// The folder for what the next run has to know of a cluster that was made: `cluster.json`, and for `opentofu`
    /// `terraform.tfstate`. The bundle keeps both under `state`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// The file that the kubeconfig of a cluster that was made is written to, for the steps that follow; nobody else can read
    /// it. Default: `/home/nonroot/.kube/config`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubeconfig: Option<String>,
    /// Whether the step only writes the kubeconfig of a cluster that was made, and makes and destroys nothing. Actions that
    /// only look always do so; uninstall needs such a step before the hub's. Default `false`.
    #[serde(default)]
    pub connect_only: bool,
    /// What uninstall does. Default: `leave` for a cluster that was adopted, `destroy` for one that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_uninstall: Option<OnUninstall>,
    /// What may be lost: a resource of `OpenTofu` by its address, which an upgrade may destroy or replace; an object on the
    /// cluster as `Kind.group/namespace/name`, which may go with it; `cluster` for whatever is on a cluster that does not
    /// answer. A refusal names each. One text may hold several, with commas between them. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_remove: Vec<String>,
}

/// What uninstall does with the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnUninstall {
    /// Nothing.
    Leave,
    /// Looks at what would be lost with the cluster, and refuses where there is something: for a cluster that goes another way.
    CheckOnly,
    /// The same, then destroys the cluster, and looks that it is gone. Only for one that was made.
    Destroy,
}

/// A root module of `OpenTofu`, and what it is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenTofuModule {
    /// The folder of the module, relative to the bundle.
    pub module: String,
    /// The values of its variables, of any type.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub variables: Map<String, Value>,
    /// The values of its variables that are secrets; the module declares them `sensitive`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretRef>,
    /// Environment variables for its providers and its backend, such as what logs in to a cloud. Nothing else of the
    /// environment reaches them but proxies and trusted authorities.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, SecretRef>,
    /// Whether the module names a backend, which keeps the state. Default `false`: it is in the folder `state` of the step.
    #[serde(default)]
    pub backend: bool,
    /// The output of the module that holds the kubeconfig of the cluster, as text. Default `kubeconfig`.
    #[serde(default = "default_output")]
    pub kubeconfig_output: String,
}

/// A cluster that kind makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KindCluster {
    /// The name of the cluster.
    #[schemars(extend("pattern" = "^[a-z0-9.-]+$"))]
    pub name: String,
    /// The image of its nodes, by digest. Default: the one that the program brings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// The file of its configuration (`kind.x-k8s.io/v1alpha4`), relative to the bundle. Default: one node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// Whether the kubeconfig names the node's own address instead of a port of this machine, for a run in a container of the
    /// network `kind`. Default `false`.
    #[serde(default)]
    pub internal: bool,
}

fn default_output() -> String {
    "kubeconfig".to_owned()
}
