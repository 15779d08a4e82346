//! uninstall of the hub: guard, then removal from the top down, then a look at what is left.
//!
//! Every part recomputes what is left to do from the live cluster, so an interrupted removal resumes. Git is not
//! needed: the repository may be gone already, and it is never touched.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::document::HubFiles;
use super::{Found, access_of_argocd};
use crate::argocd::Application;
use crate::engine::{
    self, CREDENTIALS_MANAGER, Cluster, Deadline, Fault, FaultKind, MANAGER, ObjectRef, annotation, ownership, str_at,
};
use crate::guard;
use crate::report::{Console, Failure, Outcome};
use crate::spec::ARGOCD_NAMESPACE;
use crate::spec::HubStep;

/// How long one part of the removal may take.
const PART: Duration = Duration::from_secs(180);
/// With it Argo CD deletes what the Application manages, and waits until it is gone.
const CASCADE: &str = "resources-finalizer.argocd.argoproj.io/foreground";
const ARGOCD_API: &str = "argoproj.io/v1alpha1";

/// Removes the hub from the cluster. The repository and the cluster stay.
pub async fn uninstall(step: &HubStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let files = HubFiles::read(&step.file)?;
    access_of_argocd(&step.repository, None)?;
    let cluster = Cluster::connect(&step.cluster, deadline).await?;
    found.facts = Some(cluster.facts().clone());
    let names = files.applications();
    let plan = guard::plan_removal(&cluster, &names, &step.repository.url).await?;
    if !plan.argocd_present && ours(&cluster).await?.is_empty() {
        console.say("there is no hub on this cluster: nothing to remove");
        return Ok(());
    }
    console.done("guard", "nothing depends on this hub but what its document brought");

    let part = || deadline.at_most(PART);
    freeze(&cluster, &plan.applications).await?;
    console.done("freeze", "automated sync is off, from root down");
    let components = by_wave(&plan.applications);
    for (wave, applications) in components.iter().rev() {
        cascade(&cluster, console, applications, part()).await?;
        console.done("remove", format!("wave {wave}: {}", names_of(applications)));
    }
    let removed = remove_argocd(&cluster, console, &part).await?;
    console.done("remove", format!("Argo CD: {removed} objects"));
    remove_definitions(&cluster, console, part()).await?;
    let kept = remove_namespace(&cluster, console, part()).await?;

    let left = ours(&cluster).await?;
    if !left.is_empty() {
        return Err(Failure::failed(format!("{} objects of the hub are still there", left.len()))
            .details(left.iter().map(ToString::to_string))
            .hint("run again: the removal resumes"));
    }
    console.done("verify", "nothing of the hub is left on the cluster");
    let namespaces: Vec<&str> =
        files.hub().spec.components.iter().map(|component| component.namespace.as_str()).collect();
    for line in stays(&cluster, &namespaces, kept).await? {
        console.done("stays", line);
    }
    Ok(())
}

/// Automated sync off: the parent first, or it would heal its children back.
async fn freeze(cluster: &Cluster, applications: &[Application]) -> Outcome<()> {
    let mut order: Vec<&Application> = applications.iter().collect();
    order.sort_by_key(|it| (it.name() != "root", it.name() != "argocd", it.name().to_owned()));
    for application in order {
        if application.0.pointer("/spec/syncPolicy/automated").is_some() {
            let off = json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}});
            ignore_absent(cluster.merge_patch(&Application::reference(application.name()), &off).await)?;
        }
    }
    Ok(())
}

/// The components by their sync wave: the highest is removed first.
fn by_wave(applications: &[Application]) -> BTreeMap<i64, Vec<ObjectRef>> {
    let mut waves: BTreeMap<i64, Vec<ObjectRef>> = BTreeMap::new();
    for application in applications.iter().filter(|it| !matches!(it.name(), "root" | "argocd")) {
        let wave = annotation(&application.0, "argocd.argoproj.io/sync-wave").and_then(|it| it.parse().ok());
        waves.entry(wave.unwrap_or_default()).or_default().push(ObjectRef::of(&application.0));
    }
    waves
}

/// Lets Argo CD delete what the Applications manage, and waits for it.
async fn cascade(cluster: &Cluster, console: &Console, names: &[ObjectRef], deadline: Deadline) -> Outcome<()> {
    for name in names {
        let Some(live) = cluster.get(name).await?.map(Application) else { continue };
        if !live.cascades() {
            let mut finalizers: Vec<&str> = engine::finalizers(&live.0);
            finalizers.push(CASCADE);
            let patch = json!({"metadata": {"finalizers": finalizers}});
            ignore_absent(cluster.merge_patch(name, &patch).await)?;
        }
    }
    match engine::remove(cluster, console, names, deadline).await {
        Ok(_) => Ok(()),
        Err(failure) => Err(explain(cluster, failure).await),
    }
}

/// A cascade hangs when the controller that works on it does not run.
async fn explain(cluster: &Cluster, failure: Failure) -> Failure {
    let controller = ObjectRef::new("apps/v1", "StatefulSet", Some(ARGOCD_NAMESPACE), "argocd-application-controller");
    match cluster.get(&controller).await {
        Ok(Some(live)) => match engine::ready::readiness(&live) {
            engine::ready::Readiness::Ready if live.pointer("/spec/replicas") != Some(&json!(0)) => failure,
            _ => failure.hint(format!("{controller} does not run; bring it back, then run again: the work resumes")),
        },
        _ => failure.hint(format!("{controller} is gone; install again to bring it back, then uninstall")),
    }
}

