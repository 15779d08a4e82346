//! The Bead document: a third-party package that extends a hub.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bead_application::{ApplicationPart, Permissions};
use super::bead_spokes::SpokesPart;
use super::claimed_spoke::ClaimedSpoke;
use super::hub::ApiVersion;
use super::parameter::Shape;
use super::secret_type::OPAQUE;
use crate::words::crossplane::{CONFIGURATION, FUNCTION, PROVIDER};
use crate::words::{bead, spoke};

/// `bead.yaml`, as its author writes it and as it is committed to the hub repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Bead {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this document.
    pub kind: BeadKind,
    /// The name of the bead.
    pub metadata: BeadMetadata,
    /// What the bead is made of.
    pub spec: BeadSpec,
}

/// The identity of a bead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BeadMetadata {
    /// A DNS label of at most 36 characters, since names of Applications are made from it: `bead-<name>-application`.
    #[schemars(extend("format" = "bead-name"))]
    pub name: String,
}

/// The kind of a Bead document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BeadKind {
    /// A bead.
    Bead,
}

/// What a bead is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeadSpec {
    /// The version of the bead.
    #[schemars(extend("format" = "semver"))]
    pub version: String,
    /// What the bead is for, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Addresses for people: `source`, `docs`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, String>,
    /// What the hub must have; checked before anything is written.
    #[serde(default, skip_serializing_if = "Requires::is_empty")]
    pub requires: Requires,
    /// Beads that must be there first. They cannot be removed while this one is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<Dependency>,
    /// The parameters, defined as in `porter.yaml`. `${ parameters.NAME }` stands for the value in the bead's
    /// manifests and Helm values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<BeadParameter>,
    /// Secrets that the bead needs, by name. Their values are given to the step and never reach git.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretNeed>,
    /// The application that the bead brings.
    pub application: ApplicationPart,
    /// Crossplane packages and the APIs they serve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossplane: Option<CrossplanePart>,
    /// A set of Kyverno policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kyverno: Option<KyvernoPart>,
    /// Entities for Backstage's catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backstage: Option<BackstagePart>,
    /// Argo CD health checks in Lua of further kinds, by `<group>_<Kind>`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub health: BTreeMap<String, String>,
    /// What the bead may write. Becomes its AppProject; content beyond it is refused.
    #[serde(default, skip_serializing_if = "Permissions::is_empty")]
    pub permissions: Permissions,
    /// What the bead brings to spokes, the clusters that are registered in the hub's Argo CD. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spokes: Option<SpokesPart>,
    /// What removal does with what the bead has made.
    #[serde(default, skip_serializing_if = "Uninstall::is_default")]
    pub uninstall: Uninstall,
    /// Values that look like secrets and are none, each by the name in the error: the path of a value in this document, or
    /// `file:path` for one in a file of the bundle, or the file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_secret: Vec<String>,
}

/// What the hub must have. Versions are requirements such as `>=1.29` or `>=1.20, <3`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requires {
    /// The version of Kubernetes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "version-requirement"))]
    pub kubernetes: Option<String>,
    /// The version of Argo CD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "version-requirement"))]
    pub argocd: Option<String>,
    /// The version of Crossplane.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "version-requirement"))]
    pub crossplane: Option<String>,
    /// The version of Kyverno.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "version-requirement"))]
    pub kyverno: Option<String>,
    /// What Backstage's image must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backstage: Option<RequiresBackstage>,
    /// Kinds that somebody else must serve, as `group/version/Kind`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
}

/// What only another image of Backstage can bring.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequiresBackstage {
    /// Actions of the scaffolder, such as `publish:github`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
}

/// A bead that must be there first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Dependency {
    /// The name of the other bead.
    #[schemars(extend("format" = "dns-label"))]
    pub bead: String,
    /// The versions of it that will do. Default: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "version-requirement"))]
    pub version: Option<String>,
}

/// A parameter, defined as in `porter.yaml`. Keys that only a bundle has use for (`env`, `applyTo`, …) are left alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeadParameter {
    /// The name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether its value is a secret. Such a parameter is refused, since what parameters stand for is committed: a bead gets
    /// secrets by `secrets`. Default `false`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub sensitive: bool,
    /// The type of the value, and its limits.
    #[serde(flatten)]
    pub shape: Shape,
}

