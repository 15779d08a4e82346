//! The cluster that a rehearsal is played on: an empty one, or one on which this hub was rehearsed before.

use serde_json::json;

use crate::argocd::Applications;
use crate::document::Repository;
use crate::engine::{Cluster, RECORD_MANAGER};
use crate::guard;
use crate::hub::whoever_else;
use crate::object::{ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::words::argo;

/// The mark of a rehearsal, in a namespace that every cluster has.
fn mark() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some("kube-system"), "backstack-rehearsal")
}

/// Refuses the hub itself, another hub, and a cluster that others use; then marks it.
pub async fn take(scratch: &Cluster, hub: &Cluster, repository: &Repository) -> Outcome<()> {
    let (ours, theirs) = (&hub.facts().uid, &scratch.facts().uid);
    if ours == theirs {
        return Err(Failure::refused("the scratch cluster is the hub itself; nothing was written")
            .hint("give --scratch the kubeconfig of an empty cluster that nobody needs"));
    }
    let marked = scratch.get(&mark()).await?;
    let of = marked.as_ref().map(|it| str_at(it, "/data/hub"));
    if of.is_some_and(|of| of != ours) {
        return Err(Failure::refused("another hub was rehearsed on the scratch cluster; nothing was written")
            .hint("give --scratch an empty cluster"));
    }
    let namespace = ObjectRef::new("v1", "Namespace", None, argo::NAMESPACE);
    if of.is_none() && scratch.metadata(&namespace).await?.is_some() {
        return Err(Failure::refused(format!(
            "the scratch cluster is not empty: {namespace} is there; nothing was written"
        ))
        .hint("give --scratch an empty cluster that nobody needs"));
    }
    guard::check_install(scratch, &Applications::of(scratch).await?, repository, false).await?;
    let others = whoever_else(scratch).await?;
    if !others.is_empty() {
        return Err(Failure::refused("others use the scratch cluster; nothing was written")
            .details(others)
            .hint("give --scratch an empty cluster that nobody needs"));
    }
    let reference = mark();
    let mark = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"hub": ours},
        "metadata": {"name": reference.name, "namespace": reference.namespace}});
    scratch.apply(&mark, RECORD_MANAGER).await?;
    Ok(())
}
