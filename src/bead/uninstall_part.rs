//! Waiting until Argo CD has pruned what a commit took away, with what it needs from us on the way: the approval of
//! deletions that were guarded, and the end of controllers that clean up after themselves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::argocd::{Application, Follow};
use crate::document::{Bead, CleanedUp, Workload};
use crate::engine::{self, Cluster, Fault, Poll};
use crate::guard::ExternalResources;
use crate::object::{Identity, ObjectRef, annotation, finalizers, is_being_deleted, str_at};
use crate::render::bead::BEHIND;
use crate::report::{Console, Outcome};
use crate::run::exactly::patch;
use crate::words::argo;
use crate::words::bead::APPLICATION;

/// Between two looks of a wait: it takes minutes, and there may be many at a time. With what is asked of Argo CD on the way
/// that is less than two requests a second.
const PAUSE: Duration = Duration::from_millis(750);

/// What a commit takes away.
pub struct Pruning<'r> {
    /// The bead.
    pub bead: &'r Bead,
    /// The objects that Argo CD prunes.
    pub objects: Vec<ObjectRef>,
    /// The commit.
    pub revision: &'r str,
    /// The Application whose sync of the commit prunes them.
    pub pruned_by: &'r str,
}

/// Waits until all of it is gone, and nothing can bring it back: whoever prunes it is at the commit. Looks at one object
/// after the other, since each may need something; a look is one request, and all requests are at least a pause apart.
pub async fn until_gone(pruning: &Pruning<'_>, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let mut wait = Wait { pruning, cluster, console, follow: Follow::default() };
    let deadline = cluster.deadline();
    let mut standing = pruning.objects.clone();
    loop {
        let mut in_the_way = Vec::new();
        for object in std::mem::take(&mut standing) {
            let Some(live) = cluster.get(&object).await? else { continue };
            wait.help(&object, &live).await?;
            in_the_way.push(describe(&object, &live));
            standing.push(object);
            deadline.pause(PAUSE).await;
        }
        for name in [argo::application(argo::ROOT), argo::application(&pruning.bead.application_name())] {
            if standing.contains(&name) {
                continue; // it was just looked at
            }
            if let Some(live) = cluster.get(&name).await?.map(Application) {
                wait.follow.urge(cluster, &live, pruning.revision).await?;
                if name.name == pruning.pruned_by {
                    in_the_way.extend(live.may_bring_back(pruning.revision));
                }
            }
            if !in_the_way.is_empty() {
                deadline.pause(PAUSE).await;
            }
        }
        let Some(first) = in_the_way.first() else { return Ok(()) };
        let more = if in_the_way.len() > 1 { format!(", and {} more", in_the_way.len() - 1) } else { String::new() };
        if deadline.passed() {
            let what = format!("the removal of everything that commit {} takes away", pruning.revision);
            return Err(deadline.missed(&what).details(in_the_way));
        }
        deadline.tell(console, "prune", format!("{first}{more}"));
    }
}

/// What one wait has seen and done so far.
struct Wait<'w> {
    pruning: &'w Pruning<'w>,
    cluster: &'w Cluster,
    console: &'w Console,
    follow: Follow,
}

impl Wait<'_> {
    /// Gives an Application that goes what it waits for.
    async fn help(&mut self, object: &ObjectRef, live: &Value) -> Outcome<()> {
        if object.kind != argo::APPLICATION {
            return Ok(());
        }
        let application = Application(live.clone());
        if is_being_deleted(live) {
            self.approve(object, live).await?;
            self.follow.old.end(self.cluster, &application, self.pruning.revision, &[]).await?;
        }
        if application.name() == self.pruning.bead.application_name() {
            self.follow.urge(self.cluster, &application, self.pruning.revision).await?; // it prunes its parts
        }
        Ok(())
    }

    /// Approves the deletion of an Application's objects, after the workloads have ended that go first. The look at what stands
    /// behind packages and definitions is the last before the approval: after it nobody can take the deletion back.
    async fn approve(&self, name: &ObjectRef, live: &Value) -> Outcome<()> {
        let bead = self.pruning.bead;
        let requested = str_at(live, "/metadata/deletionTimestamp");
        if annotation(live, argo::APPROVED) == Some(requested) {
            return Ok(());
        }
        if name.name == bead.part_application(APPLICATION) {
            for workload in &bead.spec.uninstall.first {
                self.end(workload).await?;
            }
            for made in &bead.spec.uninstall.cleaned_up {
                self.until_cleaned_up(made).await?;
            }
        }
        if BEHIND.iter().any(|part| name.name == bead.part_application(part.name())) {
            ExternalResources::now(self.cluster, bead).await?.is_still_empty(bead)?;
        }
        let approval = json!({"metadata": {"annotations": {argo::APPROVED: requested}}});
        Ok(patch(self.cluster, &Identity::of(live), approval).await?)
    }

    /// Deletes a workload, and waits for the end of its pods.
    async fn end(&self, workload: &Workload) -> Outcome<()> {
        let namespace = &self.pruning.bead.spec.application.namespace;
        let name = ObjectRef::new("apps/v1", workload.kind.name(), Some(namespace), &workload.name);
        let Some(live) = self.cluster.get(&name).await? else { return Ok(()) };
        let labels = live.pointer("/spec/selector/matchLabels").and_then(Value::as_object).cloned().unwrap_or_default();
        engine::remove(self.cluster, self.console, &[Identity::under(&name, &live)], self.cluster.deadline()).await?;
        let pods = ObjectRef::new("v1", "Pod", Some(namespace), "");
        let of_it = |pod: &Value| has_labels(pod, labels.iter().map(|(key, value)| (key, value.as_str())));
        self.until_none(&pods, of_it).await?;
        self.console.done("remove", format!("{name} has ended"));
        Ok(())
    }

    async fn until_cleaned_up(&self, made: &CleanedUp) -> Outcome<()> {
        let labels = || made.labels.iter().map(|(key, value)| (key, Some(value.as_str())));
        self.until_none(&ObjectRef::of_kind(&made.kind), |live| has_labels(live, labels())).await
    }

    async fn until_none(&self, kind: &ObjectRef, is_wanted: impl Fn(&Value) -> bool) -> Outcome<()> {
        let deadline = self.cluster.deadline();
        let look = async || {
            let all: Result<Vec<Value>, Fault> = self.cluster.list_metadata(kind).await;
            let Some(live) = all?.into_iter().find(&is_wanted) else { return Ok(Poll::Done(())) };
            Ok(deadline.blocked(self.console, "remove", format!("{} is still there", ObjectRef::of(&live))))
        };
        deadline.poll_patiently(&format!("the end of every {} of the bead", kind.kind), look).await
    }
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

fn has_labels<'l>(live: &Value, mut labels: impl Iterator<Item = (&'l String, Option<&'l str>)>) -> bool {
    let own = live.pointer("/metadata/labels");
    labels.all(|(key, value)| own.and_then(|own| own.get(key)).and_then(Value::as_str) == value)
}
