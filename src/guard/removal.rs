//! What a removal would delete, orphan or break that the user did not name.

use std::collections::BTreeSet;

use super::hanging::{Hanging, of_crossplane};
use crate::argo;
use crate::argocd::Application;
use crate::engine::Cluster;
use crate::object::{ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::{Hub, Repository};

/// What a removal will take away.
#[derive(Debug, Default)]
pub struct Removal {
    /// The hub's own Applications that exist.
    pub applications: Vec<Application>,
}

/// Looks at everything on the cluster that the removal of this hub would touch, and refuses (with the whole list)
/// when there is anything that its document did not bring.
pub async fn plan_removal(cluster: &Cluster, hub: &Hub, repository: &Repository) -> Outcome<Removal> {
    let own = |it: &Application| is_of(it, hub, repository);
    let repository = repository.url.as_str();
    let (ours, others): (Vec<_>, Vec<_>) =
        cluster.list(&argo::every(argo::APPLICATION)).await?.into_iter().map(Application).partition(own);
    if let Some(cascading) = ours.iter().find(|it| argo::holds_itself(it.name()) && it.cascades()) {
        return Err(Failure::refused(format!(
            "Application {} has a cascade finalizer: its deletion would make Argo CD delete itself half-way",
            cascading.name()
        ))
        .hint("take the finalizer away in git (root/), wait until it is synced, then run again"));
    }
    let mut foreign: Vec<String> = others.iter().map(|it| not_of_this_hub(&it.0, repository)).collect();
    for set in cluster.list(&argo::every(argo::APPLICATION_SET)).await? {
        foreign.push(not_of_this_hub(&set, repository));
    }
    let projects: BTreeSet<&str> =
        hub.spec.components.iter().map(|it| it.project.as_str()).chain([argo::HUB, "default"]).collect();
    for project in cluster.list(&argo::every(argo::PROJECT)).await? {
        if !projects.contains(str_at(&project, "/metadata/name")) {
            foreign.push(not_of_this_hub(&project, repository));
        }
    }
    foreign.extend(Hanging::lines(&of_crossplane(cluster).await?));
    if foreign.is_empty() {
        return Ok(Removal { applications: ours });
    }
    let count = foreign.len();
    Err(Failure::refused(format!(
        "{count} objects depend on this hub that its document did not bring; nothing was removed"
    ))
    .details(foreign)
    .hint(
        "uninstall beads first, each by its own bundle; delete the rest, or move it to another cluster; then run again",
    ))
}

/// An Application of the hub has a name of the hub and reads its repository: the names alone are common.
fn is_of(application: &Application, hub: &Hub, repository: &Repository) -> bool {
    let name = application.name();
    let named = argo::holds_itself(name) || hub.spec.components.iter().any(|it| it.name == name);
    // One repository can hold several hubs, each on its branch.
    let follows = application.follows(&repository.url, &repository.branch);
    named && str_at(&application.0, "/metadata/namespace") == argo::NAMESPACE && follows
}

fn not_of_this_hub(object: &serde_json::Value, repository: &str) -> String {
    format!("{}: not of the hub of {repository}", ObjectRef::of(object))
}
