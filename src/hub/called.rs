//! Whether the hub on a cluster is the one that the bundle is of. Another one may follow the very same branch by mistake: what is
//! said of it would be said of the wrong hub, and a removal would take it.

use std::time::Duration;

use super::document::HubFiles;
use super::{access_of_argocd, credential, inventory};
use crate::argocd::Application;
use crate::document::Repository;
use crate::engine::{Cluster, absent};
use crate::report::{Console, Failure, Outcome};
use crate::run::secrets::git_credential;
use crate::words::argo;
use crate::{hub_repository, publish};

/// How long git may take, which is asked only where the cluster does not say.
const GIT: Duration = Duration::from_secs(10);

/// Refuses the bundle of another hub than the one that is there. Where neither the cluster nor git says what that is called, it is
/// told that nobody looked.
pub async fn refuse_another(
    files: &HubFiles,
    repository: &Repository,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    let bundle = files.hub().metadata.name.as_str();
    // Whoever may not read it may look at the hub all the same.
    let namespace = absent(cluster.metadata(&inventory::namespace()).await).ok().flatten().flatten();
    let on_cluster = namespace.as_ref().and_then(inventory::made_for);
    // Of a hub that follows another branch others say so.
    if on_cluster == Some(bundle) || !follows(repository, cluster).await? {
        return Ok(());
    }
    // A namespace that was there before the hub says nothing.
    let (there, says) = match (in_git(repository, cluster).await, on_cluster) {
        (Ok(Some(name)), _) => (name, "hub.yaml of its repository"),
        (_, Some(name)) => (name.to_owned(), "the annotation of namespace argocd"),
        (answer, None) => {
            let why = answer
                .err()
                .map_or_else(|| "its document in git is not as it was rendered".to_owned(), |it| it.message);
            console.say(format!("warning: not looked at: whether the hub on this cluster is {bundle}: {why}"));
            return Ok(());
        }
    };
    if there == bundle {
        return Ok(());
    }
    Err(Failure::refused(format!("the hub on this cluster is {there}, and the bundle is of hub {bundle}"))
        .details([format!("{says}: {there}"), format!("`metadata.name` of the bundle: {bundle}")])
        .hint(format!("take the bundle of hub {there}, or the kubeconfig of hub {bundle}")))
}

/// Whether one of the Applications by which a hub holds itself is there, and follows this branch.
async fn follows(repository: &Repository, cluster: &Cluster) -> Outcome<bool> {
    for name in [argo::ROOT, argo::ARGOCD] {
        let live = absent(cluster.get(&argo::application(name)).await)?.flatten().map(Application);
        if live.is_some_and(|it| it.follows(&repository.url, &repository.branch)) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn in_git(repository: &Repository, cluster: &Cluster) -> Outcome<Option<String>> {
    // A removal gives none, and is not kept from its work by one that is not there.
    let given = git_credential("repository.pull", repository.pull.as_ref()).ok().flatten();
    let access = access_of_argocd(repository, credential::given_or_kept(given, cluster).await?)?;
    let there = publish::read_tree(&access, cluster.deadline().at_most(GIT).end()).await?;
    Ok(there.and_then(|it| hub_repository::hub_name(&it.tree)))
}
