//! The cluster of a step: the one that exists and is adopted.

use crate::actions::found::Found;
use crate::engine::{Cluster, Deadline};
use crate::report::{Console, Failure, Outcome};
use crate::spec::{ClusterStep, Existing};

/// Connects to the cluster and says which one it is.
pub async fn adopt(step: &ClusterStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let Some(existing) = &step.existing else {
        return Err(Failure::usage("only a cluster that exists can be had yet").hint("give the step `existing`"));
    };
    connect(existing, deadline, console, found).await.map(drop)
}

/// Connects, and says which cluster it is and where its address was found: before anything is done to it.
pub async fn connect(
    existing: &Existing,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<Cluster> {
    let cluster = Cluster::connect(existing, deadline).await?;
    let facts = cluster.facts().clone();
    console.done("cluster", format!("{} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    found.facts = Some(facts);
    Ok(cluster)
}
