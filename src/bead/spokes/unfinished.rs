//! Whether a version is still on its way to waves of spokes, as git says.

use std::time::Duration;

use crate::bead::on_hub::OnHub;
use crate::document::{Bead, BeadStep};
use crate::engine::Cluster;
use crate::publish::bead::HubRepository;
use crate::report::Outcome;

/// How long git may take to say so where nothing else is asked of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says which waves have not got the version of a bead that git has; `None` where all have.
pub fn unfinished(bead: &str, repository: &HubRepository) -> Outcome<Option<String>> {
    let behind = repository.behind(bead)?;
    let noun = if behind.len() == 1 { "wave" } else { "waves" };
    let verb = if behind.len() == 1 { "has" } else { "have" };
    let said =
        || format!("{noun} {} {verb} not got the version of bead {bead} that the first wave has", behind.join(", "));
    Ok((!behind.is_empty()).then(said))
}

/// The same for those who have looked at the cluster alone. A bead without waves needs no git for it.
pub async fn unfinished_in_git(bead: &Bead, step: &BeadStep, cluster: &Cluster) -> Outcome<Option<String>> {
    if bead.spec.spokes.as_ref().is_none_or(|it| it.waves.is_none()) {
        return Ok(None);
    }
    let hub = OnHub::over(step, cluster.patient_for(PATIENCE)).await?;
    unfinished(&bead.metadata.name, &hub.repository)
}
