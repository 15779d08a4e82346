//! Applications of spokes are taken away: let go, so that what they brought stays there, or drained, so that Argo CD deletes it
//! first. All of them at a time, and each by itself: a spoke that does not answer holds up its own alone.
//!
//! Whoever calls has seen to it that nothing makes them anew, and nothing takes our finalizer off: the controller of an
//! `ApplicationSet` does both for a spoke that is ready (argo-cd 3.6.1, seen).

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::argo;
use crate::argocd::Application;
use crate::engine::{Cluster, Deadline, Fault, FaultKind, Poll, REQUEST_MANAGER, absent, one_line};
use crate::object::{Identity, ObjectRef, finalizers, is_being_deleted, items, name, str_at, uid};
use crate::report::{Console, Failure, Outcome};

/// How many are asked for at a time.
const AT_ONCE: usize = 8;
/// A list of what stands that is longer is cut.
const MOST_NAMED: usize = 50;

/// Deletes these Applications and leaves everything that they brought. Nobody asks their spokes for anything: Argo CD's
/// finalizers come off first, also where an earlier run has begun to drain. Waits until they are gone.
pub async fn let_go(
    cluster: &Cluster,
    console: &Console,
    applications: &[Application],
    deadline: Deadline,
) -> Outcome<()> {
    let without = |live: &Value| {
        let kept: Vec<String> =
            finalizers(live).into_iter().filter(|it| !is_of_argocd(it)).map(str::to_owned).collect();
        (kept.len() != finalizers(live).len()).then_some(kept)
    };
    delete(cluster, applications, deadline, without).await?;
    until_gone(cluster, console, applications, deadline, "let the controllers of its finalizers finish, then run again")
        .await
}

/// Has Argo CD delete what these Applications brought, and waits until they are gone. At the deadline says which stand, on
/// which spoke, and what Argo CD says of it.
pub async fn drain(
    cluster: &Cluster,
    console: &Console,
    applications: &[Application],
    deadline: Deadline,
) -> Outcome<()> {
    let released: Vec<String> = without_cascade(applications).collect();
    if !released.is_empty() {
        return Err(Failure::refused("what some Applications brought to spokes cannot be deleted any more")
            .details(released)
            .hint("leave what is there, by `onUninstall: leave` in the step of the spoke"));
    }
    let with_cascade = |live: &Value| {
        let its = finalizers(live);
        let settled = is_being_deleted(live) || its.iter().any(|it| it.starts_with(argo::ANY_CASCADE));
        (!settled).then(|| its.into_iter().chain([argo::CASCADE]).map(str::to_owned).collect())
    };
    delete(cluster, applications, deadline, with_cascade).await?;
    let remedy = "a spoke that does not answer deletes nothing: bring it back and run again, or leave what is there, by \
                  `onUninstall: leave` in the step of the spoke";
    until_gone(cluster, console, applications, deadline, remedy).await
}

/// Those that are being deleted without what they brought, a line each: they go, and it stays.
pub fn without_cascade(applications: &[Application]) -> impl Iterator<Item = String> {
    applications
        .iter()
        .filter(|it| it.is_being_deleted() && !it.cascades())
        .map(|it| format!("{}: it is being deleted already, and what it brought stays", ObjectRef::of(&it.0)))
}

/// Asks for the deletion of each with exactly these finalizers on it; `None` of `wanted` is: as they are.
async fn delete(
    cluster: &Cluster,
    applications: &[Application],
    deadline: Deadline,
    wanted: impl Fn(&Value) -> Option<Vec<String>>,
) -> Outcome<()> {
    let wanted = &wanted;
    let asked = applications.iter().map(|it| Identity::of(&it.0)).map(|application| async move {
        let look = async || match delete_as_wanted(cluster, &application, wanted).await {
            // A list is written as a whole, and what is deleted has it: both only of the version that was read.
            Err(fault) if fault.kind == FaultKind::Changed => {
                Ok(Poll::Blocked("somebody else writes it again and again".to_owned()))
            }
            answer => Ok(Poll::Done(answer?)),
        };
        deadline.poll_patiently(&format!("the deletion of {application}"), look).await
    });
    futures::stream::iter(asked).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
}

