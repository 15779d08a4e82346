//! May this cluster become this hub?

use serde_json::Value;

use super::adopt::Standing;
use super::adopt_holders::is_of_hub;
use crate::argo;
use crate::argocd::{Applications, tracker};
use crate::engine::{Cluster, MANAGER, ownership};
use crate::object::{ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::Repository;

/// Refuses a cluster where an installation would do harm:
///
/// - Applications that wait to be deleted with all they manage: a new Argo CD would finish that (argo-cd 6046);
/// - a hub that follows another repository or branch;
/// - an Argo CD that somebody else installed, unless it is to be adopted. What stands there is the answer then; nothing
///   where there is none, or a hub has brought it.
pub async fn check_install(cluster: &Cluster, repository: &Repository, adopt: bool) -> Outcome<Option<Standing>> {
    let applications = Applications::of(cluster).await?;
    refuse_pending_deletions(&applications)?;
    let root = applications.iter().find(|it| it.holds_hub() && it.name() == argo::ROOT);
    // Somebody else may have an Application of that name.
    let root = root.filter(|it| !adopt || is_of_hub(it));
    if let Some(root) = root {
        let follows = (str_at(&root.0, "/spec/source/repoURL"), str_at(&root.0, "/spec/source/targetRevision"));
        if follows != (repository.url.as_str(), repository.branch.as_str()) {
            return Err(Failure::refused(format!(
                "this cluster is already a hub of {} (branch {}), not of {} (branch {})",
                follows.0, follows.1, repository.url, repository.branch
            ))
            .hint(
                "give the step its repository and branch; where somebody has edited Application argocd/root on the cluster, \
                 put its source back; to make it another hub, uninstall that one first",
            ));
        }
    }
    // After a removal that was broken off root is gone, and argocd still reads the repository.
    let is_hub = applications.iter().any(|it| it.holds_hub() && it.reads(&repository.url));
    if adopt {
        let mut standing = Standing::of(cluster, &applications).await?;
        let server = cluster.metadata(&server()).await?;
        standing.is_of_hub = server.is_some_and(|live| is_of_a_hub(&live, is_hub));
        return Ok(Some(standing).filter(|it| !it.workloads.is_empty()));
    }
    for part in [server(), ObjectRef::new("v1", "ConfigMap", Some(argo::NAMESPACE), "argocd-cm")] {
        if let Some(live) = cluster.metadata(&part).await?.filter(|live| !is_of_a_hub(live, is_hub)) {
            let is_headless = !applications.iter().any(|it| it.holds_hub());
            return Err(if is_headless && tracker(&live) == Some(argo::ARGOCD) {
                headless(&part)
            } else {
                installed_by_others(&part, &Standing::of(cluster, &applications).await?)
            });
        }
    }
    Ok(None)
}

fn refuse_pending_deletions(applications: &Applications) -> Outcome<()> {
    let pending: Vec<String> = applications
        .iter()
        .filter(|it| it.is_being_deleted() && it.cascades())
        .map(|it| ObjectRef::of(&it.0).to_string())
        .collect();
    if pending.is_empty() {
        return Ok(());
    }
    Err(Failure::refused("Applications are waiting to be deleted; a new Argo CD would delete everything they manage")
        .details(pending)
        .hint("decide for each: remove its finalizer to keep its resources, or let its own Argo CD finish; then run again"))
}

/// A bootstrap that has not handed over yet left its manager; after the handover the hub's Applications are there.
fn is_of_a_hub(server: &Value, is_hub: bool) -> bool {
    let bootstrapped = ownership::entries(server).iter().any(|entry| str_at(entry, "/manager") == MANAGER);
    let tracked = tracker(server) == Some(argo::ARGOCD);
    bootstrapped || (tracked && is_hub)
}

fn server() -> ObjectRef {
    ObjectRef::new("apps/v1", "Deployment", Some(argo::NAMESPACE), "argocd-server")
}

fn headless(server: &ObjectRef) -> Failure {
    Failure::refused(format!("{server} is of a hub whose Applications root and argocd are gone")).hint(
        "somebody has deleted them: bring root back from the branch of that hub (`kubectl apply --server-side -f \
         root/root.yaml`) and run again; after a broken-off uninstall, run uninstall again",
    )
}

fn installed_by_others(server: &ObjectRef, found: &Standing) -> Failure {
    Failure::refused(format!("{server} was installed by somebody else"))
        .details(found.lines())
        .hint(
            "to take this Argo CD over with all that it holds, say `adopt: true` in the step; else use another cluster, since a \
             hub is one of its own; after a broken-off uninstall, run uninstall again",
        )
}