/// A Secret that the bead needs, without its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretNeed {
    /// The name of the Secret, by which the step gives its values too.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
    /// The namespace of the Secret.
    #[schemars(extend("format" = "dns-label"))]
    pub namespace: String,
    /// The keys that it must have.
    pub keys: Vec<String>,
    /// Its type, which says what uses it and never changes, such as `kubernetes.io/tls` or `kubernetes.io/dockerconfigjson`.
    /// Default `Opaque`.
    #[serde(rename = "type", default = "opaque", skip_serializing_if = "is_opaque")]
    #[schemars(extend("default" = "Opaque"))]
    pub secret_type: String,
}

fn opaque() -> String {
    OPAQUE.to_owned()
}

fn is_opaque(secret_type: &str) -> bool {
    secret_type == OPAQUE
}

/// What the bead adds to Crossplane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CrossplanePart {
    /// Provider packages, with tag and digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub providers: Vec<Package>,
    /// Function packages, with tag and digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Package>,
    /// Configuration packages, with tag and digest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub configurations: Vec<Package>,
    /// A folder of the bundle with XRDs and Compositions that are in no package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub definitions: Option<String>,
    /// A folder of the bundle with the configuration of the providers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub provider_configs: Option<String>,
    /// The composite APIs that the bead owns: their objects hold up its removal, and Argo CD judges their health.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<OwnedApi>,
}

/// A Crossplane package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Package {
    /// Registry, repository, tag and digest: `registry.example.org/path/name:v1.2.3@sha256:…`. The digest may be that of
    /// a parameter: `registry.example.org/path/name:v1.2.3@${ parameters.NAME }`.
    pub package: String,
    /// Whether the dependencies that the package names are left to somebody else. Default `false`.
    #[serde(default)]
    pub skip_dependency_resolution: bool,
}

/// A composite API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OwnedApi {
    /// The group.
    pub group: String,
    /// The kind of the composite resource.
    pub kind: String,
    /// The plural of the kind.
    #[schemars(extend("format" = "dns-label"))]
    pub plural: String,
    /// The kind of the claim, where the API offers one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim_kind: Option<String>,
    /// How its objects become spokes of the hub. Only where these have a namespace. Default: they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoke: Option<ClaimedSpoke>,
}

/// The policies of a bead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KyvernoPart {
    /// A folder of the bundle with policies.
    #[schemars(extend("format" = "relative-path"))]
    pub policies: String,
    /// What a policy does to requests when Kyverno does not answer. Default `Ignore`; Kyverno's own blocks them.
    #[serde(default)]
    pub webhook_failure: WebhookFailure,
}

/// What happens to requests when Kyverno does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WebhookFailure {
    /// They go on unchecked.
    #[default]
    Ignore,
    /// They are refused.
    Fail,
}

/// What the bead adds to Backstage's catalog.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["entities"]}, {"required": ["locations"]}]))]
pub struct BackstagePart {
    /// A folder of the bundle with `catalog-info.yaml` and what it refers to; committed to the hub repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "relative-path"))]
    pub entities: Option<String>,
    /// Addresses of entities that are kept elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
}

/// What removal does with what the bead has made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Uninstall {
    /// What becomes of resources outside of the cluster. Default `Refuse`; anything else must be asked for by the step too.
    #[serde(default)]
    pub cloud_resources: CloudResources,
    /// Kinds, as `group/version/Kind`, whose objects hold up the removal, besides those of `crossplane.apis` and of the
    /// CRDs and packages that the bead brings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<String>,
    /// Workloads of the application that end before anything else of it goes: their controllers clean up after
    /// themselves, and can only while their accounts and roles are there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<Workload>,
    /// What these controllers take away when they end. The removal goes on when it is gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleaned_up: Vec<CleanedUp>,
}

/// A workload of the application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Workload {
    /// What kind of workload it is.
    pub kind: WorkloadKind,
    /// Its name, in the namespace of the application.
    #[schemars(extend("format" = "dns-label"))]
    pub name: String,
}

/// The kind of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum WorkloadKind {
    /// A Deployment.
    Deployment,
    /// One of `apps/v1`.
    StatefulSet,
    /// One of `apps/v1`.
    DaemonSet,
}

