//! Who lives in a namespace.

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, kind, name, owners};

const AT_ONCE: usize = 8;
/// What Kubernetes itself writes into namespaces.
const BY_KUBERNETES: &[&str] = &["Event", "Endpoints", "EndpointSlice", "Lease", "PodMetrics"];

/// The objects in a namespace that nobody would bring back: not those that an owner makes again, nor what Kubernetes puts
/// into each.
pub async fn inhabitants(cluster: &Cluster, namespace: &str) -> Result<Vec<Value>, Fault> {
    let kinds = cluster.kinds(true).await?.into_iter().filter(|kind| !is_by_kubernetes(kind));
    let in_it = kinds.map(|kind| ObjectRef { namespace: Some(namespace.to_owned()), ..kind });
    let lists: Vec<Vec<Value>> = futures::stream::iter(in_it)
        .map(|kind| async move { cluster.list_metadata(&kind).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut all: Vec<Value> = lists.into_iter().flatten().collect();
    all.retain(|it| owners(it).next().is_none() && !is_in_every_namespace(it));
    Ok(all)
}

/// Whether objects of this kind are made by Kubernetes, and made again when they are gone.
#[must_use]
pub fn is_by_kubernetes(kind: &ObjectRef) -> bool {
    BY_KUBERNETES.contains(&kind.kind.as_str())
}

fn is_in_every_namespace(live: &Value) -> bool {
    matches!((kind(live), name(live)), ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default"))
}
