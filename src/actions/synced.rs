//! Waiting until Argo CD has synced our commit, or somebody else has pushed on top of it.

use crate::argocd;
use crate::engine::Cluster;
use crate::gitops::{self, Access};
use crate::report::{Console, Outcome};

/// How a wait for a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The Applications are Synced and Healthy at it.
    Synced,
    /// The branch has left it, and Argo CD goes with the branch.
    Overtaken,
}

/// Waits until these Applications are Synced and Healthy at the commit, as long as the branch is at it.
pub async fn wait_at(
    commit: &str,
    access: &Access,
    applications: &[String],
    cluster: &Cluster,
    console: &Console,
) -> Outcome<Wait> {
    tokio::select! {
        synced = argocd::wait_synced(cluster, console, applications, commit) => synced.map(|()| Wait::Synced),
        left = gitops::left(access, commit, cluster.deadline().end()) => left.map(|()| Wait::Overtaken),
    }
}

/// Says that the run goes on with the commit of somebody else.
pub fn tell_overtaken(console: &Console, commit: &str) {
    console.done("commit", format!("{commit}  somebody else's, on top of ours"));
}
