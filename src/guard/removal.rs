//! What a removal would delete, orphan or break that the user did not name.

use std::collections::BTreeSet;

use crate::argocd::Application;
use crate::engine::{Cluster, ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::ARGOCD_NAMESPACE;

/// The Crossplane categories of objects behind which something outside of the cluster lives.
const CROSSPLANE: &[&str] = &["claim", "composite", "managed"];

/// What a removal will take away, Application by Application.
#[derive(Debug, Default)]
pub struct Removal {
    /// The hub's own Applications that exist.
    pub applications: Vec<Application>,
    /// Whether Argo CD's kinds are served at all.
    pub argocd_present: bool,
}

/// Looks at everything on the cluster that the removal of this hub would touch, and refuses (with the whole list)
/// when there is anything that its document did not bring.
pub async fn plan_removal(cluster: &Cluster, own: &[String], repository: &str) -> Outcome<Removal> {
    let mut foreign = Vec::new();
    let applications: Vec<Application> =
        cluster.list(&Application::everywhere()).await?.into_iter().map(Application).collect();
    if let Some(root) = applications.iter().find(|it| is_ours(it, own) && it.name() == "root") {
        let follows = str_at(&root.0, "/spec/source/repoURL");
        if follows != repository {
            return Err(Failure::refused(format!("this cluster is a hub of {follows}, not of {repository}"))
                .hint("give the step the repository that this hub follows"));
        }
    }
    let (ours, others): (Vec<_>, Vec<_>) = applications.into_iter().partition(|it| is_ours(it, own));
    foreign.extend(others.iter().map(|it| format!("{}: not of this hub", ObjectRef::of(&it.0))));
    let sets = cluster.list(&ObjectRef::new("argoproj.io/v1alpha1", "ApplicationSet", None, "")).await?;
    foreign.extend(sets.iter().map(|it| format!("{}: not of this hub", ObjectRef::of(it))));
    let own_projects: BTreeSet<&str> = ours.iter().map(|it| str_at(&it.0, "/spec/project")).collect();
    for project in cluster.list(&ObjectRef::new("argoproj.io/v1alpha1", "AppProject", None, "")).await? {
        let name = str_at(&project, "/metadata/name");
        let made_by_argocd = name == "default";
        if !made_by_argocd && !own_projects.contains(name) && name != "hub" {
            foreign.push(format!("{}: not of this hub", ObjectRef::of(&project)));
        }
    }
    for kind in cluster.kinds_in(CROSSPLANE).await? {
        for object in cluster.list(&kind).await? {
            foreign.push(format!("{}: Crossplane would delete or orphan what is behind it", ObjectRef::of(&object)));
        }
    }
    if foreign.is_empty() {
        let namespace = cluster.metadata(&ObjectRef::new("v1", "Namespace", None, ARGOCD_NAMESPACE)).await?;
        return Ok(Removal { argocd_present: namespace.is_some() || !ours.is_empty(), applications: ours });
    }
    let count = foreign.len();
    Err(Failure::refused(format!(
        "{count} objects depend on this hub that its document did not bring; nothing was removed"
    ))
    .details(foreign)
    .hint("delete them first, or move them to another cluster, then run again"))
}

fn is_ours(application: &Application, own: &[String]) -> bool {
    str_at(&application.0, "/metadata/namespace") == ARGOCD_NAMESPACE
        && own.iter().any(|name| name == application.name())
}