async fn delete_as_wanted(
    cluster: &Cluster,
    application: &Identity,
    wanted: impl Fn(&Value) -> Option<Vec<String>>,
) -> Result<(), Fault> {
    let found = absent(cluster.metadata(&application.object).await)?.flatten();
    let Some(mut live) = found.filter(|live| application.is(live)) else { return Ok(()) };
    if let Some(finalizers) = wanted(&live) {
        let version = str_at(&live, "/metadata/resourceVersion");
        let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": version}});
        live = match cluster.merge_patch_of(application, &patch, REQUEST_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok(()),
            answer => answer?,
        };
    }
    if is_being_deleted(&live) {
        return Ok(());
    }
    cluster.delete_unchanged(application, str_at(&live, "/metadata/resourceVersion")).await
}

/// Waits until none of them is there. A look is one list, however many there are.
async fn until_gone(
    cluster: &Cluster,
    console: &Console,
    applications: &[Application],
    deadline: Deadline,
    remedy: &str,
) -> Outcome<()> {
    let awaited: BTreeMap<&str, &str> =
        applications.iter().map(|it| (uid(&it.0), it.elsewhere().unwrap_or("the hub"))).collect();
    let standing = async || {
        let of_ours = |live: Value| {
            let spoke = awaited.get(uid(&live))?;
            Some(format!("{} on {spoke}: {}", name(&live), held_by(&live)))
        };
        cluster.list_with(&argo::every(argo::APPLICATION), of_ours).await
    };
    let look = async || {
        let left = standing().await?;
        let Some(first) = left.first() else { return Ok(Poll::Done(())) };
        let more = if left.len() > 1 { format!(", and {} more", left.len() - 1) } else { String::new() };
        let line = format!("{first}{more}");
        console.waiting("spokes", &line, deadline.waited(), deadline.total());
        Ok(Poll::Blocked(line))
    };
    match deadline.poll_patiently("the end of the Applications", look).await {
        Err(failure) if deadline.passed() => {
            let left = standing().await?;
            let what = format!("{} Applications of spokes are still there", left.len());
            let seconds = deadline.total().as_secs();
            Err(Failure { details: Vec::new(), message: format!("{what} after {seconds} s"), ..failure }
                .details(left.into_iter().take(MOST_NAMED))
                .hint(remedy))
        }
        answer => answer,
    }
}

/// Why an Application that is being deleted is still there, as Argo CD says, and else by its finalizers.
fn held_by(live: &Value) -> String {
    let said = items(live, "/status/conditions").find(|it| str_at(it, "/type") == "DeletionError");
    match said {
        Some(said) => one_line(str_at(said, "/message")),
        None if !is_being_deleted(live) => "it is not being deleted".to_owned(),
        None => format!("finalizers {}", finalizers(live).join(", ")),
    }
}

fn is_of_argocd(finalizer: &str) -> bool {
    argo::FINALIZERS.iter().any(|it| finalizer.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finalizers_of_argocd_are_known_and_those_of_others_left() {
        for (finalizer, is_its) in [
            (argo::CASCADE, true),
            ("resources-finalizer.argocd.argoproj.io", true),
            ("post-delete-finalizer.argocd.argoproj.io/cleanup", true),
            ("pre-delete-finalizer.argocd.argoproj.io", true),
            ("billing.example.org/invoice", false),
        ] {
            assert_eq!(is_of_argocd(finalizer), is_its, "{finalizer}");
        }
    }

    #[test]
    fn what_holds_an_application_is_told_in_the_words_of_argocd() {
        let standing = json!({"metadata": {"deletionTimestamp": "t", "finalizers": [argo::CASCADE]}, "status": {
            "conditions": [{"type": "DeletionError", "message": "connect: connection refused"}]}});
        assert_eq!(held_by(&standing), "connect: connection refused");
        assert_eq!(held_by(&json!({"metadata": {"deletionTimestamp": "t", "finalizers": ["a"]}})), "finalizers a");
    }
}
