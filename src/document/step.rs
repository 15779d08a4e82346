//! A step of a bundle: one noun (`cluster`, `hub`, `bead`, `spoke`); the action is the verb.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bead_step::BeadStep;
use super::cluster_step::ClusterStep;
use super::reach::{Committer, Connection, Credential, Existing, Format, SecretRef};
use super::spoke_step::SpokeStep;
use crate::schema::Timeout;

/// What stands under `backstack:` in a step. Exactly one noun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["cluster"]}, {"required": ["hub"]}, {"required": ["bead"]}, {"required": ["spoke"]},
]))]
pub struct Step {
    /// Printed by Porter before the step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The management cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<ClusterStep>,
    /// The hub on it: repository, Argo CD, handover.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hub: Option<HubStep>,
    /// A bead on the hub: a package that extends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bead: Option<BeadStep>,
    /// A spoke of the hub: a cluster that its Argo CD brings beads to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoke: Option<SpokeStep>,
    /// The deadline of the whole step: `10m`, `90s`. Default `15m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "15m"))]
    pub timeout: Option<Timeout>,
    /// What to hand back to Porter.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<Output>,
}

/// How long a step may take when it does not say. With all images at hand a first installation took 40 to 52 s (measured); pulling
/// them comes on top.
pub const STEP_PATIENCE: Duration = Duration::from_secs(15 * 60);

impl Step {
    /// The environment variables that the step refers to. They hold secrets, or what goes with them.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let of_claims = self.hub.iter().filter_map(|hub| hub.claims.as_ref()?.pull.as_ref());
        let of_hub = self.hub.iter().flat_map(|hub| [&hub.repository.push, &hub.repository.pull]).flatten();
        let of_bead = self.bead.iter().filter_map(|bead| bead.repository.push.as_ref());
        let credentials = of_hub.chain(of_claims).chain(of_bead).flat_map(Credential::references);
        let of_settings = self.hub.iter().map(|hub| &hub.secrets);
        let secrets = self.bead.iter().map(|bead| &bead.secrets).chain(of_settings);
        let secrets = secrets.flat_map(|secrets| secrets.values().flat_map(BTreeMap::values));
        let module = self.cluster.iter().flat_map(|cluster| &cluster.opentofu);
        let of_module = module.flat_map(|module| module.secrets.values().chain(module.environment.values()));
        let of_committer = self.bead.iter().filter_map(|bead| bead.repository.committer.as_ref());
        let committers = self.hub.iter().filter_map(|hub| hub.repository.committer.as_ref()).chain(of_committer);
        let signing = committers.filter_map(|committer| committer.signing_key.as_ref());
        let of_spoke = self.spoke.iter().filter_map(|spoke| spoke.kubeconfig.as_ref());
        let to_hub = self.hub.iter().filter_map(|hub| hub.repository.connection.as_ref());
        let to_claims = self.hub.iter().filter_map(|hub| hub.claims.as_ref()?.connection.as_ref());
        let to_hub_of_bead = self.bead.iter().filter_map(|bead| bead.repository.connection.as_ref());
        let connections = to_hub.chain(to_claims).chain(to_hub_of_bead).flat_map(Connection::references);
        let all = credentials.chain(connections).chain(signing).chain(secrets).chain(of_module).chain(of_spoke);
        all.filter_map(|reference| reference.env.as_deref())
    }
}

/// The hub: its document, its repository, and the cluster to put it on.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own that people write")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubStep {
    /// The Hub document, relative to the bundle. Default `hub.yaml`.
    #[serde(default = "default_file")]
    pub file: String,
    /// Whether the step only looks, before the first step of a bundle writes or removes anything: `install` and `upgrade`
    /// refuse what an installation would, `uninstall` what a removal would. Default `false`.
    #[serde(default)]
    pub check: bool,
    /// The beads of the same bundle, which steps between this one and the removal take off: with `check`, `uninstall` does
    /// not count them. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beads: Vec<String>,
    /// The hub repository.
    pub repository: Repository,
    /// How the claims repository of the Hub document is reached. Default: as anybody, or as it was reached before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims: Option<ClaimsAccess>,
    /// Secrets that the settings of Argo CD refer to as `$name:key`: by the name of the Secret, then by key. They are written into
    /// the namespace of Argo CD, never into git. One that is on the cluster already can be left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, BTreeMap<String, SecretRef>>,
    /// The cluster. Default: found as in a `cluster` step without a kubeconfig.
    #[serde(default)]
    pub cluster: Existing,
    /// What an installation or upgrade may make Argo CD delete, and what may be lost with the hub when it is removed: a
    /// component by its name, anything else as `Kind.group/namespace/name`, as a refusal names it. One text may hold several,
    /// with commas between them.
    /// Default: nothing that more than itself would be lost with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_remove: Vec<String>,
    /// The commit at the head of the branch whose rewritten history is accepted. Default: the branch has to go on from the
    /// commit that the hub runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_history: Option<String>,
    /// Whether an installation takes over an Argo CD that is there and that no hub has brought. Without it, such a one is
    /// refused, with what was found. Default `false`.
    #[serde(default)]
    pub adopt: bool,
    /// The workloads of an Argo CD that is taken over which may be made anew, since what cannot be changed in them differs:
    /// `Deployment/argocd-server`. Their pods go on until their successors are there. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_replace: Vec<String>,
    /// Whether an installation or upgrade rewrites objects that are stored in a version which a new resource definition lacks.
    /// Without it, such an upgrade is refused. Default `false`.
    #[serde(default)]
    pub migrate: bool,
    /// Whether `upgrade` brings the files that were rendered back to the commit that was proven last, by a new commit, and `diff`
    /// tells that. Default `false`.
    #[serde(default)]
    pub back: bool,
    /// Where an installation takes the hub from: from the bundle, or as its repository holds it, onto a fresh cluster.
    /// Default `bundle`.
    #[serde(default)]
    pub from: HubSource,
    /// Whether the hub of a repository may move to another cluster than the one that it was made for. Default `false`.
    #[serde(default, rename = "move")]
    pub moves: bool,
    /// The admission webhook configurations that `recover` may take away for as long as it works, by their names. They are put
    /// back. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<String>,
    /// The form in which `status`, `verify` and `diff` answer: a table on stderr, or JSON on stdout; `diff` also as markdown, on
    /// stdout. Default `table`.
    #[serde(default)]
    pub format: Format,
    /// How many lines `logs` shows of each container. Default `50`.
    #[serde(default = "default_tail")]
    #[schemars(range(min = 1, max = 1000))]
    pub tail: u32,
}

