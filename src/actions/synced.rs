//! Waiting until Argo CD has synced our commit, or somebody else has pushed on top of it.

use crate::argocd::{self, Goal};
use crate::engine::Cluster;
use crate::gitops::{self, Access};
use crate::report::{Console, Outcome};

/// How a wait for a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The goal is reached.
    Synced,
    /// The branch has left it, and Argo CD goes with the branch.
    Overtaken,
}

/// Waits until the goal is reached, as long as the branch is at its commit.
pub async fn wait_for(goal: Goal<'_>, access: &Access, cluster: &Cluster, console: &Console) -> Outcome<Wait> {
    tokio::select! {
        synced = argocd::wait_synced(cluster, console, goal) => synced.map(|()| Wait::Synced),
        () = gitops::left(access, goal.commit, cluster.deadline().end()) => Ok(Wait::Overtaken),
    }
}

/// Says that the run goes on with the commit of somebody else.
pub fn tell_overtaken(console: &Console, commit: &str) {
    console.done("commit", format!("{commit}  pushed by somebody else meanwhile"));
}
