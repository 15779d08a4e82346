//! Connecting to the cluster of a step.

use crate::document::Existing;
use crate::engine::Cluster;
use crate::report::{Console, Outcome};
use crate::run::{Found, Run};

/// Connects, and says which cluster it is and where its address was found: before anything is done to it.
pub async fn connect(existing: &Existing, run: &mut Run<'_>) -> Outcome<Cluster> {
    let cluster = Cluster::connect(existing, run.deadline).await?;
    tell(&cluster, run.console, run.found);
    Ok(cluster)
}

/// Says which cluster it is.
pub(super) fn tell(cluster: &Cluster, console: &Console, found: &mut Found) {
    let facts = cluster.facts().clone();
    console.done("cluster", format!("{} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    found.facts = Some(facts);
}
