//! One step of a bundle: the deadline, the signals, the verb, the outputs.

use crate::bead::{self, BEAD};
use crate::cluster;
use crate::document::{BeadStep, Existing, HubSource, HubStep, STEP_PATIENCE, SpokeStep, Step};
use crate::engine::Deadline;
use crate::hub::{self, HUB};
use crate::porter::{Outputs, StepInput};
use crate::process::withhold;
use crate::publish::Renewal;
use crate::report::{Console, Exit, Failure, Outcome};
use crate::run::{Found, block_on, last_word, outputs};
use crate::spoke::{self, SPOKE};

/// Runs the step, and writes its outputs, those that can be had also when it failed. After a signal nothing is asked of
/// the cluster any more.
pub fn run(input: &StepInput, outputs: &Outputs, console: &Console) -> Outcome<()> {
    let step = &input.step;
    withhold(step.variables());
    let deadline = Deadline::after(step.timeout.map_or(STEP_PATIENCE, |timeout| timeout.0));
    let mut found = Found::default();
    let result = block_on(act(input, deadline, console, &mut found));
    let written = outputs::write_found(&step.outputs, outputs, &found, console, result.is_err());
    if matches!(&result, Err(failure) if matches!(failure.exit, Exit::Interrupted(_))) {
        return result;
    }
    let cluster = cluster_of(step);
    let fields = block_on(outputs::write_fields(&step.outputs, outputs, &cluster, deadline, console, result.is_err()));
    result.and(written).and(fields)?;
    if let Some(sentence) = last_word(&input.action, step, &found) {
        console.last(sentence);
    }
    Ok(())
}

/// The cluster that the step is about.
fn cluster_of(step: &Step) -> Existing {
    match (&step.cluster, &step.hub, &step.bead, &step.spoke) {
        (Some(step), ..) => cluster::reached_by(step),
        (_, Some(hub), ..) => hub.cluster.clone(),
        (_, _, Some(bead), _) => bead.cluster.clone(),
        (.., Some(spoke)) => spoke.cluster.clone(),
        (None, None, None, None) => Existing::default(),
    }
}

async fn act(input: &StepInput, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let step = &input.step;
    let action = input.action.as_str();
    if let (Some(_), Ok(hub::Verb::Help)) = (&step.cluster, HUB.verb(action)) {
        HUB.help(console); // the shortest valid step is about a cluster
        return Ok(());
    }
    if let Some(cluster_step) = &step.cluster {
        return cluster::act(action, cluster_step, deadline, console, found).await;
    }
    match (&step.hub, &step.bead, &step.spoke) {
        // The largest of what may be done, on the heap.
        (Some(hub), ..) => Box::pin(act_on_hub(action, hub, deadline, console, found)).await,
        (_, Some(bead), _) => Box::pin(act_on_bead(action, bead, deadline, console, found)).await,
        (.., Some(spoke)) => act_on_spoke(action, spoke, deadline, console, found).await,
        (None, None, None) => {
            Err(Failure::usage("the step has no noun").hint("give it `cluster`, `hub`, `bead` or `spoke`"))
        }
    }
}

async fn act_on_hub(
    action: &str,
    step: &HubStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    match HUB.verb(action)? {
        hub::Verb::Install if step.from == HubSource::Repository => {
            Box::pin(hub::install_from_repository(step, deadline, console, found)).await
        }
        hub::Verb::Install => hub::install(step, Renewal::Keep, deadline, console, found).await,
        hub::Verb::Upgrade if step.back => hub::back(step, deadline, console, found).await,
        hub::Verb::Upgrade => hub::install(step, Renewal::Bring, deadline, console, found).await,
        hub::Verb::Uninstall => hub::uninstall(step, deadline, console, found).await,
        hub::Verb::Status => hub::status(step, deadline, console, found).await,
        hub::Verb::Verify => hub::verify(step, deadline, console, found).await,
        hub::Verb::Recover => hub::recover(step, deadline, console, found).await,
        hub::Verb::Diff if step.back => hub::diff_back(step, deadline, console, found).await,
        hub::Verb::Diff => hub::diff(step, deadline, console, found).await,
        hub::Verb::Logs => hub::logs(step, deadline, console, found).await,
        hub::Verb::Help => {
            HUB.help(console);
            Ok(())
        }
    }
}

async fn act_on_bead(
    action: &str,
    step: &BeadStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    match BEAD.verb(action)? {
        verb @ (bead::Verb::Install | bead::Verb::Upgrade) if step.check => {
            bead::look_ahead(step, verb, deadline, console, found).await
        }
        verb @ (bead::Verb::Install | bead::Verb::Upgrade) => {
            Box::pin(bead::install(step, verb, deadline, console, found)).await
        }
        bead::Verb::Uninstall => bead::uninstall(step, deadline, console, found).await,
        bead::Verb::Diff => bead::diff(step, deadline, console, found).await,
        bead::Verb::Status => bead::status(step, deadline, console, found).await,
        bead::Verb::Verify => bead::verify(step, deadline, console, found).await,
        bead::Verb::Help => {
            BEAD.help(console);
            Ok(())
        }
    }
}

async fn act_on_spoke(
    action: &str,
    step: &SpokeStep,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    match SPOKE.verb(action)? {
        spoke::Verb::Install => spoke::install(step, deadline, console, found).await,
        spoke::Verb::Uninstall => spoke::uninstall(step, deadline, console, found).await,
        spoke::Verb::Status => spoke::status(step, deadline, console, found).await,
        spoke::Verb::Verify => spoke::verify(step, deadline, console, found).await,
        spoke::Verb::Help => {
            SPOKE.help(console);
            Ok(())
        }
    }
}
