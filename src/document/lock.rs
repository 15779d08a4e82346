//! `lock.yaml` of a bundle: every upstream manifest, chart, program and provider by version and digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hub::{ApiVersion, ArgoCdVariant};
use crate::schema::ProviderAddress;

/// What `backstack vendor` fetches into `assets/`, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Lock {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this document.
    pub kind: LockKind,
    /// The pinned downloads.
    pub assets: Vec<Asset>,
    /// What upstream says to steps from version to version, besides what the program knows. Default: nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<VersionStep>,
}

/// Steps of a program from version to version, and what upstream says to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VersionStep {
    /// The program, as its chart or asset is called; `argocd` is Argo CD.
    #[schemars(extend("format" = "dns-label"))]
    pub program: String,
    /// The range of versions that such a step goes from.
    #[schemars(extend("format" = "version-requirement"))]
    pub from: String,
    /// The range of versions that it goes to.
    #[schemars(extend("format" = "version-requirement"))]
    pub to: String,
    /// Whether such an upgrade is refused. Default `false`: it is told.
    #[serde(default)]
    pub refused: bool,
    /// What there is to know.
    pub says: String,
    /// What can be done about it. Default: nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
    /// Where upstream says so.
    pub source: String,
}

/// The kind of a lock document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum LockKind {
    /// A lock.
    Lock,
}

/// One pinned download.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("dependencies" = {"download": ["url"], "source": ["platform"], "executable": ["platform"]}))]
pub struct Asset {
    /// The name by which the Hub document refers to it; `argocd` is the manifest of Argo CD, `tofu` and `kind` are the
    /// programs that make clusters.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub form: AssetForm,
    /// The version of the project it belongs to.
    #[schemars(extend("format" = "semver"))]
    pub version: String,
    /// Which of upstream's manifests that of Argo CD is. Default `standard`.
    #[serde(default, skip_serializing_if = "ArgoCdVariant::is_standard")]
    #[schemars(extend("default" = "standard"))]
    pub variant: ArgoCdVariant,
    /// The digest: of the bytes of a manifest, of the sorted list of file digests of a chart folder, of the file that is
    /// published of a program or a provider.
    #[schemars(extend("format" = "sha256"))]
    pub sha256: String,
    /// How many bytes it has: a manifest, all files of a chart's folder, what is published of a program or a provider.
    /// Default: not pinned; then a chart may have 128 MiB, and a program 1 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub size: Option<u64>,
    /// What `url` gives, before anything is unpacked. Default: not pinned; then it may have 64 MiB. Of a program and a provider
    /// that is what `sha256` and `size` pin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub download: Option<Download>,
    /// The address of the file, for a site with internet; of a chart that of its archive, or `oci://registry/path/name:version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The Helm repository whose index lists the archive of a chart, by which newer versions are found. Default: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The Go module that carries it, and the path inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<ModulePath>,
    /// The charts that this one depends on and its module lacks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<Subchart>,
    /// What a program or a provider runs on, as images write it: `linux/amd64`. Each platform is an asset of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "platform"))]
    pub platform: Option<String>,
    /// The path of the executable in the `.tar.gz` that is published of a program. Default: the executable itself is published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub executable: Option<String>,
    /// The address of a provider, as `required_providers` of a module has it: `hashicorp/google`, or with a host before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "provider-source"))]
    pub source: Option<String>,
}

impl Asset {
    /// The provider that it is.
    #[must_use]
    pub fn provider(&self) -> Option<ProviderAddress> {
        ProviderAddress::parse(self.source.as_deref().filter(|_| self.form == AssetForm::Provider)?)
    }
}

/// What an address gives, byte for byte: a manifest, or the archive of a chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Download {
    /// The digest of the bytes.
    #[schemars(extend("format" = "sha256"))]
    pub sha256: String,
    /// How many bytes there are.
    #[schemars(range(min = 1))]
    pub size: u64,
}

/// A chart that another one depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Subchart {
    /// Its name among the `dependencies` of the chart.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
    /// The Go module that carries it. Default: none, and the chart is made to do without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module: Option<ModulePath>,
}

/// What an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum AssetForm {
    /// A file of Kubernetes manifests, kept as `assets/<name>.yaml`.
    Manifest,
    /// The folder of a Helm chart, kept as `assets/<name>/`.
    Chart,
    /// A program that a step runs, kept as it is published: `assets/<name>_<os>_<arch>`, or that with `.tar.gz`.
    Program,
    /// A provider of `OpenTofu`, kept as it is published, where a filesystem mirror has it:
    /// `assets/provider_mirror/<host>/<namespace>/<type>/terraform-provider-<type>_<version>_<os>_<arch>.zip`.
    Provider,
}

impl AssetForm {
    /// Whether it is run by a step; all else becomes a part of the hub repository.
    #[must_use]
    pub fn is_run(self) -> bool {
        matches!(self, Self::Program | Self::Provider)
    }
}

/// A file or folder in a Go module, which the Go tool fetches and verifies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModulePath {
    /// The module and its version: `example.org/mod/v2@v2.1.0`.
    pub module: String,
    /// The path inside the module.
    #[schemars(extend("format" = "relative-path"))]
    pub path: String,
}

impl ModulePath {
    /// The module without its version, and that.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        self.module.rsplit_once('@').map_or((self.module.as_str(), None), |(module, version)| (module, Some(version)))
    }
}
