//! Others push to the branch as well, also while our commit is waited for. Argo CD then goes on to theirs.

use std::time::{Duration, Instant};

use super::access::Access;
use super::git::Git;
use super::publish::{Plan, Published, conflict};
use crate::report::{Failure, Outcome};

/// How often the branch is looked at. A look is one small request to the server of the repository.
const PAUSE: Duration = Duration::from_secs(10);

/// Waits until the branch has left this commit, for ever if it does not. A look that fails tells nothing: whoever reads
/// or writes the repository next will say why.
pub async fn left(access: &Access, commit: &str, deadline: Instant) -> Outcome<()> {
    let git = Git::new(access, deadline).await?;
    loop {
        tokio::time::sleep(PAUSE).await;
        if is_elsewhere(git.head().await, commit) {
            return Ok(());
        }
    }
}

/// Whether the branch has left this commit.
pub async fn has_left(access: &Access, commit: &str, deadline: Instant) -> Outcome<bool> {
    Ok(is_elsewhere(Git::new(access, deadline).await?.head().await, commit))
}

fn is_elsewhere(head: Outcome<Option<String>>, commit: &str) -> bool {
    head.ok().flatten().is_some_and(|head| head != commit)
}

impl Plan {
    /// What the branch holds after somebody has pushed on top of what we have committed. It is not committed again: who
    /// took it back had a reason.
    pub fn kept(self, access: &Access) -> Outcome<Published> {
        let merged = self.merged.map_err(|all| conflict(access, &all))?;
        match self.revision {
            Some(revision) if merged.changes.is_empty() => {
                Ok(Published { revision, committed: false, changed: Vec::new(), tree: merged.tree })
            }
            revision => {
                let by = revision.as_deref().unwrap_or("nothing");
                let lost = merged.changes.iter().map(|change| change.path.clone());
                Err(Failure::failed(format!(
                    "what this run has committed to {access} was taken back meanwhile, by {by}"
                ))
                .details(lost)
                .hint("ask who pushed it; a run commits these files anew"))
            }
        }
    }
}
