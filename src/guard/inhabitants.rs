//! Who lives in a namespace.

use serde_json::Value;

use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, owners};

/// What Kubernetes itself writes into namespaces, by group and kind: other groups have leases and events of their own.
const BY_KUBERNETES: &[(&str, &str)] = &[
    ("", "Event"),
    ("events.k8s.io", "Event"),
    ("", "Endpoints"),
    ("discovery.k8s.io", "EndpointSlice"),
    ("coordination.k8s.io", "Lease"),
    ("metrics.k8s.io", "PodMetrics"),
];

/// The objects in a namespace that nobody would bring back: not those that an owner makes again, nor what Kubernetes puts
/// into each.
pub async fn inhabitants(cluster: &Cluster, namespace: &str) -> Result<Vec<Value>, Fault> {
    let kinds = cluster.kinds(true).await?.into_iter().filter(|kind| !is_by_kubernetes(kind));
    let in_it = kinds.map(|kind| ObjectRef { namespace: Some(namespace.to_owned()), ..kind });
    let mut all = cluster.list_metadata_of(in_it, Some).await?;
    all.retain(|it| owners(it).next().is_none() && !is_in_every_namespace(it));
    Ok(all)
}

/// Whether objects of this kind are made by Kubernetes, and made again when they are gone.
#[must_use]
pub fn is_by_kubernetes(kind: &ObjectRef) -> bool {
    BY_KUBERNETES.contains(&(kind.group.as_str(), kind.kind.as_str()))
}

fn is_in_every_namespace(live: &Value) -> bool {
    let it = ObjectRef::of(live);
    it.group.is_empty()
        && matches!(
            (it.kind.as_str(), it.name.as_str()),
            ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default")
        )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_of_a_group_of_kubernetes_is_made_again() {
        let is_made = |api_version: &str, kind: &str| is_by_kubernetes(&ObjectRef::new(api_version, kind, None, ""));
        assert!(
            is_made("v1", "Event")
                && is_made("events.k8s.io/v1", "Event")
                && is_made("coordination.k8s.io/v1", "Lease")
        );
        assert!(!is_made("shop.example.org/v1", "Event") && !is_made("cars.example.org/v1", "Lease"));
        let account = |api_version: &str| json!({"apiVersion": api_version, "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "a"}});
        assert!(is_in_every_namespace(&account("v1")));
        assert!(!is_in_every_namespace(&account("bank.example.org/v1")));
    }
}
