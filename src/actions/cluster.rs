//! The cluster step: adopt a cluster that exists.

use crate::actions::hub::Found;
use crate::engine::{Cluster, Deadline};
use crate::report::{Console, Outcome};
use crate::spec::ClusterStep;

/// Connects to the cluster and says which one it is.
pub async fn adopt(step: &ClusterStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let cluster = Cluster::connect(&step.existing, deadline).await?;
    let facts = cluster.facts().clone();
    console.done("cluster", format!("{} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    found.facts = Some(facts);
    Ok(())
}
