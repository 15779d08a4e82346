//! Where the hub is that follows a branch, as its cluster tells it.

/// Where the hub is that follows a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Since {
    /// The commit that its root Application has synced last; `None` before its first.
    pub commit: Option<String>,
    /// The beads on it.
    pub beads: Vec<String>,
    /// A commit from which the branch may go on just as well, since the user names it.
    pub accepted: Option<String>,
}

impl Since {
    /// What the cluster says of the hub, a line each.
    pub(super) fn tell(&self) -> Vec<String> {
        let commit = self.commit.as_deref().unwrap_or("nothing yet");
        let beads = if self.beads.is_empty() { "none".to_owned() } else { self.beads.join(", ") };
        vec![format!("root has synced last: {commit}"), format!("beads on the cluster: {beads}")]
    }
}
