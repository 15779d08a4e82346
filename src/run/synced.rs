//! Waiting until Argo CD has synced our commit, or somebody else has pushed on top of it, which the run goes on with then.

use crate::argocd::{self, Goal};
use crate::engine::Cluster;
use crate::git::Access;
use crate::publish;
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
    let synced = Box::pin(argocd::wait_synced(cluster, console, goal));
    let synced = unless_left(synced, access, goal.commit, cluster).await?;
    Ok(synced.map_or(Wait::Overtaken, |()| Wait::Synced))
}

/// What a wait for a commit comes to; nothing where the branch has left the commit before.
pub async fn unless_left<T>(
    wait: impl Future<Output = Outcome<T>>,
    access: &Access,
    commit: &str,
    cluster: &Cluster,
) -> Outcome<Option<T>> {
    tokio::select! {
        reached = wait => reached.map(Some),
        () = publish::left(access, commit, cluster.deadline().end()) => Ok(None),
    }
}

/// Brings a commit to its goal, and where somebody pushes on top of it meanwhile what is there then, as `again` finds it. `bring`
/// is given the commits before it, too, and answers nothing when the branch has left the commit.
pub async fn follow<C, T>(
    mut at: C,
    commit_of: impl Fn(&C) -> &String,
    mut bring: impl AsyncFnMut(&C, &[String]) -> Outcome<Option<T>>,
    again: impl AsyncFn() -> Outcome<C>,
    console: &Console,
) -> Outcome<(C, T)> {
    let mut earlier = Vec::new();
    loop {
        if let Some(reached) = bring(&at, &earlier).await? {
            return Ok((at, reached));
        }
        earlier.push(commit_of(&at).clone());
        at = again().await?;
        console.done("commit", format!("{}  pushed by somebody else meanwhile", commit_of(&at)));
    }
}
