//! Where the hub is that follows a branch, as its cluster tells it.

use std::sync::{Arc, Mutex, PoisonError};

/// Where the hub is that follows a branch.
#[derive(Debug, Clone, Default)]
pub struct Since {
    /// The commit that it has synced last; `None` before its first.
    pub commit: Option<String>,
    /// The beads on it.
    pub beads: Vec<String>,
    /// The head of the branch that is accepted whatever its history is, since the user names it.
    pub accepted: Option<String>,
    /// The commits that were seen to go on from there.
    pub known: Arc<Mutex<Vec<String>>>,
}

impl Since {
    /// Remembers a commit that goes on from there, so that what is on top of it does, too.
    pub(crate) fn went_on_to(&self, commit: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).push(commit.to_owned());
    }

    /// The commits on top of which everything goes on from there.
    pub(super) fn known(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().rev().chain(&self.commit).cloned().collect()
    }

    /// What the cluster says of the hub, a line each.
    pub(super) fn tell(&self) -> Vec<String> {
        let commit = self.commit.as_deref().unwrap_or("nothing yet");
        let beads = if self.beads.is_empty() { "none".to_owned() } else { self.beads.join(", ") };
        vec![format!("the hub has synced last: {commit}"), format!("beads on the cluster: {beads}")]
    }
}
