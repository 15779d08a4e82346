//! What would be lost with a whole cluster.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::hanging::{Hanging, outside_by};
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, finalizers, is_of_program, name, owners, str_at};
use crate::words::{argo, bead, crossplane};

/// The namespaces that a cluster has by itself.
const OF_THE_CLUSTER: [&str; 4] = ["kube-node-lease", "kube-public", "kube-system", "local-path-storage"];
/// What runs there, by kind.
const WORKLOADS: [(&str, &str); 6] = [
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("v1", "Pod"),
];
/// The groups of Kubernetes itself and of what it measures, beside those without a dot. The others of `k8s.io` are of controllers
/// that are installed.
const OF_KUBERNETES: [&str; 20] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "custom.metrics.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "external.metrics.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
/// What leads to what runs there: names of others point at it.
const ENTRANCES: [(&str, &str); 2] = [("networking.k8s.io/v1", "Ingress"), ("gateway.networking.k8s.io/v1", "Gateway")];
/// Groups whose own objects stand for nothing outside, or are looked at by themselves.
const NOTHING_OUTSIDE: [&str; 3] = [argo::GROUP, crossplane::EXTENSIONS, crossplane::PACKAGES];

/// What goes with a cluster.
#[derive(Debug, Default)]
pub struct WithCluster {
    /// What something outside hangs on, or people's data: to be named.
    pub lost: Vec<Hanging>,
    /// What else goes, a line each.
    pub told: Vec<String>,
}

/// Looks for all that the end of this cluster would orphan or lose:
///
/// - a hub and its beads, which have a removal of their own;
/// - claims, composite and managed resources of Crossplane;
/// - volumes, snapshots of them and load balancers, whose controllers would no longer take away what is behind them;
/// - other objects whose finalizer says that a controller has something to take away first, as the load balancer of an Ingress.
///
/// Workloads and other entrances are told.
pub async fn lost_with(cluster: &Cluster) -> Result<WithCluster, Fault> {
    let mut lost = hub_on(cluster).await?;
    let of_crossplane = cluster.kinds_in(&crossplane::OUTSIDE).await?;
    lost.extend(outside_by(cluster, &of_crossplane).await?);
    lost.extend(volumes(cluster).await?);
    lost.extend(load_balancers(cluster).await?);
    lost.extend(unfinished(cluster, &of_crossplane).await?);
    let mut seen = BTreeSet::new();
    lost.retain(|it| seen.insert(it.object.clone()));
    Ok(WithCluster { lost, told: told(cluster).await? })
}

/// Applications, what makes them, Argo CD itself, and beads.
async fn hub_on(cluster: &Cluster) -> Result<Vec<Hanging>, Fault> {
    let by_argocd = "Argo CD works for it here; remove the hub first";
    let all = |kind: ObjectRef, why: &'static str| async move {
        cluster.list_metadata_with(&kind, |live| Some(Hanging::new(ObjectRef::of(&live), why))).await
    };
    let mut found = all(argo::every(argo::APPLICATION), by_argocd).await?;
    found.extend(all(argo::every(argo::APPLICATION_SET), by_argocd).await?);
    found.extend(all(bead::every(), "it is on the hub of this cluster; uninstall it first").await?);
    if found.is_empty() {
        let controllers = ObjectRef::new("apps/v1", "StatefulSet", None, "");
        let running = |live: Value| is_of_program(&live, "argocd").then(|| ObjectRef::of(&live));
        let running = cluster.list_metadata_with(&controllers, running).await?;
        found.extend(running.into_iter().map(|it| Hanging::new(it, "it is of an Argo CD, which may work for others")));
    }
    Ok(found)
}

async fn volumes(cluster: &Cluster) -> Result<Vec<Hanging>, Fault> {
    let volumes = cluster.list(&ObjectRef::new("v1", "PersistentVolume", None, "")).await?;
    let mut found: Vec<Hanging> =
        volumes.iter().map(|live| Hanging::new(ObjectRef::of(live), fate_of_volume(live))).collect();
    let snapshots = ObjectRef::new("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent", None, "");
    let why = "nobody would take away the snapshot behind it any more";
    found.extend(cluster.list_metadata_with(&snapshots, |it| Some(Hanging::new(ObjectRef::of(&it), why))).await?);
    Ok(found)
}

fn fate_of_volume(volume: &Value) -> String {
    let claim = match (str_at(volume, "/spec/claimRef/namespace"), str_at(volume, "/spec/claimRef/name")) {
        ("", _) | (_, "") => String::new(),
        (namespace, name) => format!(" of the claim {namespace}/{name}"),
    };
    let fate = match str_at(volume, "/spec/persistentVolumeReclaimPolicy") {
        "Retain" => "is kept by whoever has it, if it is not on a node, and nobody here would know of it any more",
        _ => "would be lost with a node, or left behind with nobody to take it away",
    };
    format!("the data{claim} {fate}")
}

