//! May this cluster become this hub?

use serde_json::Value;

use super::adopt::Standing;
use super::adopt_holders::is_of_hub;
use crate::argocd::{Application, Applications, tracker};
use crate::document::Repository;
use crate::engine::{Cluster, Fault, MANAGER, ownership};
use crate::object::{ObjectRef, items, str_at};
use crate::report::{Failure, Outcome};
use crate::schema::{address, is_same_repository, is_surely_same_repository};
use crate::words::argo;

/// Refuses a cluster where an installation would do harm:
///
/// - Applications that wait to be deleted with all they manage: a new Argo CD would finish that (argo-cd 6046);
/// - a hub that follows another repository or branch;
/// - an Argo CD that somebody else installed, unless it is to be adopted. What stands there is the answer then; nothing
///   where there is none, or a hub has brought it.
///
/// `applications` are all of the cluster.
pub async fn check_install(
    cluster: &Cluster,
    applications: &Applications,
    repository: &Repository,
    adopt: bool,
) -> Outcome<Option<Standing>> {
    refuse_pending_deletions(applications)?;
    let root = applications.iter().find(|it| it.holds_hub() && it.name() == argo::ROOT);
    // Somebody else may have an Application of that name.
    let root = root.filter(|it| !adopt || is_of_hub(it));
    root.map_or(Ok(()), |root| check_follows(&root, repository))?;
    // After a removal that was broken off root is gone, and argocd still reads the repository. People may have an Application of
    // that name in the same repository.
    let is_hub = applications.iter().any(|it| is_of_hub(&it) && it.reads(&repository.url));
    if adopt {
        let mut standing = Standing::of(cluster, applications).await?;
        standing.is_of_hub = has_part_of_a_hub(&standing, is_hub, cluster).await?;
        if !standing.is_of_hub {
            refuse_readers(applications, repository)?;
        }
        return Ok(Some(standing).filter(|it| !it.workloads.is_empty()));
    }
    for part in [server(), argo::settings()] {
        if let Some(live) = cluster.metadata(&part).await?.filter(|live| !is_of_a_hub(live, is_hub)) {
            let is_headless = !applications.iter().any(|it| it.holds_hub());
            return Err(if is_headless && tracker(&live) == Some(argo::ARGOCD) {
                headless(&part)
            } else {
                installed_by_others(&part, &Standing::of(cluster, applications).await?)
            });
        }
    }
    Ok(None)
}

/// Refuses a hub that follows another repository or branch than the step names: what is said of the one would be true of another.
pub fn check_follows(root: &Application, repository: &Repository) -> Outcome<()> {
    let follows = (str_at(&root.0, "/spec/source/repoURL"), str_at(&root.0, "/spec/source/targetRevision"));
    if is_surely_same_repository(follows.0, &repository.url) && follows.1 == repository.branch {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "this cluster is already a hub of {} (branch {}), not of {} (branch {})",
        address::shown(follows.0),
        follows.1,
        address::shown(&repository.url),
        repository.branch
    ))
    .hint(
        "give the step its repository and branch; where somebody has edited Application argocd/root on the cluster, \
         put its source back; to make it another hub, uninstall that one first",
    ))
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

/// Whether one of the workloads is of a hub. A take-over that was broken off may have deleted any of them, to make it anew.
async fn has_part_of_a_hub(standing: &Standing, is_hub: bool, cluster: &Cluster) -> Result<bool, Fault> {
    for it in standing.workloads.iter().filter(|it| it.object.namespace.as_deref() == Some(argo::NAMESPACE)) {
        if cluster.metadata(&it.object).await?.is_some_and(|live| is_of_a_hub(&live, is_hub)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An Application of others that reads what the hub is about to commit could bring the hub's objects before it is held, and
/// prune them afterwards.
fn refuse_readers(applications: &Applications, repository: &Repository) -> Outcome<()> {
    let readers = applications.iter().filter(|it| !is_of_hub(it) && reads_branch(it, repository));
    let readers: Vec<String> = readers.map(|it| ObjectRef::of(&it.0).to_string()).collect();
    if readers.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "Applications that are not the hub's read its repository {} (branch {}); nothing was written",
        repository.url, repository.branch
    ))
    .details(readers)
    .hint(
        "give the hub a repository or a branch of its own; where they are the beads of a hub whose Application root is gone, \
         bring that back from its branch (`kubectl apply --server-side -f root/root.yaml`) and run again",
    ))
}

/// Whether one of the sources is the branch of the hub, however the address is written, or whatever branch the server has first.
fn reads_branch(application: &Application, repository: &Repository) -> bool {
    let is_hub = |url: &str| is_same_repository(url.trim_end_matches('/'), repository.url.trim_end_matches('/'));
    let one = application.0.pointer("/spec/source").into_iter();
    one.chain(items(&application.0, "/spec/sources")).any(|it| {
        let revision = str_at(it, "/targetRevision");
        let branch = revision.trim_start_matches("refs/heads/");
        is_hub(str_at(it, "/repoURL")) && (matches!(revision, "" | "HEAD") || branch == repository.branch)
    })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_application_of_others_in_the_repository_of_the_hub_is_seen_however_it_is_written() {
        let repository: Repository =
            serde_json::from_value(json!({"url": "https://git.example.org/me/hub.git"})).expect("a repository");
        let of = |name: &str, project: &str, url: &str, revision: &str| {
            json!({"apiVersion": argo::API, "kind": argo::APPLICATION, "metadata": {"name": name, "namespace": argo::NAMESPACE},
                "spec": {"project": project, "source": {"repoURL": url, "targetRevision": revision}}})
        };
        let refused = |it: Value| refuse_readers(&[it].into_iter().collect(), &repository).is_err();
        let url = repository.url.as_str();
        for (application, expected) in [
            (of("argocd", "default", url, "main"), true),
            (of("shop", "default", "https://git.example.org/me/hub", "HEAD"), true),
            (of("shop", "default", url, "refs/heads/main"), true),
            (of("shop", "default", "https://git.example.org/Me/Hub.git/", "main"), true),
            (of("shop", "default", url, "other"), false),
            (of("shop", "default", "https://git.example.org/me/shop.git", "main"), false),
            (of("argocd", argo::HUB, url, "main"), false),
        ] {
            assert_eq!(refused(application.clone()), expected, "{application}");
        }
    }

    #[test]
    fn what_is_said_of_one_hub_is_not_said_of_another() {
        let root = |branch: &str| {
            let source = json!({"repoURL": "https://git.example.org/me/hub.git", "targetRevision": branch});
            Application(json!({"metadata": {"name": argo::ROOT}, "spec": {"source": source}}))
        };
        let step = |url: &str| -> Repository { serde_json::from_value(json!({"url": url})).expect("a repository") };
        let own = step("https://git.example.org/me/hub.git");
        assert!(check_follows(&root("main"), &own).is_ok());
        for (root, repository) in
            [(root("master"), &own), (root("main"), &step("https://git.example.org/me/other.git"))]
        {
            let failure = check_follows(&root, repository).expect_err("another one");
            assert!(failure.message.starts_with("this cluster is already a hub of"), "{failure}");
        }
    }
}