/// Where an installation takes the hub from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum HubSource {
    /// What the bundle renders.
    #[default]
    Bundle,
    /// What the hub repository holds.
    Repository,
}

/// The git repository that Argo CD reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Repository {
    /// The address, as Argo CD in the cluster reaches it.
    pub url: String,
    /// The address for this run, when it is another one than Argo CD's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_url: Option<String>,
    /// The branch that Argo CD follows. Default `main`.
    #[serde(default = "default_branch")]
    #[schemars(extend("format" = "git-branch"))]
    pub branch: String,
    /// Whether passwords may be sent to another machine over HTTP without TLS. Default `false`.
    #[serde(default)]
    pub allow_insecure: bool,
    /// How its host is reached. Default: as the machine, and the image of Argo CD, reach any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The credential that may push; used in this run only, never stored in the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Credential>,
    /// Who commits. Default: nobody in particular, without a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committer: Option<Committer>,
    /// The read-only credential, stored as Argo CD's repository Secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<Credential>,
}

/// How the claims repository is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimsAccess {
    /// How its host is reached. Default: as that of the hub repository, where it is the same host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The read-only credential, stored as a repository Secret of Argo CD that only the project of claims may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull: Option<Credential>,
    /// Whether a password may be sent to another machine over HTTP without TLS. Default `false`.
    #[serde(default)]
    pub allow_insecure: bool,
}

/// One value handed back to Porter: what the step found out, or a field of any object of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend(
    "oneOf" = [{"required": ["value"]}, {"required": ["object", "path"]}, {"required": ["moduleOutput"]}],
    "dependencies" = {"path": ["object"], "decode": ["object"], "format": ["object"], "wait": ["object"]},
))]
pub struct Output {
    /// The name of the output, and of the file that Porter reads it from.
    #[schemars(extend("format" = "file-name"))]
    pub name: String,
    /// What the step found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<OutputValue>,
    /// The output of the `OpenTofu` module that made the cluster, by its name: a text as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub module_output: Option<String>,
    /// An object of the cluster, read after the work is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectAddress>,
    /// The field of the object, as a `JSONPath` as `kubectl get -o jsonpath` takes it: `{.data.password}`. Several
    /// matches are a JSON list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "json-path"))]
    pub path: Option<String>,
    /// How the field is encoded. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decode: Option<Encoding>,
    /// How the value is written. Default: `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<OutputFormat>,
    /// How long to wait for the object and a value in its field, within the deadline of the step. Default: no wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Timeout>,
    /// What is written when there is no value. Default: nothing is written, and a field that is not there fails the
    /// step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Which object of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectAddress {
    /// Group and version: `v1`, `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, for a kind that has namespaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

/// How a field is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Encoding {
    /// Base64, as in the `data` of a Secret.
    Base64,
}

/// How a value is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputFormat {
    /// Strings as they are, everything else as JSON.
    #[default]
    Raw,
    /// JSON, strings too.
    Json,
}

/// What an output can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OutputValue {
    /// The proof of the handover, as JSON.
    Proof,
    /// The state of the hub, bead or spoke as a CNAB status document, JSON.
    Status,
    /// What a bead consists of and how its parts are, or what a spoke is, as JSON.
    State,
    /// What `diff` found, as JSON.
    Diff,
    /// The address of Argo CD, as its settings name it.
    Url,
    /// The commit that the hub or bead runs.
    Revision,
    /// The UID of the cluster's `kube-system` namespace; of a spoke step, that of the hub's.
    ClusterUid,
    /// The version of the cluster's API server.
    ClusterVersion,
    /// The UID of the `kube-system` namespace of a spoke.
    SpokeUid,
    /// The address of a spoke, as Argo CD reaches it.
    SpokeServer,
    /// The kubeconfig of a cluster that was made. It is a secret: declare the output `sensitive`.
    Kubeconfig,
}

fn default_file() -> String {
    "hub.yaml".to_owned()
}

fn default_tail() -> u32 {
    50
}

fn default_branch() -> String {
    "main".to_owned()
}
