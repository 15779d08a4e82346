//! What another version of a bead would meet on the hub, asked before anything is written.

use super::files::BeadFiles;
use super::on_hub::OnHub;
use crate::document::BeadStep;
use crate::hub::gate;
use crate::render::bead::RenderedBead;
use crate::report::{Console, Outcome};
use crate::upgrade::Plan;

/// What the commit of this version means. Nothing is upgraded by a bead that is not there yet.
pub async fn look(files: &BeadFiles, rendered: &RenderedBead, hub: &OnHub) -> Outcome<Option<Plan>> {
    let name = &files.bead.metadata.name;
    if !hub.repository.beads.contains_key(name) {
        return Ok(None);
    }
    let plan = hub.repository.plan(name, &rendered.tree)?;
    let plan = gate::look(&plan.leaving, &files.steps, &hub.cluster).await?;
    Ok((plan != Plan::default()).then_some(plan))
}

/// Refuses what nobody may do. Nothing is written.
pub async fn refuse(files: &BeadFiles, rendered: &RenderedBead, step: &BeadStep, hub: &OnHub) -> Outcome<()> {
    look(files, rendered, hub).await?.map_or(Ok(()), |plan| gate::refuse(&plan, step.migrate))
}

/// The same before a commit: tells the rest, and rewrites what has to be rewritten first where the step says that it may be.
pub async fn pass(
    files: &BeadFiles,
    rendered: &RenderedBead,
    step: &BeadStep,
    hub: &OnHub,
    console: &Console,
) -> Outcome<()> {
    match look(files, rendered, hub).await? {
        Some(plan) => gate::go_on(&plan, step.migrate, &hub.cluster, console).await,
        None => Ok(()),
    }
}
