//! `uninstall` of a spoke.

use super::look::Hub;
use crate::actions::found::Found;
use crate::engine::Deadline;
use crate::report::{Console, Failure, Outcome};
use crate::spec::SpokeStep;

/// Takes the spoke out.
pub async fn uninstall(step: &SpokeStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let hub = Hub::of(step, deadline, console, found).await?;
    if hub.spoke(&step.name).is_none() {
        console.done("look", format!("{} is not registered: there is nothing to do", step.name));
        return Ok(());
    }
    Err(Failure::failed("this version takes no spokes out yet"))
}
