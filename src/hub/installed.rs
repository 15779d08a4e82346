//! Whether there is a hub that an upgrade could bring to another version.

use super::access;
use crate::document::Repository;
use crate::engine::{Cluster, absent};
use crate::git::GitCredential;
use crate::guard::Standing;
use crate::publish;
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// Refuses to upgrade what is not there. An installation that was broken off is there from its commit on, whatever is on the cluster.
pub async fn demand(
    repository: &Repository,
    credential: Option<GitCredential>,
    standing: Option<&Standing>,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    // Others may have an Application of that name.
    let is_of_others = standing.is_some_and(|it| !it.is_of_hub);
    let root = absent(cluster.metadata(&argo::application(argo::ROOT)).await)?.flatten();
    if root.is_some() && !is_of_others {
        return Ok(());
    }
    let access = access(repository, credential)?;
    if publish::read_tree(&access, cluster.deadline().end()).await?.is_none() {
        return Err(Failure::refused(format!(
            "the hub is not installed: Application argocd/{} of a hub is not on this cluster, and {access} holds none; \
             nothing was changed",
            argo::ROOT
        ))
        .hint("next: install it"));
    }
    console.done("upgrade", "the hub is in git and not on this cluster: it is brought there");
    Ok(())
}
