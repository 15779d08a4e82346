//! What was planned is done.

use std::fmt;
use std::sync::atomic::Ordering;

use super::plan::Plan;
use super::workplace::OpenTofu;
use crate::report::Outcome;

/// How many resources were changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    /// Made, those that were made anew among them.
    pub added: u64,
    /// Changed where they are.
    pub changed: u64,
    /// Destroyed, those that were made anew among them.
    pub removed: u64,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} made, {} changed, {} destroyed", self.added, self.changed, self.removed)
    }
}

impl OpenTofu<'_> {
    /// Does what was planned, and no more: where the state has changed since, nothing. Whatever has been made when this ends is
    /// in the state, also where it fails; a signal and the deadline are waited out.
    pub async fn apply(&self, plan: Plan) -> Outcome<Done> {
        // No second copy of what is secret in it beside the state.
        let own = ["-backup=-".to_owned(), plan.file.display().to_string()];
        let said = self.run("apply", self.common_arguments().chain(own)).await?;
        self.torn.store(said.is_torn(), Ordering::Relaxed);
        let said = said.outcome()?;
        let done = Done { added: said.counts.add, changed: said.counts.change, removed: said.counts.remove };
        self.console.done("apply", done.to_string());
        Ok(done)
    }

    /// Whether the last apply was killed, so that what it was at may be missing in the state.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.torn.load(Ordering::Relaxed)
    }
}
