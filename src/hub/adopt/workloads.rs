//! What becomes of the workloads of an Argo CD that is taken over: most go on as they are, some roll, few are made anew.

use std::collections::BTreeSet;

use serde_json::Value;

use super::marks;
use crate::engine::pods::HASH;
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{self, Cluster, Fault, FaultKind, MANAGER, Poll, differing_fields};
use crate::object::{Identity, ObjectRef, owners, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// What becomes of a workload.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It is not there yet.
    New,
    /// Its pods go on.
    GoesOn,
    /// Its pods are replaced, for these fields of their template differ.
    Rolls(Vec<String>),
    /// The API server does not let it be changed, for this reason.
    Unchangeable(String),
    /// The API server would not take it at all, for this reason.
    Untaken(String),
}

/// Asks the API server what would become of a workload, by a trial of what will be applied.
pub async fn fate(object: &Value, cluster: &Cluster) -> Result<Fate, Fault> {
    let Some(live) = cluster.get(&ObjectRef::of(object)).await? else {
        return Ok(why_not_made(object, cluster).await?.map_or(Fate::New, Fate::Untaken));
    };
    match cluster.dry_run(object, MANAGER, true).await {
        Ok(after) => {
            let template = |of: &Value| of.pointer("/spec/template").cloned().unwrap_or_default();
            let differing = differing_fields(&template(&live), &template(&after));
            Ok(if differing.is_empty() { Fate::GoesOn } else { Fate::Rolls(differing) })
        }
        Err(fault) if fault.kind == FaultKind::Invalid => Ok(Fate::Unchangeable(fault.message)),
        Err(fault) if is_refusal(&fault) => Ok(Fate::Untaken(fault.message)),
        Err(fault) => Err(fault),
    }
}

/// Why a workload could not be made anew, tried under a name that nothing has. What it replaces goes first, and would be gone.
pub async fn why_not_anew(object: &Value, cluster: &Cluster) -> Result<Option<String>, Fault> {
    let mut trial = object.clone();
    trial["metadata"]["name"] = Value::from(format!("{}-trial", ObjectRef::of(object).name));
    why_not_made(&trial, cluster).await
}

async fn why_not_made(object: &Value, cluster: &Cluster) -> Result<Option<String>, Fault> {
    match cluster.dry_run(object, MANAGER, true).await {
        Err(fault) if is_refusal(&fault) => Ok(Some(fault.message)),
        // Its namespace or its kind comes with the hub.
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        answer => answer.map(|_| None),
    }
}

fn is_refusal(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Invalid | FaultKind::Forbidden | FaultKind::Webhook)
}

/// Whether the pods that two workloads look for are not the same.
pub fn selects_others(live: &Value, wanted: &Value) -> bool {
    live.pointer("/spec/selector") != wanted.pointer("/spec/selector")
}

/// Makes a workload anew, in the place of these, since its selector cannot be changed: the chart of argo-helm looks for the label of
/// the release, too, and upstream's manifest does not. They go first, so that nothing runs twice. The pods of a Deployment stay without
/// an owner until the new one has adopted them and brought up their successors; those of a `StatefulSet` under another name go,
/// since their names are no pods' of the new one.
pub async fn replace(object: &Value, predecessors: &[Identity], cluster: &Cluster, console: &Console) -> Outcome<()> {
    let name = ObjectRef::of(object);
    for before in predecessors {
        let goes_with_pods = name.kind == "StatefulSet" && before.object.name != name.name;
        if goes_with_pods {
            cluster.delete(&before.object, &before.uid).await?;
        } else {
            cluster.delete_and_orphan(&before.object, &before.uid).await?;
        }
        engine::until_gone(cluster, console, std::slice::from_ref(before), cluster.deadline()).await?;
    }
    cluster.apply_by_force(object, MANAGER).await?;
    marks::let_go_of(name.clone(), false, cluster).await?;
    let deadline = cluster.deadline();
    let look = async || {
        let not_there = || Readiness::Pending("it is not there".to_owned());
        match cluster.get(&name).await?.as_ref().map_or_else(not_there, readiness) {
            Readiness::Ready => Ok(Poll::Done(())),
            Readiness::Pending(why) => {
                deadline.tell(console, "replace", format!("{name}: {why}"));
                Ok(Poll::Blocked(why))
            }
            Readiness::Failed(why) => Err(failed(&name, &why, cluster).await),
        }
    };
    deadline.poll_patiently(&format!("{name} to run"), look).await?;
    let old: Vec<&str> = predecessors.iter().map(|it| it.object.name.as_str()).collect();
    console.done("replaced", format!("{name}, in the place of {}", old.join(", ")));
    Ok(())
}

/// One that will not come up by waiting, with what its pods say.
async fn failed(workload: &ObjectRef, why: &str, cluster: &Cluster) -> Failure {
    let pods = engine::stuck_pods(cluster, &BTreeSet::from([workload.clone()])).await.pods;
    Failure::failed(format!("{workload} does not come up: {why}"))
        .details(pods.iter().map(ToString::to_string))
        .hint("mend what it waits for, then run again: the take-over goes on")
}

/// The `ReplicaSets` beside Argo CD whose Deployment is gone and which no other one has taken: a take-over that was broken off
/// while it made a workload anew may have left them, and their pods go on beside those of the hub.
pub async fn ownerless(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let all = ObjectRef::new("apps/v1", "ReplicaSet", Some(argo::NAMESPACE), "");
    cluster.list_metadata_with(&all, |live| is_ownerless(&live).then(|| ObjectRef::of(&live))).await
}

/// Only a Deployment gives its `ReplicaSets` the hash of a template.
fn is_ownerless(replica_set: &Value) -> bool {
    let labels = replica_set.pointer("/metadata/labels");
    owners(replica_set).next().is_none() && labels.is_some_and(|all| all.get(HASH).is_some())
}

/// How a step names a workload: `Deployment/argocd-server`.
pub fn address(object: &ObjectRef) -> String {
    format!("{}/{}", object.kind, object.name)
}

/// Whether this is a kind that makes pods here.
pub fn is_workload(object: &Value) -> bool {
    matches!(str_at(object, "/kind"), "Deployment" | "StatefulSet")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_deployment_has_made_and_nobody_owns_is_ownerless() {
        let hash = json!({HASH: "abc"});
        for (labels, owners, is_left) in [
            (&hash, json!([]), true),
            (&hash, json!([{"kind": "Deployment", "name": "argocd-server", "controller": true}]), false),
            (&json!({"app": "of-people"}), json!([]), false),
        ] {
            let live = json!({"metadata": {"labels": labels, "ownerReferences": owners}});
            assert_eq!(is_ownerless(&live), is_left, "{live}");
        }
    }
}
