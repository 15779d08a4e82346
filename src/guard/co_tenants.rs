//! Who else works on a cluster that a hub is to have for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::argocd::{Applications, tracked_by};
use crate::engine::{Cluster, Fault, MANAGER, ownership};
use crate::object::{ObjectRef, group, kind, owners, str_at};

/// What makes pods, and pods themselves.
pub(super) const WORKLOADS: [(&str, &str); 8] = [
    ("v1", "Pod"),
    ("v1", "ReplicationController"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
];

/// The namespaces in which Kubernetes and distributions of it run what every cluster of theirs has; a star at the end stands
/// for anything.
const OF_SYSTEM: &[&str] = &[
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage", // kind
    "container-registry", // MicroK8s
    "k0s-*",
    "cattle-*", // Rancher, RKE2
    "fleet-*",
    "openshift*",
    "gke-*",
    "gmp-*", // GKE's metrics
    "amazon-*",
    "aks-*",
    "app-routing-system", // AKS
    "gatekeeper-system",  // AKS
    "ibm-*",
    "vmware-system-*",
    "tkg-*",
    "calico-*", // networks that come with clusters
    "tigera-operator",
    "cilium*",
    "kube-flannel",
];

/// What others run in a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CoTenant {
    /// The namespace.
    pub namespace: String,
    /// How many workloads of each kind.
    pub workloads: BTreeMap<String, usize>,
}

impl fmt::Display for CoTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = |(kind, count): (&String, &usize)| format!("{count} {kind}{}", if *count == 1 { "" } else { "s" });
        let counts: Vec<String> = self.workloads.iter().map(count).collect();
        write!(f, "namespace {}: {}", self.namespace, counts.join(", "))
    }
}

/// Finds the workloads that neither Kubernetes nor an Application of this cluster has brought, nor an installation that is
/// not over yet.
pub async fn co_tenants(cluster: &Cluster, applications: &Applications) -> Result<Vec<CoTenant>, Fault> {
    let instances: BTreeSet<String> = applications.iter().map(|it| it.instance()).collect();
    let kinds = WORKLOADS.map(|(api_version, kind)| ObjectRef::new(api_version, kind, None, ""));
    let seen = cluster.list_metadata_of(kinds, |live| Workload::of(&live, |it| instances.contains(it))).await?;
    Ok(of_others(&seen))
}

/// A workload outside of the system's namespaces that no other workload has made.
struct Workload {
    namespace: String,
    kind: String,
    is_ours: bool,
    /// Whether a controller of some other kind has made it.
    is_made: bool,
}

impl Workload {
    fn of(live: &Value, is_instance: impl Fn(&str) -> bool) -> Option<Self> {
        let namespace = str_at(live, "/metadata/namespace");
        if is_of_system(namespace) || owners(live).any(is_workload) {
            return None;
        }
        let is_bootstrapped = ownership::entries(live).iter().any(|entry| str_at(entry, "/manager") == MANAGER);
        Some(Self {
            namespace: namespace.to_owned(),
            kind: kind(live).to_owned(),
            is_ours: is_bootstrapped || tracked_by(live).is_some_and(is_instance),
            is_made: owners(live).next().is_some(),
        })
    }
}

/// What a controller has made in a namespace in which the hub works is the hub's: of a provider of Crossplane, say.
fn of_others(seen: &[Workload]) -> Vec<CoTenant> {
    let homes: BTreeSet<&str> = seen.iter().filter(|it| it.is_ours).map(|it| it.namespace.as_str()).collect();
    let mut found: BTreeMap<&str, BTreeMap<String, usize>> = BTreeMap::new();
    let is_of_hub = |it: &&Workload| it.is_ours || (it.is_made && homes.contains(it.namespace.as_str()));
    for it in seen.iter().filter(|it| !is_of_hub(it)) {
        *found.entry(&it.namespace).or_default().entry(it.kind.clone()).or_default() += 1;
    }
    let tenant = |(namespace, workloads): (&str, _)| CoTenant { namespace: namespace.to_owned(), workloads };
    found.into_iter().map(tenant).collect()
}

