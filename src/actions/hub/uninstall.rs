//! uninstall of the hub: guard, then removal from the top down, then a look at what is left.
//!
//! Every part recomputes what is left to do from the live cluster, so an interrupted removal resumes. Git is not
//! needed: the repository may be gone already, and it is never touched.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::document::HubFiles;
use super::{access_of_argocd, inventory};
use crate::actions::cluster::connect;
use crate::actions::found::Found;
use crate::argo;
use crate::argocd::Application;
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{self, Cluster, Deadline, Fault, FaultKind, Poll, REQUEST_MANAGER};
use crate::guard::{self, Removal};
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::spec::HubStep;

/// How long one part of the removal may take.
const PART: Duration = Duration::from_secs(180);
/// Removes the hub from the cluster. The repository and the cluster stay.
pub async fn uninstall(step: &HubStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let files = HubFiles::read(&step.file)?;
    access_of_argocd(&step.repository, None)?;
    let cluster = connect(&step.cluster, deadline, console, found).await?;
    let plan = async || guard::plan_removal(&cluster, files.hub(), &step.repository).await;
    let removal = plan().await?;
    if removal.applications.is_empty() && inventory::ours(&cluster).await?.is_empty() {
        console.say("there is no hub on this cluster: nothing to remove");
        return Ok(());
    }
    console.done("guard", "nothing depends on this hub but what its document brought");

    let part = || deadline.at_most(PART);
    freeze(&cluster, &removal).await?;
    // root brings its children back as long as it is there, and a sync of it may be under way. It cascades nothing.
    remove(&cluster, console, &[argo::application(argo::ROOT)], part()).await?;
    console.done("freeze", "root is gone, and automated sync of the rest is off");
    for (wave, applications) in by_wave(&removal.applications).iter().rev() {
        cascade(&cluster, console, applications, part()).await?;
        console.done("remove", format!("wave {wave}: {}", names_of(applications)));
    }
    // What came meanwhile could never be deleted without Argo CD.
    let rest = plan().await?;
    if let Some(late) = rest.applications.iter().find(|it| it.name() != argo::ARGOCD) {
        return Err(Failure::refused(format!("Application {} came while the hub was being removed", late.name()))
            .hint("run again: the removal resumes with it"));
    }
    remove_argocd(&cluster, console, &part).await?;
    remove_definitions(&cluster, console, part()).await?;
    let kept = remove_namespace(&cluster, console, part()).await?;
    look_back(&cluster, kept.is_some()).await?;
    console.done("verify", "nothing of the hub is left on the cluster");
    for line in stays(&cluster, &files, kept).await? {
        console.done("stays", line);
    }
    Ok(())
}

/// Deletes what has these names now, and waits until it is gone.
async fn remove(cluster: &Cluster, console: &Console, names: &[ObjectRef], deadline: Deadline) -> Outcome<usize> {
    let objects = engine::identify(cluster, names).await?;
    engine::remove(cluster, console, &objects, deadline).await
}

/// Automated sync off: the parent first, or it would heal its children back.
async fn freeze(cluster: &Cluster, removal: &Removal) -> Outcome<()> {
    let mut order: Vec<&Application> = removal.applications.iter().collect();
    order.sort_by_key(|it| (it.name() != argo::ROOT, it.name() != argo::ARGOCD, it.name().to_owned()));
    for application in order {
        if application.0.pointer("/spec/syncPolicy/automated").is_some() {
            let off = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}});
            let name = argo::application(application.name());
            ignore_absent(cluster.merge_patch(&name, &off, REQUEST_MANAGER).await)?;
        }
    }
    Ok(())
}

/// The components by their sync wave: the highest is removed first.
fn by_wave(applications: &[Application]) -> BTreeMap<i64, Vec<ObjectRef>> {
    let mut waves: BTreeMap<i64, Vec<ObjectRef>> = BTreeMap::new();
    for application in applications.iter().filter(|it| !argo::holds_itself(it.name())) {
        waves.entry(argo::wave_of(&application.0)).or_default().push(ObjectRef::of(&application.0));
    }
    waves
}

/// Lets Argo CD delete what the Applications manage, and waits for it.
async fn cascade(cluster: &Cluster, console: &Console, names: &[ObjectRef], deadline: Deadline) -> Outcome<()> {
    for name in names {
        while let Some(live) = cluster.get(name).await?.map(Application) {
            if live.cascades() || live.is_being_deleted() {
                break;
            }
            let mut finalizers: Vec<&str> = crate::object::finalizers(&live.0);
            finalizers.push(argo::CASCADE);
            // With the resourceVersion, so that a finalizer that came meanwhile is a conflict, and not lost.
            let version = str_at(&live.0, "/metadata/resourceVersion");
            let patch = json!({"metadata": {"finalizers": finalizers, "resourceVersion": version}});
            match cluster.merge_patch(name, &patch, REQUEST_MANAGER).await {
                Err(fault) if fault.kind == FaultKind::Changed && !deadline.passed() => {} // read again
                answer => ignore_absent(answer)?,
            }
        }
    }
    match remove(cluster, console, names, deadline).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(explain(cluster, failure).await),
    }
}

