//! May this cluster become this hub?

use serde_json::Value;

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
/// - an Argo CD that somebody else installed.
pub async fn check_install(cluster: &Cluster, repository: &Repository) -> Outcome<()> {
    let applications = Applications::of(cluster).await?;
    refuse_pending_deletions(&applications)?;
    let root = applications.iter().find(|it| it.holds_hub() && it.name() == argo::ROOT);
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
    for part in [
        ObjectRef::new("apps/v1", "Deployment", Some(argo::NAMESPACE), "argocd-server"),
        ObjectRef::new("v1", "ConfigMap", Some(argo::NAMESPACE), "argocd-cm"),
    ] {
        if let Some(live) = cluster.metadata(&part).await?.filter(|live| !is_of_a_hub(live, is_hub)) {
            let is_headless = !applications.iter().any(|it| it.holds_hub());
            return Err(if is_headless && tracker(&live) == Some(argo::ARGOCD) {
                headless(&part)
            } else {
                installed_by_others(&part, &live)
            });
        }
    }
    Ok(())
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

fn headless(server: &ObjectRef) -> Failure {
    Failure::refused(format!("{server} is of a hub whose Applications root and argocd are gone")).hint(
        "somebody has deleted them: bring root back from the branch of that hub (`kubectl apply --server-side -f \
         root/root.yaml`) and run again; after a broken-off uninstall, run uninstall again",
    )
}

fn installed_by_others(server: &ObjectRef, live: &Value) -> Failure {
    let managers: Vec<&str> = ownership::entries(live).iter().map(|entry| str_at(entry, "/manager")).collect();
    Failure::refused(format!("{server} was installed by somebody else"))
        .details([format!("field managers: {}", managers.join(", "))])
        .hint(
            "a hub is a cluster of its own: use another cluster, or remove that Argo CD first; after a broken-off \
             uninstall, run uninstall again",
        )
}
