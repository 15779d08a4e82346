//! The part of a removal after Argo CD: it goes itself, with its definitions and its namespace. What came meanwhile is
//! looked for immediately before each deletion.

use serde_json::Value;

use super::inventory::{self, Inventory};
use super::rendered_objects::RenderedObjects;
use crate::engine::{self, Cluster, Deadline, Poll};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// Everything that Argo CD consists of, but for its definitions and its namespace. The Applications have gone before: only
/// Argo CD takes its finalizers off them, and a new one on this cluster may go on with a deletion that was left, and take all
/// workloads along (argo-cd #6046).
pub async fn remove_argocd(
    cluster: &Cluster,
    console: &Console,
    inventory: &Inventory,
    brought: &RenderedObjects,
    part: &impl Fn() -> Deadline,
) -> Outcome<usize> {
    let ours = inventory.ours.iter().filter(|it| !it.object.is_crd() && it.object != inventory::namespace()).cloned();
    let (workloads, rest): (Vec<Identity>, Vec<Identity>) =
        ours.partition(|it| matches!(it.object.kind.as_str(), "Deployment" | "StatefulSet"));
    // A running Argo CD would make its default project again, so it goes before the projects do. And projects go after their
    // Applications: to the controller a missing one is an error that keeps an Application from going for ever (argo-cd #1329).
    let mut removed = engine::remove(cluster, console, &workloads, part()).await?;
    wait_for_pods(cluster, console, part()).await?;
    removed += engine::remove(cluster, console, &projects(cluster, brought).await?, part()).await?;
    removed += engine::remove(cluster, console, &rest, part()).await?;
    Ok(removed)
}

/// The projects of the document, and the one that Argo CD makes.
async fn projects(cluster: &Cluster, brought: &RenderedObjects) -> Outcome<Vec<Identity>> {
    let all: Vec<Identity> = cluster.list(&argo::every(argo::PROJECT)).await?.iter().map(Identity::of).collect();
    let made_by_argocd = argo::project("default");
    match all.iter().find(|it| !brought.holds(&it.object) && it.object != made_by_argocd) {
        None => Ok(all),
        Some(late) => Err(came_meanwhile(late)),
    }
}

fn came_meanwhile(object: &Identity) -> Failure {
    Failure::refused(format!("{object} came while the hub was being removed; it stays, and what is left of the hub"))
        .hint("delete it, or move it to another cluster, then run again: the removal goes on where it was")
}

/// A pod works on through its grace period after its Deployment is gone.
async fn wait_for_pods(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    let look = async || {
        let pods = cluster.list_metadata(&ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), "")).await?;
        let part_of_argocd = |it: &&Value| {
            it.pointer("/metadata/labels").is_some_and(|labels| {
                labels.get("app.kubernetes.io/name").is_some_and(|name| name.to_string().contains("argocd-"))
            })
        };
        Ok(match pods.iter().find(part_of_argocd) {
            None => Poll::Done(()),
            Some(pod) => deadline.blocked(console, "remove", format!("{} is ending", ObjectRef::of(pod))),
        })
    };
    deadline.poll_patiently("the end of Argo CD's pods", look).await
}

/// The CRDs of Argo CD and of beads, only when no object of theirs exists in any namespace: with a CRD all its objects go, also
/// those of others. Asked once for all kinds before the first one goes, and for each kind anew in the last moment.
pub async fn remove_definitions(
    cluster: &Cluster,
    console: &Console,
    inventory: &Inventory,
    deadline: Deadline,
) -> Outcome<usize> {
    for (kind, _) in inventory::definitions() {
        is_unused(cluster, &kind).await?;
    }
    let mut removed = 0;
    for (kind, name) in inventory::definitions() {
        let Some(definition) = inventory.ours.iter().find(|it| it.object.is_crd() && it.object.name == name) else {
            continue;
        };
        is_unused(cluster, &kind).await?;
        removed += engine::remove(cluster, console, std::slice::from_ref(definition), deadline).await?;
    }
    Ok(removed)
}

async fn is_unused(cluster: &Cluster, kind: &ObjectRef) -> Outcome<()> {
    match cluster.list_metadata(kind).await?.first() {
        None => Ok(()),
        Some(first) => Err(came_meanwhile(&Identity::of(first))),
    }
}

/// The namespace, when it was made for the hub and nobody else uses it. Answers why it was kept. It is the last of all: with it
/// the controller would go that Applications still wait for (argo-cd #7860, #19571).
pub async fn remove_namespace(
    cluster: &Cluster,
    console: &Console,
    brought: &RenderedObjects,
    deadline: Deadline,
) -> Outcome<Option<String>> {
    let name = inventory::namespace();
    let Some(live) = cluster.metadata(&name).await? else { return Ok(None) };
    if !inventory::is_recorded(&live) {
        return Ok(Some(format!("{name}: it was there before the hub")));
    }
    let foreign = inventory::foreign(cluster, brought).await?;
    match foreign.as_slice() {
        [] => {}
        [one] => return Ok(Some(format!("{name}: an object of others is in it: {one}"))),
        [first, ..] => {
            let count = foreign.len();
            return Ok(Some(format!("{name}: {count} objects of others are in it, such as {first}")));
        }
    }
    let namespace = Identity::under(&name, &live);
    // As it was read: whoever has claimed it meanwhile keeps it.
    cluster.delete_unchanged(&namespace, str_at(&live, "/metadata/resourceVersion")).await?;
    engine::until_gone(cluster, console, &[namespace], deadline).await?;
    console.done("remove", format!("namespace {}", argo::NAMESPACE));
    Ok(None)
}
