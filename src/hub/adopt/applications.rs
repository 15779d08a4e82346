//! The Applications by which an Argo CD manages itself: held, then taken away without what they hold.

use serde_json::json;

use crate::argocd::{Application, end_operation, tracked_by};
use crate::engine::{self, Cluster, Poll, REQUEST_MANAGER};
use crate::guard::Holder;
use crate::hub::cascade;
use crate::object::{Identity, ObjectRef, annotation};
use crate::report::{Console, Outcome, counted};
use crate::run::exactly;
use crate::words::argo;

/// Has Argo CD leave them alone, in this order: what brings another one would put it right again. An operation that is under way
/// is ended.
pub async fn hold(holders: &[Holder], cluster: &Cluster, console: &Console) -> Outcome<()> {
    for Holder { application, .. } in holders {
        stand_still(application, cluster).await?;
        console.done("hold", format!("{application}: Argo CD leaves it alone ({} is set)", argo::SKIP_RECONCILE));
    }
    Ok(())
}

/// Has Argo CD leave one Application alone, and waits until nothing is under way there: the annotation keeps it from beginning
/// anything, and a sync that runs goes on all the same (argo-cd 3.6.1, `controller/appcontroller.go`).
pub async fn stand_still(application: &Identity, cluster: &Cluster) -> Outcome<()> {
    let held = json!({"metadata": {"annotations": {argo::SKIP_RECONCILE: "true"}}});
    let look = async || {
        let live = cluster.get(&application.object).await?.filter(|live| application.is(live)).map(Application);
        let Some(live) = live else { return Ok(Poll::Done(())) };
        if annotation(&live.0, argo::SKIP_RECONCILE) != Some("true") {
            exactly::patch(cluster, application, held.clone()).await?;
            return Ok(Poll::Blocked("Argo CD is told to leave it alone".to_owned()));
        }
        if live.is_operating() {
            // One that has not begun is nobody's to end: Argo CD does not look at it any more.
            let is_running = matches!(live.phase(), "Running" | "Terminating");
            let end = if is_running { end_operation() } else { json!({"operation": null}) };
            cluster.merge_patch_as_read(&live.0, &end, REQUEST_MANAGER).await?;
            return Ok(Poll::Blocked("its operation is being ended".to_owned()));
        }
        Ok(Poll::Done(()))
    };
    cluster.deadline().poll_patiently(&format!("{application} to stand still"), look).await
}

/// Deletes them, and nothing with them. What they have brought loses their mark: the hub's Application would share it with one
/// that is gone, which Argo CD refuses; and another of that name would prune it.
pub async fn remove(holders: &[Holder], cluster: &Cluster, console: &Console) -> Outcome<()> {
    for Holder { application, resources, .. } in holders {
        unmark(resources, &application.object.name, cluster).await?;
        take_away(application, cluster, console).await?;
        console.done(
            "removed",
            format!("{application}, without what it holds: it leaves {}", counted(resources.len(), "object")),
        );
    }
    Ok(())
}

/// Deletes one Application without a cascade.
pub async fn take_away(application: &Identity, cluster: &Cluster, console: &Console) -> Outcome<()> {
    exactly::patch(cluster, application, json!({"metadata": {"finalizers": null}})).await?;
    engine::remove(cluster, console, std::slice::from_ref(application), cluster.deadline()).await.map(drop)
}

/// Takes the mark of an Application from these objects.
pub async fn unmark(objects: &[ObjectRef], of: &str, cluster: &Cluster) -> Outcome<()> {
    let mut marked = Vec::new();
    for object in objects {
        let Some(live) = engine::absent(cluster.get(object).await)?.flatten() else { continue };
        if tracked_by(&live) == Some(of) {
            marked.push(Identity::under(object, &live));
        }
    }
    cascade::unmark(cluster, &marked, cluster.deadline()).await
}