/// Objects that a controller of the bead makes for itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CleanedUp {
    /// The kind, as `group/version/Kind`.
    pub kind: String,
    /// Labels that all of them have.
    pub labels: BTreeMap<String, String>,
}

/// What becomes of resources outside of the cluster.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum CloudResources {
    /// Removal is refused while there are any.
    #[default]
    Refuse,
    /// They are left where they are, and Crossplane forgets them.
    Orphan,
    /// They are deleted first.
    Delete,
}

impl OwnedApi {
    /// Group and kind of the composite resource, and of the claim where there is one.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &str)> {
        std::iter::once(&self.kind).chain(&self.claim_kind).map(|kind| (self.group.as_str(), kind.as_str()))
    }
}

impl CrossplanePart {
    /// The packages by kind.
    pub fn packages(&self) -> impl Iterator<Item = (&'static str, &[Package])> {
        [
            (PROVIDER, self.providers.as_slice()),
            (FUNCTION, self.functions.as_slice()),
            (CONFIGURATION, self.configurations.as_slice()),
        ]
        .into_iter()
    }
}

impl WorkloadKind {
    /// The kind as Kubernetes writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
        }
    }
}

impl Requires {
    /// Whether nothing is demanded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Uninstall {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Bead {
    /// The folders of the bundle that the document names.
    #[must_use]
    pub fn folders(&self) -> Vec<&str> {
        let spec = &self.spec;
        let crossplane = spec.crossplane.iter().flat_map(|part| [&part.definitions, &part.provider_configs]);
        let crossplane = crossplane.flatten();
        let kyverno = spec.kyverno.iter().map(|part| &part.policies);
        let backstage = spec.backstage.iter().filter_map(|part| part.entities.as_ref());
        let spokes = spec.spokes.iter().filter_map(|part| part.application.manifests.as_ref());
        let all = spec.application.manifests.iter().chain(crossplane).chain(kyverno).chain(backstage).chain(spokes);
        all.map(String::as_str).collect()
    }

    /// The files of the bundle with the manifests of hooks.
    pub fn hook_files(&self) -> impl Iterator<Item = &str> {
        self.applications().flat_map(|(_, it)| &it.hooks).filter_map(|hook| hook.manifest.as_deref())
    }

    /// The part that comes to spokes, as a bead of its own: with the same name and parameters, and nothing that stays on the
    /// hub. What is asked of a bead's application and permissions can so be asked of it.
    #[must_use]
    pub fn on_spokes(&self) -> Option<Self> {
        let part = self.spec.spokes.as_ref()?;
        let mut bead = self.clone();
        let spec = &mut bead.spec;
        spec.application = part.application.clone();
        spec.permissions = part.permissions.clone();
        (spec.crossplane, spec.kyverno, spec.backstage, spec.spokes) = (None, None, None, None);
        (spec.health, spec.secrets, spec.uninstall) = Default::default();
        Some(bead)
    }

    /// The composite APIs whose objects become spokes.
    pub fn claimed_spokes(&self) -> impl Iterator<Item = (&OwnedApi, &ClaimedSpoke)> {
        let apis = self.spec.crossplane.iter().flat_map(|part| &part.apis);
        apis.filter_map(|api| Some((api, api.spoke.as_ref()?)))
    }

    /// The name of the policy that registers the objects of a composite API.
    #[must_use]
    pub fn registration(&self, api: &OwnedApi) -> String {
        format!("{}-{}", spoke::of_bead(&self.metadata.name), api.plural)
    }

    /// Its applications, on the hub and on spokes, each with its path in the document.
    pub fn applications(&self) -> impl Iterator<Item = (&'static str, &ApplicationPart)> {
        let on_spokes = self.spec.spokes.iter().map(|it| ("spec.spokes.application", &it.application));
        [("spec.application", &self.spec.application)].into_iter().chain(on_spokes)
    }

    /// Whether it depends on the bead of this name.
    #[must_use]
    pub fn needs(&self, name: &str) -> bool {
        self.spec.depends_on.iter().any(|it| it.bead == name)
    }

    /// The name that Argo CD knows the bead by: of its Application and of its AppProject.
    #[must_use]
    pub fn application_name(&self) -> String {
        bead::parent(&self.metadata.name)
    }

    /// The name of the Application of a part.
    #[must_use]
    pub fn part_application(&self, part: &str) -> String {
        bead::part(&self.metadata.name, part)
    }
}
