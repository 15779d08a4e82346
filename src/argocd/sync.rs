//! Waiting until Argo CD has synced exactly one commit, and asking it to look.

use crate::spec::ARGOCD_NAMESPACE;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;

use super::application::{Application, short, sync_operation};
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{Cluster, Fault, FaultKind, ObjectRef, Poll};
use crate::report::{Console, Failure, Outcome};

const PAUSE: Duration = Duration::from_millis(500);
/// How often Argo CD is reminded of a commit it has not noticed. Its own polling takes two to three minutes.
const REMINDER: Duration = Duration::from_secs(20);

/// Asks Argo CD to compare the Application with git now.
pub async fn refresh(cluster: &Cluster, name: &str) -> Result<(), Fault> {
    let patch = json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}});
    match cluster.merge_patch(&Application::reference(name), &patch).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(()), // not created yet: it will look by itself
        answer => answer.map(|_| ()),
    }
}

/// Waits until all these Applications are Synced, Healthy and Succeeded at the commit.
///
/// An Application that is behind is refreshed. A sync that failed at this commit before we came is asked for once
/// more, because Argo CD itself never does; a failure after that ends the wait at once, with its cause.
pub async fn wait_synced(
    cluster: &Cluster,
    console: &Console,
    names: &[String],
    revision: &str,
    repository: &str,
) -> Outcome<()> {
    let what = format!("Argo CD synced at {}", short(revision));
    let deadline = cluster.deadline();
    let mut retried = BTreeSet::new();
    let mut reminded: Option<Instant> = None;
    loop {
        let blocked = match look(cluster, names, revision, repository, &mut retried).await? {
            Poll::Done(()) => return Ok(()),
            Poll::Blocked(why) => why,
        };
        if deadline.passed() {
            let seconds = deadline.total().as_secs();
            return Err(Failure::deadline(format!("{what} was not reached within {seconds} s"))
                .details([blocked])
                .hint("look at the named Application, mend the cause, and run again: the work resumes"));
        }
        console.waiting("sync", &blocked, deadline.waited(), deadline.total());
        if reminded.is_none_or(|at| at.elapsed() > REMINDER) {
            reminded = Some(Instant::now());
            for name in names {
                refresh(cluster, name).await?;
            }
        }
        deadline.pause(PAUSE).await;
    }
}

async fn look(
    cluster: &Cluster,
    names: &[String],
    revision: &str,
    repository: &str,
    retried: &mut BTreeSet<String>,
) -> Outcome<Poll<()>> {
    let mut blocked = None;
    for name in names {
        let Some(application) = cluster.get(&Application::reference(name)).await?.map(Application) else {
            blocked.get_or_insert(format!("Application {name} does not exist yet"));
            continue;
        };
        if application.has_failed_at(revision) {
            if !retried.insert(name.clone()) {
                return Err(sync_failed(&application, revision));
            }
            cluster.merge_patch(&Application::reference(name), &sync_operation(revision)).await?;
        }
        if let Some(why) = application.blocked_at(revision, repository) {
            // The deepest cause speaks: root waits for its children.
            if name != "root" || blocked.is_none() {
                blocked = Some(why);
            }
        }
    }
    match blocked {
        None => Ok(Poll::Done(())),
        Some(why) => Ok(Poll::Blocked(match stuck_workload(cluster).await? {
            Some(workload) => format!("{why}; {workload}"),
            None => why,
        })),
    }
}

/// The first part of Argo CD itself that is not ready, since nothing syncs without it.
async fn stuck_workload(cluster: &Cluster) -> Result<Option<String>, Fault> {
    for kind in ["StatefulSet", "Deployment"] {
        for workload in cluster.list(&ObjectRef::new("apps/v1", kind, Some(ARGOCD_NAMESPACE), "")).await? {
            match readiness(&workload) {
                Readiness::Ready => {}
                Readiness::Pending(why) | Readiness::Failed(why) => {
                    return Ok(Some(format!("{}: {why}", ObjectRef::of(&workload))));
                }
            }
        }
    }
    Ok(None)
}

fn sync_failed(application: &Application, revision: &str) -> Failure {
    let name = application.name();
    Failure::failed(format!(
        "Application argocd/{name} failed to sync at {}: {}",
        short(revision),
        application.operation_message()
    ))
    .details(application.failed_resources())
    .hint(format!("mend the cause in the hub repository or the cluster, then run again; `kubectl -n argocd describe application {name}` shows all of it"))
}