fn is_of_system(namespace: &str) -> bool {
    OF_SYSTEM
        .iter()
        .any(|known| known.strip_suffix('*').map_or(namespace == *known, |start| namespace.starts_with(start)))
}

/// A static pod is owned by its node.
fn is_workload(owner: &Value) -> bool {
    let is_kind = |(api_version, name): &(&str, &str)| {
        let of = api_version.split_once('/').map_or("", |(group, _)| group);
        (group(owner), str_at(owner, "/kind")) == (of, *name)
    };
    WORKLOADS.iter().chain(&[("v1", "Node")]).any(is_kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workload with an owner, the Application that brought it, and a field manager; a dash for none of them.
    fn workload(text: &str) -> Value {
        let words: Vec<&str> = text.split(' ').collect();
        let [api_version, kind, namespace, owner, application, manager] = words[..] else { panic!("{text}") };
        let mut live =
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "namespace": namespace}});
        if let Some((api_version, kind)) = owner.rsplit_once('/') {
            live["metadata"]["ownerReferences"] = json!([{"apiVersion": api_version, "kind": kind, "name": "b"}]);
        }
        if application != "-" {
            let group = api_version.split_once('/').map_or("", |(group, _)| group);
            let id = format!("{application}:{group}/{kind}:{namespace}/a");
            live["metadata"]["annotations"] = json!({crate::words::argo::TRACKING_ID: id});
        }
        live["metadata"]["managedFields"] = json!([{"manager": manager}]);
        live
    }

    #[test]
    fn who_works_on_the_cluster_besides_the_hub_is_told_by_namespace_and_kind() {
        for (all, told) in [
            // Nobody: Kubernetes, distributions of it, the hub, its beads, and what their controllers made.
            ("apps/v1 Deployment kube-system - - kubeadm", ""),
            ("apps/v1 DaemonSet gke-managed-system - - k3s; v1 Pod openshift-dns - - -; v1 Pod openshift - - -", ""),
            ("v1 Pod kube-system v1/Node - kubelet", ""),
            ("apps/v1 Deployment argocd - argocd argocd-controller", ""),
            ("apps/v1 Deployment argocd - - backstack", ""), // of an installation that was broken off
            ("apps/v1 Deployment kyverno - bead-kyverno-application -", ""),
            (
                "apps/v1 Deployment crossplane-system - crossplane -; \
                 apps/v1 Deployment crossplane-system pkg.crossplane.io/v1/ProviderRevision - crossplane",
                "",
            ),
            // Somebody: whoever has no mark, or that of no Application of this cluster, or of one that is not there.
            ("apps/v1 Deployment shop - - helm", "namespace shop: 1 Deployment"),
            ("apps/v1 Deployment crossplane-system - - helm", "namespace crossplane-system: 1 Deployment"),
            ("apps/v1 Deployment shop - gone argocd-controller", "namespace shop: 1 Deployment"),
            ("batch/v1 CronJob gatekeepers - - -", "namespace gatekeepers: 1 CronJob"),
            // Pods count by what makes them, and by themselves where that is no workload.
            (
                "apps/v1 Deployment shop - - helm; apps/v1 ReplicaSet shop apps/v1/Deployment - -; \
                 v1 Pod shop apps/v1/ReplicaSet - -; apps/v1 Deployment shop - - helm; v1 Pod default - - kubectl",
                "namespace default: 1 Pod; namespace shop: 2 Deployments",
            ),
            ("v1 Pod data postgresql.cnpg.io/v1/Cluster - -", "namespace data: 1 Pod"),
            ("v1 Pod data batch.example.org/v1/Job - -", "namespace data: 1 Pod"), // another Job than Kubernetes' own
        ] {
            let known = ["argocd", "crossplane", "bead-kyverno-application"];
            let read = |text: &str| Workload::of(&workload(text), |it| known.contains(&it));
            let seen: Vec<Workload> = all.split("; ").filter_map(read).collect();
            let found: Vec<String> = of_others(&seen).iter().map(ToString::to_string).collect();
            assert_eq!(found.join("; "), told, "{all}");
        }
    }
}
