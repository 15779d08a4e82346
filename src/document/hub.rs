//! The Hub document: what one management cluster is made of.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::argocd_patch::Patch;
use super::claims::HubClaims;
use super::hooks::Hook;
use super::ignored::IgnoredDifference;
use crate::words::argo;

/// `hub.yaml`, as people write it and as it is committed to the hub repository with resolved values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hub {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this document.
    pub kind: HubKind,
    /// The name of the hub.
    pub metadata: Metadata,
    /// What the hub is made of.
    pub spec: HubSpec,
}

/// The version of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only version there is.
    #[serde(rename = "backstack.dev/v1alpha1")]
    V1Alpha1,
}

/// The kind of a Hub document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HubKind {
    /// A hub.
    Hub,
}

/// The identity of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// A DNS label.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
}

/// What a hub is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubSpec {
    /// Argo CD, which owns itself and every component after the handover.
    pub argocd: ArgoCd,
    /// The components, each one Helm chart and one Argo CD Application.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<Component>,
    /// The repository in which people order what the beads offer. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<HubClaims>,
    /// What the hub's Backstage can do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backstage: Option<HubBackstage>,
    /// Values that look like secrets and are none, each by its path in this document, as the error names it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_secret: Vec<String>,
    /// What the installation found out; written by the tool into the hub repository, never by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolved: Option<Resolved>,
}

/// What the hub's Backstage can do: only another image can change that, so beads are held against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubBackstage {
    /// The actions of its scaffolder, such as `publish:github`.
    #[serde(default)]
    pub actions: Vec<String>,
}

/// Argo CD and its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArgoCd {
    /// The version; `lock.yaml` must pin the same. At least 3.3.2, since earlier ones cannot own their own CRDs.
    #[schemars(extend("format" = "semver"))]
    pub version: String,
    /// Which of upstream's manifests it is made from; `lock.yaml` must pin the same. Default `standard`.
    #[serde(default, skip_serializing_if = "ArgoCdVariant::is_standard")]
    #[schemars(extend("default" = "standard"))]
    pub variant: ArgoCdVariant,
    /// Keys added to the ConfigMap `argocd-cm`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// Keys added to the ConfigMap `argocd-cmd-params-cm`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// Keys added to the ConfigMap `argocd-rbac-cm`: who may do what.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rbac: BTreeMap<String, String>,
    /// Host keys that Argo CD trusts over SSH besides those of its release, as lines of a `known_hosts` file. Those of
    /// `repository.pull` and `claims.pull` in the step need not be here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_hosts: Option<String>,
    /// Keys added to the ConfigMap `argocd-tls-certs-cm`: hosts of git and of charts, without a port, and the certificates in PEM
    /// that each is trusted by. A step adds those of its repositories.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub certificates: BTreeMap<String, String>,
    /// Patches of its own objects, one after the other, as kustomize's `patches` have them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Patch>,
}

/// Which of upstream's manifests Argo CD is made from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ArgoCdVariant {
    /// `manifests/install.yaml`: one pod of each part. A node that ends takes its part away until the pod has another one.
    #[default]
    Standard,
    /// `manifests/ha/install.yaml`, the highly available one: two of what answers, three of redis with a proxy before them, and no
    /// two of a part on one node. It wants three nodes, and a fourth while a new version replaces the proxies.
    Ha,
}

impl ArgoCdVariant {
    /// Whether it is the one that a document without a word about it means.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        *self == Self::Standard
    }

    /// What to do where a lock pins another one.
    #[must_use]
    pub fn how_to_pin(self) -> &'static str {
        match self {
            Self::Standard => {
                "pin upstream's `manifests/install.yaml` in lock.yaml, without `variant` and with its digest, and run \
                 `backstack vendor`; or write `variant: ha` below `argocd` in hub.yaml"
            }
            Self::Ha => {
                "pin upstream's `manifests/ha/install.yaml` in lock.yaml, with `variant: ha` and its digest, and run \
                 `backstack vendor`"
            }
        }
    }

    /// What to do where a lock pins this one by its digest, and says that it is the other one.
    #[must_use]
    pub fn how_to_say(self) -> &'static str {
        match self {
            Self::Standard => {
                "take `variant` out of lock.yaml, and out of hub.yaml; or pin upstream's `manifests/ha/install.yaml` with its \
                 digest, and run `backstack vendor`"
            }
            Self::Ha => {
                "write `variant: ha` beside its digest in lock.yaml, and below `argocd` in hub.yaml; or pin upstream's \
                 `manifests/install.yaml` with its digest, and run `backstack vendor`"
            }
        }
    }
}