async fn load_balancers(cluster: &Cluster) -> Result<Vec<Hanging>, Fault> {
    let why = "nobody would take away the load balancer behind it any more";
    let balanced =
        |live: Value| (str_at(&live, "/spec/type") == "LoadBalancer").then(|| Hanging::new(ObjectRef::of(&live), why));
    cluster.list_with(&ObjectRef::new("v1", "Service", None, ""), balanced).await
}

/// What controllers of others have something to take away for before it may go.
async fn unfinished(cluster: &Cluster, looked_at: &[ObjectRef]) -> Result<Vec<Hanging>, Fault> {
    let mut kinds = cluster.every_kind().await?;
    kinds.retain(|kind| {
        let is_looked_at = looked_at.iter().any(|it| it.is_kind_of(kind));
        is_of_controller(kind) && !is_looked_at
    });
    cluster.list_metadata_of(kinds, |live| held(&live)).await
}

/// Whether a finalizer of this kind is of a controller that has something outside.
fn is_of_controller(kind: &ObjectRef) -> bool {
    let group = kind.group.as_str();
    match group {
        "networking.k8s.io" => kind.kind == "Ingress",
        _ => group.contains('.') && !OF_KUBERNETES.contains(&group) && !NOTHING_OUTSIDE.contains(&group),
    }
}

fn held(live: &Value) -> Option<Hanging> {
    let held_by = finalizers(live).join(", ");
    let why = format!("its finalizer says that a controller has to take something away first: {held_by}");
    (!held_by.is_empty()).then(|| Hanging::new(ObjectRef::of(live), why))
}

/// What goes besides.
async fn told(cluster: &Cluster) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    for (api_version, kind) in ENTRANCES {
        let entrances = cluster.list_metadata(&ObjectRef::new(api_version, kind, None, "")).await?;
        lines.extend(
            entrances
                .iter()
                .filter(|live| held(live).is_none())
                .map(|live| format!("{}: names that point at it lead nowhere", ObjectRef::of(live))),
        );
    }
    let mut working: BTreeMap<String, usize> = BTreeMap::new();
    for (api_version, kind) in WORKLOADS {
        let of_others = |live: Value| {
            let namespace = str_at(&live, "/metadata/namespace").to_owned();
            (owners(&live).next().is_none() && !OF_THE_CLUSTER.contains(&namespace.as_str())).then_some(namespace)
        };
        let kind = ObjectRef::new(api_version, kind, None, "");
        for namespace in cluster.list_metadata_with(&kind, of_others).await? {
            *working.entry(namespace).or_default() += 1;
        }
    }
    let namespaces = cluster.list_metadata(&ObjectRef::new("v1", "Namespace", None, "")).await?;
    let others = namespaces.iter().map(name).filter(|it| !OF_THE_CLUSTER.contains(it) && *it != "default");
    lines.extend(others.chain(working.contains_key("default").then_some("default")).map(|namespace| {
        match working.get(namespace) {
            None => format!("Namespace {namespace}: nothing runs in it"),
            Some(1) => format!("Namespace {namespace}: one workload"),
            Some(count) => format!("Namespace {namespace}: {count} workloads"),
        }
    }));
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_finalizer_counts_where_a_controller_has_something_outside() {
        let counts = |api_version: &str, kind: &str| is_of_controller(&ObjectRef::new(api_version, kind, None, ""));
        assert!(counts("networking.k8s.io/v1", "Ingress") && !counts("networking.k8s.io/v1", "NetworkPolicy"));
        assert!(counts("gateway.networking.k8s.io/v1", "Gateway"));
        assert!(counts("groupsnapshot.storage.k8s.io/v1beta1", "VolumeGroupSnapshotContent"));
        assert!(counts("dns.example.org/v1", "Zone"));
        assert!(!counts("v1", "Namespace") && !counts("batch/v1", "Job"));
        assert!(!counts("apiextensions.k8s.io/v1", "CustomResourceDefinition"));
        assert!(!counts("storage.k8s.io/v1", "VolumeAttachment") && !counts("argoproj.io/v1alpha1", "AppProject"));
        let ingress = |finalizers: Value| {
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                   "metadata": {"name": "front", "namespace": "shop", "finalizers": finalizers}})
        };
        let lost = held(&ingress(json!(["ingress.k8s.aws/resources"]))).expect("held");
        assert!(lost.to_string().starts_with("Ingress shop/front: its finalizer says"), "{lost}");
        assert_eq!(held(&ingress(Value::Null)), None);
    }

    #[test]
    fn a_volume_is_told_with_its_claim_and_what_becomes_of_it() {
        let volume =
            |policy: &str, claim: Value| json!({"spec": {"persistentVolumeReclaimPolicy": policy, "claimRef": claim}});
        let claim = json!({"namespace": "shop", "name": "orders"});
        assert!(
            fate_of_volume(&volume("Delete", claim)).starts_with("the data of the claim shop/orders would be lost")
        );
        assert!(fate_of_volume(&volume("Retain", Value::Null)).starts_with("the data is kept"));
    }
}
