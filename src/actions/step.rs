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
use crate::run::{Found, Run, block_on, last_word, outputs};
use crate::spoke::{self, SPOKE};

/// Runs the step, and writes its outputs, those that can be had also when it failed. After a signal nothing is asked of
/// the cluster any more.
pub fn run(input: &StepInput, outputs: &Outputs, console: &Console) -> Outcome<()> {
    let step = &input.step;
    withhold(step.variables());
    let deadline = Deadline::after(step.timeout.map_or(STEP_PATIENCE, |timeout| timeout.0));
    let mut found = Found::default();
    let result = block_on(act(input, &mut Run { deadline, console, found: &mut found }));
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

async fn act(input: &StepInput, run: &mut Run<'_>) -> Outcome<()> {
    let step = &input.step;
    let action = input.action.as_str();
    if let (Some(_), Ok(hub::Verb::Help)) = (&step.cluster, HUB.verb(action)) {
        HUB.help(run.console); // the shortest valid step is about a cluster
        return Ok(());
    }
    if let Some(cluster_step) = &step.cluster {
        return cluster::act(action, cluster_step, run).await;
    }
    match (&step.hub, &step.bead, &step.spoke) {
        // The largest of what may be done, on the heap.
        (Some(hub), ..) => Box::pin(act_on_hub(action, hub, run)).await,
        (_, Some(bead), _) => Box::pin(act_on_bead(action, bead, run)).await,
        (.., Some(spoke)) => act_on_spoke(action, spoke, run).await,
        (None, None, None) => {
            Err(Failure::usage("the step has no noun").hint("give it `cluster`, `hub`, `bead` or `spoke`"))
        }
    }
}

async fn act_on_hub(action: &str, step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    match HUB.verb(action)? {
        hub::Verb::Install if step.from == HubSource::Repository => {
            Box::pin(hub::install_from_repository(step, run)).await
        }
        hub::Verb::Install => hub::install(step, Renewal::Keep, run).await,
        hub::Verb::Upgrade if step.back => hub::back(step, run).await,
        hub::Verb::Upgrade => hub::install(step, Renewal::Bring, run).await,
        hub::Verb::Uninstall => hub::uninstall(step, run).await,
        hub::Verb::Status => hub::status(step, run).await,
        hub::Verb::Verify => hub::verify(step, run).await,
        hub::Verb::Recover => hub::recover(step, run).await,
        hub::Verb::Diff if step.back => hub::diff_back(step, run).await,
        hub::Verb::Diff => hub::diff(step, run).await,
        hub::Verb::Logs => hub::logs(step, run).await,
        hub::Verb::Help => {
            HUB.help(run.console);
            Ok(())
        }
    }
}

async fn act_on_bead(action: &str, step: &BeadStep, run: &mut Run<'_>) -> Outcome<()> {
    match BEAD.verb(action)? {
        verb @ (bead::Verb::Install | bead::Verb::Upgrade) if step.check => bead::look_ahead(step, verb, run).await,
        verb @ (bead::Verb::Install | bead::Verb::Upgrade) => Box::pin(bead::install(step, verb, run)).await,
        bead::Verb::Uninstall => bead::uninstall(step, run).await,
        bead::Verb::Diff => bead::diff(step, run).await,
        bead::Verb::Status => bead::status(step, run).await,
        bead::Verb::Verify => bead::verify(step, run).await,
        bead::Verb::Help => {
            BEAD.help(run.console);
            Ok(())
        }
    }
}

async fn act_on_spoke(action: &str, step: &SpokeStep, run: &mut Run<'_>) -> Outcome<()> {
    match SPOKE.verb(action)? {
        spoke::Verb::Install => spoke::install(step, run).await,
        spoke::Verb::Uninstall => spoke::uninstall(step, run).await,
        spoke::Verb::Status => spoke::status(step, run).await,
        spoke::Verb::Verify => spoke::verify(step, run).await,
        spoke::Verb::Help => {
            SPOKE.help(run.console);
            Ok(())
        }
    }
}
