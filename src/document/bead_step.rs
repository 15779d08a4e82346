//! The noun `bead` of a step: a package, and the hub to put it on.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bead::CloudResources;
use super::reach::{Committer, Connection, Credential, Existing, Format, SecretRef};
use super::spoke_step::OnSpokes;

/// A bead: its document, its parameters and secrets, and the hub. The same text serves all actions.
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own that people write")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeadStep {
    /// The Bead document, relative to the bundle. Default `bead.yaml`.
    #[serde(default = "default_file")]
    pub file: String,
    /// Whether the step only looks: for a bundle that brings the hub, too, and is to know before its first step writes or
    /// removes anything what a later one would refuse. `install` and `upgrade` refuse what an installation would, `uninstall`
    /// what a removal would; `diff` is answered, too, where the hub is still to come. Default `false`.
    #[serde(default)]
    pub check: bool,
    /// Whether `upgrade` also brings a bead that is not on the hub yet: for a bundle with several steps, whose newer version may
    /// have one more. Default `false`.
    #[serde(default)]
    pub or_install: bool,
    /// Values of the bead's parameters by name. Default: those of the document.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub parameters: Map<String, Value>,
    /// Values of the bead's secrets: by the name of the Secret, then by key. A Secret that is on the cluster already
    /// can be left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, BTreeMap<String, SecretRef>>,
    /// Whether the bead may have what its AppProject does not bound, such as providers and cluster roles. Without it,
    /// an installation lists these and is refused. Default `false`.
    #[serde(default)]
    pub accept_privileges: bool,
    /// What a removal does with claims, composite and managed resources of the bead: `Orphan` leaves what is behind them
    /// where it is, `Delete` deletes it first. The bead's document has to allow it. Default `Refuse`.
    #[serde(default)]
    pub cloud_resources: CloudResources,
    /// What becomes of what the bead has brought to spokes, when it is removed, and when a new version comes to none any more:
    /// `refuse` changes nothing while there is any of it, `leave` leaves it there, `delete` has Argo CD delete it first.
    /// Default `refuse`.
    #[serde(default)]
    pub on_spokes: OnSpokes,
    /// What an upgrade or a removal may make Argo CD delete: an Application of the bead by its name, anything else as
    /// `Kind.group/namespace/name`, as a refusal names it. One text may hold several, with commas between them.
    /// Default: nothing that more than itself would be lost with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub may_remove: Vec<String>,
    /// Whether an upgrade rewrites objects that are stored in a version which a new resource definition lacks. Without it, such
    /// an upgrade is refused. Default `false`.
    #[serde(default)]
    pub migrate: bool,
    /// The commit at the head of the branch whose rewritten history is accepted. Default: the branch has to go on from the
    /// commit that the hub runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_history: Option<String>,
    /// How the hub repository is reached.
    #[serde(default)]
    pub repository: BeadRepository,
    /// The cluster of the hub. Default: found as in a `cluster` step without a kubeconfig.
    #[serde(default)]
    pub cluster: Existing,
    /// The form in which `status` and `diff` answer: a table on stderr, or JSON on stdout; `diff` also as markdown, on stdout.
    /// Default `table`.
    #[serde(default)]
    pub format: Format,
}

/// The hub repository, which the hub itself names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeadRepository {
    /// The address, as Argo CD reaches it. Default: the one that the hub follows; any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The address for this run, when it is another one than Argo CD's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push_url: Option<String>,
    /// The branch. Default: the one that the hub follows; any other is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Whether a password may be sent to another machine over HTTP without TLS. Default `false`.
    #[serde(default)]
    pub allow_insecure: bool,
    /// How its host is reached. Default: as Argo CD does, as far as the hub keeps that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The credential that may push; used in this run only. Actions that only read do without: they take Argo CD's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub push: Option<Credential>,
    /// Who commits. Default: nobody in particular, without a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub committer: Option<Committer>,
}

fn default_file() -> String {
    "bead.yaml".to_owned()
}
