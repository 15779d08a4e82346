//! Before Argo CD deletes on a spoke: nothing syncs there any more, so that what was looked at is what goes.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::json;

use super::cascade::disable_automated_sync;
use crate::argocd::{Application, end_operation};
use crate::engine::{Cluster, Deadline, Poll, REQUEST_MANAGER, absent};
use crate::object::{Identity, ObjectRef, annotation, items, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::run::exactly;
use crate::words::argo;

/// How many are asked for at a time, well below the some 49 requests that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// How long Argo CD may take to answer, each time.
const ANSWER: Duration = Duration::from_secs(120);

/// Has what makes these Applications see that it is to make none there any more, turns their automated sync off, and ends what they
/// sync. A set that has not seen it would take the finalizer off by which Argo CD deletes (argo-cd 3.6.1, seen).
pub async fn hold(
    cluster: &Cluster,
    console: &Console,
    applications: &[Application],
    deadline: Deadline,
) -> Outcome<()> {
    let sets = sets_of(applications);
    let asked = sets.iter().map(|it| refresh(cluster, console, it, deadline.at_most(ANSWER)));
    futures::stream::iter(asked).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    let applications: Vec<Identity> = applications.iter().map(|it| Identity::of(&it.0)).collect();
    disable_automated_sync(cluster, &applications, deadline).await?;
    let ended = applications.iter().map(|it| until_idle(cluster, console, it, deadline.at_most(ANSWER)));
    futures::stream::iter(ended).buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// The sets that have made them.
fn sets_of(applications: &[Application]) -> BTreeSet<ObjectRef> {
    let of = |it: &Application| {
        let namespace = str_at(&it.0, "/metadata/namespace").to_owned();
        let owners: Vec<ObjectRef> = items(&it.0, "/metadata/ownerReferences")
            .filter(|owner| str_at(owner, "/kind") == argo::APPLICATION_SET)
            .map(|owner| ObjectRef::new(argo::API, argo::APPLICATION_SET, Some(&namespace), str_at(owner, "/name")))
            .collect();
        owners
    };
    applications.iter().flat_map(of).collect()
}

/// Argo CD takes the request away when it has gone through the set.
async fn refresh(cluster: &Cluster, console: &Console, set: &ObjectRef, deadline: Deadline) -> Outcome<()> {
    let Some(live) = absent(cluster.metadata(set).await)?.flatten() else { return Ok(()) };
    let set = Identity::under(set, &live);
    exactly::patch(cluster, &set, json!({"metadata": {"annotations": {argo::REFRESH_SET: "true"}}})).await?;
    let look = async || {
        let live = absent(cluster.metadata(&set.object).await)?.flatten().filter(|live| set.is(live));
        if live.is_none_or(|live| annotation(&live, argo::REFRESH_SET).is_none()) {
            return Ok(Poll::Done(()));
        }
        Ok(deadline.blocked(console, "spokes", format!("{set} has not seen yet that it makes no more of them")))
    };
    deadline.poll_patiently(&format!("a look of Argo CD at {set}"), look).await.map_err(|failure| {
        failure.hint(
            "see to it that Argo CD's controller of ApplicationSets runs, then run again; or leave what is there, as the step may say",
        )
    })
}

/// Ends what an Application syncs, and waits until it does not.
async fn until_idle(cluster: &Cluster, console: &Console, application: &Identity, deadline: Deadline) -> Outcome<()> {
    let look = async || {
        let live = cluster.get(&application.object).await?.filter(|live| application.is(live)).map(Application);
        let Some(live) = live.filter(|live| live.is_operating() && !live.is_being_deleted()) else {
            return Ok(Poll::Done(()));
        };
        if live.phase() == "Running" {
            cluster.merge_patch_as_read(&live.0, &end_operation(), REQUEST_MANAGER).await?;
        }
        let why = format!("{application} is still syncing to {}", live.elsewhere().unwrap_or("the hub"));
        Ok(deadline.blocked(console, "spokes", why))
    };
    let answer: Outcome<()> = deadline.poll_patiently(&format!("the end of the sync of {application}"), look).await;
    answer.map_err(|failure: Failure| {
        failure.hint("run again when it has ended; or leave what is there, as the step may say")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_applications_is_asked_once() {
        let of = |kind: &str, name: &str| {
            let owner = json!({"apiVersion": argo::API, "kind": kind, "name": name, "uid": "1"});
            Application(json!({"metadata": {"namespace": "argocd", "ownerReferences": [owner]}}))
        };
        let sets = sets_of(&[
            of(argo::APPLICATION_SET, "spokes-web"),
            of(argo::APPLICATION_SET, "spokes-web"),
            of("Order", "x"),
        ]);
        assert_eq!(sets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["ApplicationSet argocd/spokes-web"]);
    }
}
