//! Whether there is a bead that an upgrade could bring to another version.

use super::on_hub::OnHub;
use super::state;
use crate::document::{Bead, BeadStep};
use crate::engine::{Cluster, absent};
use crate::report::{Console, Failure, Outcome};
use crate::words::bead::object;

/// Refuses to upgrade what is not there, unless the step says that an upgrade may also bring it. Half of an installation is there.
pub async fn demand(bead: &Bead, step: &BeadStep, place: Result<&OnHub, &Cluster>, console: &Console) -> Outcome<()> {
    let name = &bead.metadata.name;
    let is_there = match place {
        Ok(hub) => hub.repository.beads.contains_key(name) || is_on(&hub.cluster, bead).await?,
        Err(cluster) => is_on(cluster, bead).await?,
    };
    if is_there {
        return Ok(());
    }
    if step.or_install {
        console.done("upgrade", format!("bead {name} is not on this hub yet, and may come by an upgrade"));
        return Ok(());
    }
    Err(Failure::refused(format!("bead {name} is not installed on this hub; nothing was changed")).hint(
        "next: install it; a bundle with several steps, whose newer version brings one more bead, says `orInstall: true` in the step",
    ))
}

async fn is_on(cluster: &Cluster, bead: &Bead) -> Outcome<bool> {
    let record = absent(cluster.metadata(&object(&bead.metadata.name)).await)?.flatten();
    Ok(record.is_some() || !state::applications(bead, cluster).await?.is_empty())
}
