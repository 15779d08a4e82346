//! What a hub has for its spokes before there is one: the project of the probes, and what a probe brings to a spoke.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use serde_json::{Value, json};

use super::projects::permitting;
use crate::document::Resolved;
use crate::files::Tree;
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::{LOCK_FILE, RepoFile};
use crate::report::Outcome;
use crate::words::{argo, spoke};

/// Their files.
const FILES: [RepoFile<'_>; 2] = [RepoFile::Project(spoke::PROJECT), RepoFile::Probe];

/// The render as an earlier version would have made it, where the hub in the repository is one of those: it stays what it
/// is when it is run again, and gets these files when it is upgraded.
pub fn as_before(tree: &Tree, there: Option<&HubLock>) -> Outcome<Tree> {
    let mut tree = tree.clone();
    let has_them = |lock: &HubLock| FILES.iter().any(|file| lock.files.contains_key(&file.path()));
    if there.is_none_or(has_them) {
        return Ok(tree);
    }
    let mut lock = HubLock::in_tree(&tree)?;
    for path in FILES.map(RepoFile::path) {
        tree.remove(&path);
        lock.files.remove(&path);
        lock.executable.remove(&path);
    }
    tree.remove(LOCK_FILE);
    tree.insert_yaml(LOCK_FILE, &lock)?;
    Ok(tree)
}

/// What the probes may write: one ConfigMap, in a namespace of its own, on any spoke.
#[must_use]
pub fn project(hub: &Resolved) -> Value {
    json!({
        "apiVersion": argo::API,
        "kind": argo::PROJECT,
        "metadata": {
            "name": spoke::PROJECT,
            "namespace": argo::NAMESPACE,
            "annotations": {argo::SYNC_WAVE: argo::PROJECT_WAVE.to_string()},
        },
        "spec": {
            "description": "What is brought to every spoke, to see that it can be reached",
            "sourceRepos": [permitting(&hub.repository)],
            "destinations": [on_every_spoke(spoke::PROBE_NAMESPACE)],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace", "name": spoke::PROBE_NAMESPACE}],
            "namespaceResourceWhitelist": [{"group": "", "kind": "ConfigMap"}],
        },
    })
}

/// What a probe brings. It tells people on the spoke whose it is.
#[must_use]
pub fn probe(hub: &Resolved) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": spoke::PROBE, "namespace": spoke::PROBE_NAMESPACE},
        "data": {"hub": hub.cluster_uid},
    })
}

/// A namespace of every cluster but the hub, as a destination that a project permits.
///
/// The pattern permits by itself: what it does not match it denies, for all other entries, too, and all else it lets through
/// (argo-cd `pkg/apis/application/v1alpha1/app_project_types.go`, `isDestinationMatched`). A cluster that an Application gives
/// by its name is matched by its address as well. A pattern of names would let the hub through under a name that a Secret
/// gives it.
#[must_use]
pub fn on_every_spoke(namespace: &str) -> Value {
    json!({"server": format!("!{}", argo::IN_CLUSTER), "namespace": namespace})
}