/// A cascade hangs when the controller that works on it does not run.
async fn explain(cluster: &Cluster, failure: Failure) -> Failure {
    let name = ObjectRef::new("apps/v1", "StatefulSet", Some(argo::NAMESPACE), "argocd-application-controller");
    let Ok(controller) = cluster.get(&name).await else { return failure };
    let controller = controller.unwrap_or_default();
    let runs = readiness(&controller) == Readiness::Ready && controller.pointer("/spec/replicas") != Some(&json!(0));
    if runs {
        return failure;
    }
    failure.hint(format!(
        "{name} does not run, and only it can finish this: bring it back (kubectl apply --server-side \
         --force-conflicts -f argocd/ of the hub repository), then run again"
    ))
}

/// `argocd` (which does not cascade), then everything that Argo CD consists of.
async fn remove_argocd(cluster: &Cluster, console: &Console, part: &impl Fn() -> Deadline) -> Outcome<()> {
    let mut removed = remove(cluster, console, &[argo::application(argo::ARGOCD)], part()).await?;
    let ours = inventory::ours(cluster).await?.into_iter().filter(|it| !it.is_crd() && *it != inventory::namespace());
    let (workloads, rest): (Vec<ObjectRef>, Vec<ObjectRef>) =
        ours.partition(|it| matches!(it.kind.as_str(), "Deployment" | "StatefulSet"));
    // A running Argo CD would make its default project again, so it goes before the projects do.
    removed += remove(cluster, console, &workloads, part()).await?;
    wait_for_pods(cluster, console, part()).await?;
    let projects: Vec<ObjectRef> = cluster.list(&argo::project("")).await?.iter().map(ObjectRef::of).collect();
    removed += remove(cluster, console, &projects, part()).await?;
    removed += remove(cluster, console, &rest, part()).await?;
    console.done("remove", format!("Argo CD: {removed} objects"));
    Ok(())
}

/// A pod works on through its grace period after its Deployment is gone.
async fn wait_for_pods(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    let look = async || {
        let pods = cluster.list_metadata(&ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), "")).await?;
        let part_of_argocd = |it: &&serde_json::Value| {
            it.pointer("/metadata/labels").is_some_and(|labels| {
                labels.get("app.kubernetes.io/name").is_some_and(|name| name.to_string().contains("argocd-"))
            })
        };
        Ok(match pods.iter().find(part_of_argocd) {
            None => Poll::Done(()),
            Some(pod) => {
                let why = format!("{} is ending", ObjectRef::of(pod));
                console.waiting("remove", &why, deadline.waited(), deadline.total());
                Poll::Blocked(why)
            }
        })
    };
    deadline.poll("the end of Argo CD's pods", Duration::from_millis(250), look).await
}

/// The CRDs of Argo CD and of beads, only when no object of theirs exists in any namespace.
async fn remove_definitions(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    let argocd = [argo::APPLICATION, argo::APPLICATION_SET, argo::PROJECT].map(argo::every);
    for kind in argocd.into_iter().chain([ObjectRef::new("backstack.dev/v1alpha1", "Bead", None, "")]) {
        let left = cluster.list(&kind).await?;
        if let Some(first) = left.first() {
            return Err(Failure::failed(format!("{} still exists, so the hub's CRDs stay", ObjectRef::of(first)))
                .hint("it was made while the hub was being removed; delete it and run again"));
        }
    }
    let definitions: Vec<ObjectRef> = inventory::ours(cluster).await?.into_iter().filter(ObjectRef::is_crd).collect();
    let removed = remove(cluster, console, &definitions, deadline).await?;
    console.done("remove", format!("{removed} CRDs without objects"));
    Ok(())
}

/// The namespace, when it was made for the hub and nobody else uses it. Answers why it was kept.
async fn remove_namespace(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<Option<String>> {
    let namespace = inventory::namespace();
    let Some(live) = cluster.metadata(&namespace).await? else { return Ok(None) };
    if !inventory::is_recorded(&live) {
        return Ok(Some(format!("{namespace}: it was there before the hub")));
    }
    let foreign = inventory::foreign(cluster).await?;
    if let Some(first) = foreign.first() {
        let count = foreign.len();
        return Ok(Some(format!("{namespace}: {count} objects of others are in it, such as {first}")));
    }
    remove(cluster, console, &[namespace], deadline).await?;
    console.done("remove", format!("namespace {}", argo::NAMESPACE));
    Ok(None)
}

async fn look_back(cluster: &Cluster, keeps_namespace: bool) -> Outcome<()> {
    let mut left = inventory::ours(cluster).await?;
    left.retain(|it| !(keeps_namespace && *it == inventory::namespace()));
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} objects of the hub are still there", left.len()))
        .details(left.iter().map(ToString::to_string))
        .hint("run again: the removal resumes"))
}

/// What stays on purpose, and why.
async fn stays(cluster: &Cluster, files: &HubFiles, kept: Option<String>) -> Result<Vec<String>, Fault> {
    let mut lines: Vec<String> = kept.into_iter().collect();
    for component in &files.hub().spec.components {
        let namespace = ObjectRef::new("v1", "Namespace", None, &component.namespace);
        if cluster.metadata(&namespace).await?.is_some() {
            lines.push(format!("{namespace}: Argo CD never deletes a namespace it made for a component"));
        }
    }
    lines.push("the hub repository and the cluster".to_owned());
    Ok(lines)
}

fn names_of(applications: &[ObjectRef]) -> String {
    applications.iter().map(|it| it.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn ignore_absent(answer: Result<serde_json::Value, Fault>) -> Result<(), Fault> {
    match answer {
        Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}
