//! Applications of spokes are taken away: let go, so that what they brought stays there, or drained, so that Argo CD deletes it
//! first. All of them at a time, and each by itself: a spoke that does not answer holds up its own alone.
//!
//! Whoever calls has seen to it that nothing makes them anew, and nothing takes our finalizer off: the controller of an
//! `ApplicationSet` does both for a spoke that is ready (argo-cd 3.6.1, seen).

use std::cell::Cell;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use crate::argocd::Application;
use crate::engine::{Cluster, Deadline, Fault, FaultKind, Poll, REQUEST_MANAGER, absent, one_line};
use crate::object::{Identity, ObjectRef, finalizers, is_being_deleted, items, name, str_at};
use crate::report::{Console, Exit, Failure, Outcome};
use crate::words::argo;

/// How many are asked for at a time, well below the some 49 requests that an ordinary user is served (`engine/walk.rs`).
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

/// Waits until none of them is there. One is followed after the other: a look is one request, however many a hub has.
async fn until_gone(
    cluster: &Cluster,
    console: &Console,
    applications: &[Application],
    deadline: Deadline,
    remedy: &str,
) -> Outcome<()> {
    let gone = Cell::new(0);
    let look = async || {
        while let Some(application) = applications.get(gone.get()) {
            if let Some(line) = standing(cluster, application).await? {
                return Ok(deadline.blocked(console, "spokes", line));
            }
            gone.set(gone.get() + 1);
        }
        Ok(Poll::Done(()))
    };
    match deadline.poll_patiently("the end of the Applications", look).await {
        Err(failure) if failure.exit == Exit::Deadline => {
            let rest = applications[gone.get()..].iter().map(|it| standing(cluster, it));
            let left: Vec<Option<String>> = futures::stream::iter(rest).buffered(AT_ONCE).try_collect().await?;
            let left: Vec<String> = left.into_iter().flatten().collect();
            if left.is_empty() {
                return Ok(());
            }
            let what = match left.len() {
                1 => "an Application of a spoke is".to_owned(),
                count => format!("{count} Applications of spokes are"),
            };
            let message = format!("{what} still there after {} s", deadline.total().as_secs());
            Err(Failure { details: Vec::new(), message, ..failure }
                .details(left.into_iter().take(MOST_NAMED))
                .hint(remedy))
        }
        answer => answer,
    }
}

/// What is to be said of one that is still there.
async fn standing(cluster: &Cluster, application: &Application) -> Result<Option<String>, Fault> {
    let object = Identity::of(&application.0);
    let live = absent(cluster.get(&object.object).await)?.flatten().filter(|live| object.is(live));
    let spoke = application.elsewhere().unwrap_or("the hub");
    Ok(live.map(|live| format!("{} on {spoke}: {}", name(&live), held_by(&live))))
}

/// Why an Application that is being deleted is still there: what Argo CD says of it, an object that waits for an approval
/// (of which Argo CD says nothing), and else its finalizers.
fn held_by(live: &Value) -> String {
    if !is_being_deleted(live) {
        return "it is not being deleted".to_owned();
    }
    let condition = |kind: &str| items(live, "/status/conditions").find(|it| str_at(it, "/type") == kind);
    if let Some(said) = condition("DeletionError").or_else(|| condition("ComparisonError")) {
        return one_line(str_at(said, "/message"));
    }
    if let Some(object) = items(live, "/status/resources").find(|it| it["requiresDeletionConfirmation"] == true) {
        let (kind, name, approved) = (str_at(object, "/kind"), str_at(object, "/name"), argo::APPROVED);
        return format!(
            "{kind} {name} waits for an approval: annotate the Application with {approved} and the time of now"
        );
    }
    format!("finalizers {}", finalizers(live).join(", "))
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
        let with = |status: Value| json!({"metadata": {"deletionTimestamp": "t"}, "status": status});
        let refused = json!({"conditions": [{"type": "ComparisonError", "message": "connection refused"}]});
        assert_eq!(held_by(&with(refused)), "connection refused");
        let asked = json!({"resources": [{"kind": "Secret", "name": "a", "requiresDeletionConfirmation": true}]});
        assert!(held_by(&with(asked)).starts_with("Secret a waits for an approval: annotate"));
    }

    #[test]
    fn what_goes_without_what_it_brought_is_no_deletion() {
        let of = |deletion: Option<&str>, finalizers: &[&str]| {
            let mut metadata = json!({"name": "a", "finalizers": finalizers});
            if let Some(at) = deletion {
                metadata["deletionTimestamp"] = json!(at);
            }
            without_cascade(&[Application(json!({"metadata": metadata}))]).count()
        };
        assert_eq!(of(Some("t"), &["billing.example.org/invoice"]), 1);
        assert_eq!((of(Some("t"), &[argo::CASCADE]), of(None, &[])), (0, 0));
    }
}
