//! What on the cluster belongs to this hub, read off the objects themselves.

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::argo;
use crate::argocd::{tracker, tracking_id};
use crate::engine::{CREDENTIALS_MANAGER, Cluster, Fault, MANAGER, RECORD_MANAGER, ownership};
use crate::object::{ObjectRef, annotation, str_at};

const AT_ONCE: usize = 8;
/// Set on the namespace of Argo CD when an installation has made it, since its removal takes all in it along.
const MADE_FOR: &str = "backstack.dev/made-for-hub";
/// The definition of beads.
const BEADS: &str = "beads.backstack.dev";
/// What Kubernetes itself writes into namespaces.
const BY_KUBERNETES: &[&str] = &["Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics"];

/// The namespace of the hub's Argo CD.
pub fn namespace() -> ObjectRef {
    ObjectRef::new("v1", "Namespace", None, argo::NAMESPACE)
}

/// Makes the namespace, and with the same write remembers that it was made for this hub.
pub async fn make_namespace(cluster: &Cluster, hub: &str) -> Result<(), Fault> {
    let record = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": argo::NAMESPACE, "annotations": {MADE_FOR: hub}}});
    cluster.apply(&record, RECORD_MANAGER).await.map(drop)
}

/// Whether the namespace was made for a hub.
pub fn is_recorded(namespace: &Value) -> bool {
    annotation(namespace, MADE_FOR).is_some()
}

/// Every object of the hub's Argo CD, of whatever kind.
pub async fn ours(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let mut kinds = cluster.kinds(false).await?;
    kinds.extend(in_namespace(cluster).await?);
    let all = list(cluster, kinds).await?;
    Ok(all.iter().filter(|live| is_ours(live)).map(ObjectRef::of).collect())
}

/// Every object that an Application tracks which is one of those that are wanted.
pub async fn tracked(cluster: &Cluster, is_wanted: impl Fn(&str) -> bool) -> Result<Vec<Value>, Fault> {
    let mut kinds = cluster.kinds(false).await?;
    kinds.extend(cluster.kinds(true).await?);
    let mut all = list(cluster, kinds).await?;
    all.retain(|live| {
        let name = ObjectRef::of(live);
        let id = annotation(live, argo::TRACKING_ID).unwrap_or_default();
        // A copy of an object carries the id of the other one.
        let of_this_object = id.contains(&format!(":{}/{}:", name.group, name.kind))
            && id.ends_with(&format!("/{}", name.name))
            && name.namespace.as_ref().is_none_or(|namespace| id.contains(&format!(":{namespace}/")));
        of_this_object && tracker(live).is_some_and(&is_wanted)
    });
    Ok(all)
}

/// The objects in Argo CD's namespace that are not of the hub, and that nobody would bring back.
pub async fn foreign(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let all = list(cluster, in_namespace(cluster).await?).await?;
    let owned = |live: &Value| live.pointer("/metadata/ownerReferences").is_some();
    let foreign = all.iter().filter(|live| !is_ours(live) && !made_at_run_time(live) && !owned(live));
    Ok(foreign.map(ObjectRef::of).collect())
}

async fn in_namespace(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let kinds = cluster.kinds(true).await?.into_iter();
    Ok(kinds.map(|kind| ObjectRef { namespace: Some(argo::NAMESPACE.to_owned()), ..kind }).collect())
}

async fn list(cluster: &Cluster, kinds: Vec<ObjectRef>) -> Result<Vec<Value>, Fault> {
    let kinds = kinds.into_iter().filter(|kind| !BY_KUBERNETES.contains(&kind.kind.as_str()));
    let lists: Vec<Vec<Value>> = futures::stream::iter(kinds)
        .map(|kind| async move { cluster.list_metadata(&kind).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(lists.into_iter().flatten().collect())
}

/// Tracked by the Application `argocd`, or still owned by an installation. A CRD gets no tracking annotation, so it is
/// known by its name.
fn is_ours(live: &Value) -> bool {
    let managed_by =
        |wanted: &[&str]| ownership::entries(live).iter().any(|entry| wanted.contains(&str_at(entry, "/manager")));
    let name = ObjectRef::of(live);
    if name.is_crd() {
        // Other projects have CRDs in the same groups, which are not ours to delete.
        let is_known = argo::DEFINITIONS.contains(&name.name.as_str()) || name.name == BEADS;
        return is_known && managed_by(&[argo::MANAGER, MANAGER]);
    }
    // A copy of an object carries the id of the other one.
    let tracked = annotation(live, argo::TRACKING_ID) == Some(tracking_id(argo::ARGOCD, &name).as_str());
    tracked || managed_by(&[MANAGER, CREDENTIALS_MANAGER])
}

/// Secrets that Argo CD writes for itself (argo-cd `util/settings`, `cmd/argocd/commands/admin/redis_initial_password.go`),
/// and what every namespace has.
fn made_at_run_time(live: &Value) -> bool {
    let name = str_at(live, "/metadata/name");
    match str_at(live, "/kind") {
        "Secret" => matches!(name, "argocd-initial-admin-secret" | "argocd-redis"),
        "ConfigMap" => name == "kube-root-ca.crt",
        "ServiceAccount" | argo::PROJECT => name == "default",
        _ => false,
    }
}
