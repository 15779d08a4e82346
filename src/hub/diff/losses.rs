//! What would go with what a commit takes away.

use super::changes::{Change, Counts, OnCluster, Sort};
use crate::run::Losses;

/// What would go, refused where the step does not name it.
pub fn leaves(losses: &Losses, named: &[String]) -> Vec<Change> {
    let change = |loss: crate::guard::Loss| {
        let sort = if loss.is_grave { Sort::Refuse } else { Sort::Remove };
        Change { by: Some("argocd"), why: Some(loss.why), ..Change::new(&loss.object.to_string(), sort) }
    };
    losses.weighed(named).into_iter().map(change).collect()
}

impl OnCluster {
    /// Tells what would go besides, and of what is known already why it does.
    pub fn add_losses(&mut self, losses: Losses, named: &[String]) {
        for change in leaves(&losses, named) {
            self.objects.retain(|it| it.what != change.what);
            self.objects.push(change);
        }
        self.not_looked_at = losses.unseen;
        self.counts = Counts::of(&self.objects);
    }
}
