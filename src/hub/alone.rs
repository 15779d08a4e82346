//! Whether the cluster is the hub's alone, as it has to be: a hub may do everything on it.

use std::time::Duration;

use crate::argocd::Applications;
use crate::engine::Cluster;
use crate::guard::{CoTenant, co_tenants};
use crate::report::Console;

/// How long the look may take: it is beside what was asked.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most namespaces that are told one by one.
const MOST: usize = 10;

/// Who else works on the cluster, or why nobody could look.
pub struct Company {
    /// What others run, by namespace.
    pub others: Vec<CoTenant>,
    /// Why nobody could look.
    pub not_looked_at: Option<String>,
}

impl Company {
    /// Looks for workloads that neither the system nor the hub has brought. Whoever asks may not be permitted to list them all.
    pub async fn of(cluster: &Cluster, applications: &Applications) -> Self {
        match co_tenants(&cluster.patient_for(PATIENCE), applications).await {
            Ok(others) => Self { others, not_looked_at: None },
            Err(fault) => {
                Self { others: Vec::new(), not_looked_at: Some(format!("who else works on this cluster: {fault}")) }
            }
        }
    }

    /// What people read.
    pub fn tell(&self, console: &Console) {
        if let Some(why) = &self.not_looked_at {
            console.say(format!("warning: not looked at: {why}"));
        }
        if self.others.is_empty() {
            return;
        }
        console.say(
            "warning: this cluster is not the hub's alone: whoever changes the hub can change what others run there",
        );
        for it in self.others.iter().take(MOST) {
            console.say(format!("  {it}"));
        }
        if let Some(more) = self.others.len().checked_sub(MOST).filter(|more| *more > 0) {
            console.say(format!("  and {more} namespaces more"));
        }
    }
}
