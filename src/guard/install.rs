//! May this cluster become this hub?

use crate::argocd::Application;
use crate::engine::{Cluster, MANAGER, ObjectRef, annotation, ownership, str_at};
use crate::report::{Failure, Outcome};
use crate::spec::ARGOCD_NAMESPACE;

/// Refuses a cluster where an installation would do harm:
///
/// - Applications that wait to be deleted with all they manage: a new Argo CD would finish that (argo-cd 6046);
/// - an Argo CD that somebody else installed;
/// - a hub that follows another repository.
pub async fn check_install(cluster: &Cluster, repository: &str) -> Outcome<()> {
    let applications: Vec<Application> =
        cluster.list(&Application::everywhere()).await?.into_iter().map(Application).collect();
    let pending: Vec<String> = applications
        .iter()
        .filter(|it| it.is_being_deleted() && it.cascades())
        .map(|it| ObjectRef::of(&it.0).to_string())
        .collect();
    if !pending.is_empty() {
        return Err(Failure::refused(
            "Applications are waiting to be deleted; a new Argo CD would delete everything they manage",
        )
        .details(pending)
        .hint("decide for each: remove its finalizer to keep its resources, or let its own Argo CD finish; then run again"));
    }
    if let Some(root) = applications.iter().find(|it| it.name() == "root") {
        let follows = str_at(&root.0, "/spec/source/repoURL");
        if follows != repository {
            return Err(Failure::refused(format!("this cluster is already a hub of {follows}, not of {repository}"))
                .hint("uninstall that hub first, or give the step its repository"));
        }
    }
    let server = ObjectRef::new("apps/v1", "Deployment", Some(ARGOCD_NAMESPACE), "argocd-server");
    if let Some(live) = cluster.metadata(&server).await? {
        let tracked = annotation(&live, "argocd.argoproj.io/tracking-id").is_some_and(|id| id.starts_with("argocd:"));
        let ours = ownership::entries(&live).iter().any(|entry| str_at(entry, "/manager") == MANAGER);
        if !ours && !tracked {
            let managers: Vec<&str> = ownership::entries(&live).iter().map(|entry| str_at(entry, "/manager")).collect();
            return Err(Failure::refused(format!("{server} was installed by somebody else"))
                .details([format!("field managers: {}", managers.join(", "))])
                .hint("a hub is a cluster of its own: use another cluster, or remove that Argo CD first"));
        }
    }
    Ok(())
}
