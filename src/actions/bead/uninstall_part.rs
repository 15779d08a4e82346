//! Waiting until Argo CD has pruned what a commit took away, with what it needs from us on the way: the approval of
//! deletions that were guarded, and the end of controllers that clean up after themselves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::argo;
use crate::argocd::{Application, OldOperations, Reminders, Schema, lacks_a_kind};
use crate::engine::{self, Cluster, Deadline, Fault, FaultKind, Poll, REQUEST_MANAGER};
use crate::gitops::bead::BEHIND;
use crate::guard::Outside;
use crate::object::{Identity, ObjectRef, annotation, finalizers, is_being_deleted, str_at};
use crate::report::{Console, Outcome};
use crate::spec::{Bead, CleanedUp, Workload};

const PAUSE: Duration = Duration::from_millis(500);

/// What a commit takes away.
pub struct Going<'r> {
    /// The bead.
    pub bead: &'r Bead,
    /// The objects that Argo CD prunes.
    pub objects: Vec<ObjectRef>,
    /// The commit.
    pub revision: &'r str,
    /// The Application of the bead, which prunes its parts.
    pub within: &'r str,
}

/// Waits until all of it is gone.
pub async fn until_gone(going: &Going<'_>, cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    let reminders = Reminders::default();
    let old = OldOperations::default();
    let schema = tokio::sync::Mutex::new(Schema::default());
    let look = async || {
        let mut standing = Vec::new();
        for object in &going.objects {
            if let Some(live) = cluster.get(object).await? {
                standing.push(describe(object, &live));
                if is_being_deleted(&live) && object.kind == argo::APPLICATION {
                    approve(going.bead, object, &live, cluster, console, deadline).await?;
                    old.end(cluster, &Application(live), going.revision, &[]).await?;
                }
            }
        }
        let Some(first) = standing.first() else { return Ok(Poll::Done(())) };
        let mut is_blind = false;
        for name in [argo::ROOT, going.within] {
            if let Some(live) = cluster.get(&argo::application(name)).await?.map(Application) {
                old.end(cluster, &live, going.revision, &[]).await?;
                is_blind |= lacks_a_kind(&live);
                reminders.remind(cluster, &live, going.revision).await?;
            }
        }
        if is_blind {
            schema.lock().await.have_read(cluster).await;
        }
        let more = if standing.len() > 1 { format!(", and {} more", standing.len() - 1) } else { String::new() };
        let why = format!("{first}{more}");
        console.waiting("prune", &why, deadline.waited(), deadline.total());
        Ok(Poll::Blocked(why))
    };
    let what = format!("the removal of everything that commit {} takes away", going.revision);
    deadline.poll(&what, PAUSE, look).await
}

/// Why it is still there.
fn describe(object: &ObjectRef, live: &Value) -> String {
    if !is_being_deleted(live) {
        return format!("{object} was not pruned yet");
    }
    let application = Application(live.clone());
    let held = match application.bad_conditions().first() {
        Some(condition) => condition.clone(),
        None if object.kind == argo::APPLICATION => {
            let left: Vec<String> = application.resources().take(3).map(|it| it.to_string()).collect();
            format!("last seen of it: {}", left.join(", "))
        }
        None => format!("held by {}", finalizers(live).join(", ")),
    };
    format!("{object} is being deleted; {held}")
}

/// Approves the deletion of an Application's objects, after the workloads have ended that go first.
async fn approve(
    bead: &Bead,
    name: &ObjectRef,
    live: &Value,
    cluster: &Cluster,
    console: &Console,
    deadline: Deadline,
) -> Outcome<()> {
    let requested = str_at(live, "/metadata/deletionTimestamp");
    if annotation(live, argo::APPROVED) == Some(requested) {
        return Ok(());
    }
    if name.name == bead.part_application("application") {
        for workload in &bead.spec.uninstall.first {
            end(workload, &bead.spec.application.namespace, cluster, console, deadline).await?;
        }
        for made in &bead.spec.uninstall.cleaned_up {
            until_cleaned_up(made, cluster, console, deadline).await?;
        }
    }
    if BEHIND.iter().any(|part| name.name == bead.part_application(part.name())) {
        Outside::now(cluster, bead).await?.is_still_empty(bead)?;
    }
    let approval = json!({"metadata": {"annotations": {argo::APPROVED: requested}}});
    match cluster.merge_patch(name, &approval, REQUEST_MANAGER).await {
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault.into()),
        _ => Ok(()),
    }
}

/// Deletes a workload, and waits for the end of its pods.
async fn end(
    workload: &Workload,
    namespace: &str,
    cluster: &Cluster,
    console: &Console,
    deadline: Deadline,
) -> Outcome<()> {
    let name = ObjectRef::new("apps/v1", workload.kind.name(), Some(namespace), &workload.name);
    let Some(live) = cluster.get(&name).await? else { return Ok(()) };
    let selector = live.pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned().unwrap_or_default();
    engine::remove(cluster, console, &[Identity::of(&live)], deadline).await?;
    let pods = ObjectRef::new("v1", "Pod", Some(namespace), "");
    let of_it = |pod: &Value| has_labels(pod, selector.iter().map(|(key, value)| (key, value.as_str())));
    until_none(&pods, of_it, cluster, console, deadline).await?;
    console.done("remove", format!("{name} has ended"));
    Ok(())
}

async fn until_cleaned_up(made: &CleanedUp, cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    let labels = || made.labels.iter().map(|(key, value)| (key, Some(value.as_str())));
    until_none(&ObjectRef::of_kind(&made.kind), |live| has_labels(live, labels()), cluster, console, deadline).await
}

async fn until_none(
    kind: &ObjectRef,
    is_wanted: impl Fn(&Value) -> bool,
    cluster: &Cluster,
    console: &Console,
    deadline: Deadline,
) -> Outcome<()> {
    let look = async || {
        let all: Result<Vec<Value>, Fault> = cluster.list_metadata(kind).await;
        let Some(live) = all?.into_iter().find(&is_wanted) else { return Ok(Poll::Done(())) };
        let why = format!("{} is still there", ObjectRef::of(&live));
        console.waiting("remove", &why, deadline.waited(), deadline.total());
        Ok(Poll::Blocked(why))
    };
    deadline.poll(&format!("the end of every {} of the bead", kind.kind), PAUSE, look).await
}

fn has_labels<'l>(live: &Value, mut labels: impl Iterator<Item = (&'l String, Option<&'l str>)>) -> bool {
    let own = live.pointer("/metadata/labels");
    labels.all(|(key, value)| own.and_then(|own| own.get(key)).and_then(Value::as_str) == value)
}
