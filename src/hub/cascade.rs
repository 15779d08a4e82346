//! The part of a removal in which Argo CD works: it deletes what the Applications deployed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::argocd::{Application, end_operation};
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{self, Cluster, Deadline, FaultKind, Poll, REQUEST_MANAGER};
use crate::guard::Removal;
use crate::object::{Identity, finalizers, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::run::exactly;
use crate::words::argo;

/// How long an Application that is to go alone may go on with its sync. Then it goes all the same: whoever syncs may not run.
const LAST_SYNC: Duration = Duration::from_secs(60);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(500);

/// Automated sync off, in this order: a parent first, or it would heal its children back (argo-cd
/// `docs/user-guide/auto_sync.md`).
pub async fn disable_automated_sync(cluster: &Cluster, applications: &[Identity], deadline: Deadline) -> Outcome<()> {
    let off = |live: &Value| {
        let automated = live.pointer("/spec/syncPolicy/automated")?;
        (automated["enabled"] != false).then(|| json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}}))
    };
    for application in applications {
        change(cluster, application, deadline, off).await?;
    }
    Ok(())
}

/// Lets Argo CD delete what the Applications of a wave manage, and waits for it, and for the Applications that they brought. The
/// finalizer comes first: an Application that is deleted without it goes at once, and all that it deployed stays.
pub async fn cascade(
    cluster: &Cluster,
    console: &Console,
    wave: &[&Application],
    removal: &Removal,
    deadline: Deadline,
) -> Outcome<()> {
    let applications: Vec<Identity> = wave.iter().map(|it| Identity::of(&it.0)).collect();
    for application in &applications {
        let with_cascade = |live: &Value| {
            let live = Application(live.clone());
            let mut finalizers = finalizers(&live.0);
            finalizers.push(argo::CASCADE);
            let settled = live.cascades() || live.is_being_deleted();
            // A list is written as a whole: only onto the one that was read.
            let version = str_at(&live.0, "/metadata/resourceVersion");
            (!settled).then(|| json!({"metadata": {"finalizers": finalizers, "resourceVersion": version}}))
        };
        change(cluster, application, deadline, with_cascade).await?;
    }
    let children: Vec<Identity> = wave.iter().flat_map(|it| removal.children_of(it)).cloned().collect();
    let gone = async || {
        engine::remove(cluster, console, &applications, deadline).await?;
        // A set goes with its Application; Kubernetes deletes what it owns, and only Argo CD what that has deployed.
        engine::until_gone(cluster, console, &children, deadline).await
    };
    match gone().await {
        Ok(()) => Ok(()),
        Err(failure) => Err(explain(cluster, failure).await),
    }
}

/// Deletes Applications without anything that they brought, and waits until they are gone. Answers how many there were.
///
/// Each goes in a moment in which nothing of it syncs: a sync that is under way goes on without its Application, and that of the
/// root makes the root anew, which brings itself (argo-cd 3.6.1, seen). So it is ended before, and what is deleted is the
/// version that was looked at, since a sync that begins is written there first.
pub async fn remove_alone(
    cluster: &Cluster,
    console: &Console,
    applications: &[Identity],
    deadline: Deadline,
) -> Outcome<usize> {
    for application in applications {
        let patience = deadline.at_most(LAST_SYNC);
        let look = async || {
            let live = cluster.get(&application.object).await?.filter(|live| application.is(live)).map(Application);
            let Some(live) = live.filter(|live| !live.is_being_deleted() && !patience.passed()) else {
                return Ok(Poll::Done(()));
            };
            if live.phase() == "Running" {
                cluster.merge_patch_as_read(&live.0, &end_operation(), REQUEST_MANAGER).await?;
            }
            if live.is_operating() {
                return Ok(deadline.blocked(console, "remove", format!("the end of the sync of {application}")));
            }
            match cluster.delete_unchanged(application, str_at(&live.0, "/metadata/resourceVersion")).await {
                Err(fault) if fault.kind == FaultKind::Changed => {
                    Ok(Poll::Blocked("it changes all the time".to_owned()))
                }
                answer => Ok(Poll::Done(answer?)),
            }
        };
        deadline.poll(&format!("the deletion of {application}"), PAUSE, look).await?;
    }
    engine::remove(cluster, console, applications, deadline).await?;
    Ok(applications.len())
}

/// Takes the marks of Applications that go from what stays: with the mark of one that is gone no other could ever have it,
/// and another hub of this cluster would take it for its own and prune it.
pub async fn unmark(cluster: &Cluster, objects: &[Identity], deadline: Deadline) -> Outcome<()> {
    let unmarked = |live: &Value| {
        crate::object::annotation(live, argo::TRACKING_ID)?;
        Some(json!({"metadata": {"annotations": {argo::TRACKING_ID: null}}}))
    };
    for object in objects {
        change(cluster, object, deadline, unmarked).await?;
    }
    Ok(())
}

/// Patches exactly this object, unless there is nothing to do. Where the patch says which version it is for, and another one
/// is there by now, that is read and patched instead.
async fn change(
    cluster: &Cluster,
    object: &Identity,
    deadline: Deadline,
    patch: impl Fn(&Value) -> Option<Value>,
) -> Outcome<()> {
    let look = async || {
        let live = cluster.get(&object.object).await?.filter(|live| object.is(live));
        let Some(patch) = live.as_ref().and_then(&patch) else { return Ok(Poll::Done(())) };
        match exactly::patch(cluster, object, patch).await {
            Err(fault) if fault.kind == FaultKind::Changed => {
                Ok(Poll::Blocked("somebody else writes it again and again".to_owned()))
            }
            answer => Ok(Poll::Done(answer?)),
        }
    };
    deadline.poll_patiently(&format!("a change of {object}"), look).await
}

/// A cascade hangs when the controller that works on it does not run.
async fn explain(cluster: &Cluster, failure: Failure) -> Failure {
    let name = argo::controller();
    let Ok(controller) = cluster.get(&name).await else { return failure };
    let is_up = |it: &Value| readiness(it) == Readiness::Ready && it.pointer("/spec/replicas") != Some(&json!(0));
    if controller.as_ref().is_some_and(is_up) {
        return failure;
    }
    failure.hint(format!(
        "{name} does not run, and only it can finish this: bring it back (kubectl apply --server-side \
         --force-conflicts -f argocd/ of the hub repository), then run again"
    ))
}
