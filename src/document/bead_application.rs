//! What a bead deploys to a cluster, and what it may write there: on the hub, and on spokes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::hooks::Hook;
use super::hub::{Chart, ComponentImage};
use super::ignored::IgnoredDifference;

/// The application: manifests of the bead, or a Helm chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["manifests"]}, {"required": ["chart"]}]))]
pub struct ApplicationPart {
    /// The namespace that it is deployed into; created when it is not there.
    #[schemars(extend("format" = "dns-label"))]
    pub namespace: String,
    /// A folder of the bundle with manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub manifests: Option<String>,
    /// A Helm chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chart: Option<Chart>,
    /// The values of the chart.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// The images of the chart that are set by its values. They are written into the values, from the registry that the
    /// bundle was copied to where it was copied to one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ComponentImage>,
    /// Fields that somebody else writes, an autoscaler or a webhook: Argo CD leaves them alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<IgnoredDifference>,
    /// What runs before, beside or after its syncs, and around its removal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
}

/// What the bead may write, and from where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permissions {
    /// Namespaces besides the application's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("items" = serde_json::json!({"type": "string", "format": "dns-label"})))]
    pub namespaces: Vec<String>,
    /// Kinds without a namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cluster_resources: Vec<ClusterResource>,
    /// The level of the Pod Security Standards that the bead's pods stay within. The namespace of the application
    /// enforces it. `privileged` enforces nothing, so somebody has to accept it. Default `baseline`.
    #[serde(default, skip_serializing_if = "PodSecurity::is_default")]
    #[schemars(extend("default" = "baseline"))]
    pub pod_security: PodSecurity,
}

/// A level of the Pod Security Standards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum PodSecurity {
    /// Nothing is bounded.
    Privileged,
    /// What is known to lead out of a pod is not allowed.
    #[default]
    Baseline,
    /// A pod has no more than it needs, and says so.
    Restricted,
}

/// A kind without a namespace that the bead may write.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterResource {
    /// The group; empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
    /// The names, with `*` for any characters. Default `*`.
    #[serde(default = "any_name")]
    pub name: String,
}

impl PodSecurity {
    /// The level as Kubernetes writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Permissions {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn any_name() -> String {
    "*".to_owned()
}