impl fmt::Display for ArgoCdVariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Standard => "standard",
            Self::Ha => "ha",
        })
    }
}

/// One component of the hub: a Helm chart that Argo CD deploys.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Component {
    /// The name of the component and of its Application.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
    /// The namespace that the chart is deployed into; created when it is not there.
    #[schemars(extend("format" = "dns-label"))]
    pub namespace: String,
    /// Labels and annotations of that namespace, such as the level of the Pod Security Standards that it enforces. Argo CD sets
    /// them beside those that others have set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace_metadata: Option<NamespaceMetadata>,
    /// The AppProject of the Application. Default `hub`.
    #[serde(default = "default_project")]
    #[schemars(extend("format" = "dns-label"))]
    pub project: String,
    /// The sync wave of the Application in the root Application. Argo CD itself is in wave 0. Default `10`.
    #[serde(default = "default_wave")]
    pub wave: i32,
    /// Where the chart comes from.
    pub chart: Chart,
    /// Helm values, written to `components/<name>/values.yaml` in the hub repository.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub values: Map<String, Value>,
    /// The images of the chart that are set by Helm values. They are written into the values, from the registry that
    /// the bundle was copied to where it was copied to one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ComponentImage>,
    /// Fields that somebody else writes, an autoscaler or a webhook: Argo CD leaves them alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_differences: Vec<IgnoredDifference>,
    /// What runs before, beside or after its syncs, and around its removal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<Hook>,
}

/// What is set on a namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamespaceMetadata {
    /// Its labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// An image, and the Helm values that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ComponentImage {
    /// The image with its tag, digest, or both, as it was published.
    #[schemars(extend("format" = "image"))]
    pub image: String,
    /// The values that name it.
    pub values: ImageValues,
}

/// Where in the Helm values the parts of a reference are. A part without a place of its own stays with the part before
/// it, so `repository` alone is the place of the whole reference.
///
/// A place is written as for `helm --set`: the keys on the way to it with dots between them, `\` before a dot that is a key's
/// own, `[0]` for an item of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageValues {
    /// The place of the registry, where the chart has one apart from the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// The place of the repository.
    pub repository: String,
    /// The place of the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// The place of the digest, where the chart has one beside the tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The place of the digest's digits alone, where the chart writes `sha256:` before them itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Where a chart comes from: exactly one of `repository`, `oci`, `path` and `locked`. The first two need `name` and
/// `version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["repository", "name", "version"]},
    {"required": ["oci", "name", "version"]},
    {"required": ["path"]},
    {"required": ["locked"]},
]))]
pub struct Chart {
    /// The URL of a Helm repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// An OCI registry and path without the chart's name: `oci://registry/path`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oci: Option<String>,
    /// A folder of the hub repository that holds the chart; somebody else keeps it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub path: Option<String>,
    /// The name of a chart in `lock.yaml`: it is written to `components/<name>/chart` in the hub repository and
    /// read from there, so that a closed site needs no chart registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<String>,
    /// The name of the chart in the repository or registry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The version of the chart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The digest of the chart's manifest in the registry of `oci`, by which Argo CD then asks for it: a tag can be moved.
    /// `version` is for people beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "sha256"))]
    pub digest: Option<String>,
}

impl Chart {
    /// Its own name, which is that of the program that it deploys; a folder in git has none.
    #[must_use]
    pub fn program(&self) -> Option<&str> {
        self.locked.as_deref().or(self.name.as_deref())
    }

    /// What people call it: by its name, or by its folder.
    #[must_use]
    pub fn title(&self) -> &str {
        self.program().or(self.path.as_deref()).unwrap_or_default()
    }
}

/// Facts of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resolved {
    /// The URL of the hub repository, as Argo CD reads it.
    pub repository: String,
    /// The branch that Argo CD follows.
    pub branch: String,
    /// The UID of the cluster's `kube-system` namespace, which identifies the cluster.
    pub cluster_uid: String,
}

fn default_project() -> String {
    argo::HUB.to_owned()
}

fn default_wave() -> i32 {
    argo::COMPONENT_WAVE
}