/// root and argocd (which do not cascade), the projects after them, then everything that Argo CD consists of.
async fn remove_argocd(cluster: &Cluster, console: &Console, part: &impl Fn() -> Deadline) -> Outcome<usize> {
    let applications = ["root", "argocd"].map(Application::reference);
    let mut removed = engine::remove(cluster, console, &applications, part()).await?;
    let ours = ours(cluster).await?;
    let (workloads, rest): (Vec<ObjectRef>, Vec<ObjectRef>) = ours
        .into_iter()
        .filter(|it| !it.is_crd() && it.kind != "Namespace")
        .partition(|it| matches!(it.kind.as_str(), "Deployment" | "StatefulSet"));
    // A running Argo CD would make its default project again, so it goes before the projects do.
    removed += engine::remove(cluster, console, &workloads, part()).await?;
    removed += engine::remove(cluster, console, &projects(cluster).await?, part()).await?;
    removed += engine::remove(cluster, console, &rest, part()).await?;
    Ok(removed)
}

async fn projects(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let all = cluster.list(&ObjectRef::new(ARGOCD_API, "AppProject", Some(ARGOCD_NAMESPACE), "")).await?;
    Ok(all.iter().map(ObjectRef::of).collect())
}

/// Argo CD's CRDs, only when no object of theirs exists in any namespace.
async fn remove_definitions(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<()> {
    for kind in ["Application", "ApplicationSet", "AppProject"] {
        let left = cluster.list(&ObjectRef::new(ARGOCD_API, kind, None, "")).await?;
        if let Some(first) = left.first() {
            return Err(Failure::refused(format!("{} still exists, so Argo CD's CRDs stay", ObjectRef::of(first)))
                .hint("it was made while the hub was being removed; delete it and run again"));
        }
    }
    let definitions: Vec<ObjectRef> = ours(cluster).await?.into_iter().filter(ObjectRef::is_crd).collect();
    let removed = engine::remove(cluster, console, &definitions, deadline).await?;
    console.done("remove", format!("{removed} CRDs without objects"));
    Ok(())
}

/// The namespace, when we made it and nobody else uses it. Answers why it was kept.
async fn remove_namespace(cluster: &Cluster, console: &Console, deadline: Deadline) -> Outcome<Option<String>> {
    let namespace = ObjectRef::new("v1", "Namespace", None, ARGOCD_NAMESPACE);
    let Some(live) = cluster.metadata(&namespace).await? else { return Ok(None) };
    if !is_ours(&live) {
        return Ok(Some(format!("{namespace}: it was not made by this hub")));
    }
    let foreign = foreign_in_namespace(cluster).await?;
    if let Some(first) = foreign.first() {
        let count = foreign.len();
        return Ok(Some(format!("{namespace}: {count} objects of others are in it, such as {first}")));
    }
    engine::remove(cluster, console, &[namespace], deadline).await?;
    console.done("remove", format!("namespace {ARGOCD_NAMESPACE}"));
    Ok(None)
}

async fn foreign_in_namespace(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let mut foreign = Vec::new();
    for (api_version, kind) in NAMESPACED.iter().chain(&[("v1", "PersistentVolumeClaim"), ("batch/v1", "Job")]) {
        for live in cluster.list(&ObjectRef::new(api_version, kind, Some(ARGOCD_NAMESPACE), "")).await? {
            let name = str_at(&live, "/metadata/name");
            let by_kubernetes =
                matches!((*kind, name), ("ConfigMap", "kube-root-ca.crt") | ("ServiceAccount", "default"));
            if !by_kubernetes && !is_ours(&live) && !made_by_argocd(&live) {
                foreign.push(ObjectRef::of(&live));
            }
        }
    }
    Ok(foreign)
}

/// Secrets that Argo CD writes for itself at run time (argo-cd `util/settings`, `redis-initial-password`).
fn made_by_argocd(live: &serde_json::Value) -> bool {
    matches!(str_at(live, "/metadata/name"), "argocd-initial-admin-secret" | "argocd-redis")
}

const NAMESPACED: &[(&str, &str)] = &[
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
];

const CLUSTER_SCOPED: &[(&str, &str)] = &[
    ("v1", "Namespace"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
];

/// Everything on the cluster that is this hub's Argo CD.
async fn ours(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let mut all = Vec::new();
    let namespaced = NAMESPACED.iter().map(|(version, kind)| ObjectRef::new(version, kind, Some(ARGOCD_NAMESPACE), ""));
    let scoped = CLUSTER_SCOPED.iter().map(|(version, kind)| ObjectRef::new(version, kind, None, ""));
    for kind in namespaced.chain(scoped) {
        let live = cluster.list(&kind).await?;
        all.extend(live.iter().filter(|it| is_ours(it)).map(ObjectRef::of));
    }
    Ok(all)
}

/// Tracked by the Application `argocd`, or still owned by the bootstrap. A CRD gets no tracking annotation: those of
/// Argo CD are known by their group.
fn is_ours(live: &serde_json::Value) -> bool {
    let tracked = annotation(live, "argocd.argoproj.io/tracking-id").is_some_and(|id| id.starts_with("argocd:"));
    let managed =
        ownership::entries(live).iter().any(|entry| matches!(str_at(entry, "/manager"), MANAGER | CREDENTIALS_MANAGER));
    let definition = ObjectRef::of(live).is_crd()
        && str_at(live, "/spec/group") == "argoproj.io"
        && ownership::entries(live).iter().any(|entry| str_at(entry, "/manager") == engine::ARGOCD_MANAGER);
    tracked || managed || definition
}

/// What stays on purpose, and why.
async fn stays(cluster: &Cluster, namespaces: &[&str], kept: Option<String>) -> Result<Vec<String>, Fault> {
    let mut lines: Vec<String> = kept.into_iter().collect();
    for name in namespaces {
        let namespace = ObjectRef::new("v1", "Namespace", None, name);
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
