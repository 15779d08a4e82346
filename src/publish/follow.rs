//! Others push to the branch as well, also while our commit is waited for. Argo CD then goes on to theirs.

use std::time::{Duration, Instant};

use super::hub::{Plan, conflict};
use crate::git::{Access, Git, Published};
use crate::pace::paced;
use crate::report::{Failure, Outcome};

/// How often the branch is looked at. A look is one small request to the server of the repository.
const PAUSE: Duration = Duration::from_secs(10);

/// Waits until the branch has left this commit, for ever if it does not. A look that fails tells nothing: whoever reads
/// or writes the repository next will say why. One look is not enough either: a server that is made of several may answer
/// with what was there before our push.
pub async fn left(access: &Access, commit: &str, deadline: Instant) {
    let mut looks = 0;
    while looks < 2 {
        tokio::time::sleep(paced(PAUSE)).await;
        looks = if has_left(access, commit, deadline).await { looks + 1 } else { 0 };
    }
}

/// Whether the branch has left this commit, as far as can be known.
pub async fn has_left(access: &Access, commit: &str, deadline: Instant) -> bool {
    let head = async { Git::new(access, deadline).await?.head().await };
    head.await.ok().flatten().is_some_and(|head| head != commit)
}

impl Plan {
    /// What the branch holds after somebody has pushed on top of what we have committed. It is not committed again: who
    /// took it back had a reason.
    pub fn kept(self, access: &Access) -> Outcome<Published> {
        let merged = self.merged.map_err(|all| conflict(access, &all))?;
        match self.revision {
            Some(revision) if merged.changes.is_empty() => {
                let (changed, left, unknown) = (Vec::new(), Vec::new(), self.unknown);
                Ok(Published { revision, committed: false, changed, tree: merged.tree, left, unknown })
            }
            revision => {
                let by = revision.as_deref().unwrap_or("nothing");
                let lost = merged.changes.iter().map(|change| change.path.clone());
                Err(Failure::failed(format!(
                    "{access} does not hold any more what this run waits for: {by} changed it"
                ))
                .details(lost)
                .hint("ask who pushed it; another run commits these files anew"))
            }
        }
    }
}
