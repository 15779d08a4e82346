//! One step of a bundle: the deadline, the signals, the verb, the outputs.

use std::time::Duration;

use super::hub::Found;
use super::interruption::block_on;
use super::{cluster, hub, outputs};
use crate::engine::Deadline;
use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Exit, Failure, Outcome};
use crate::spec::{Existing, Step};

/// How long a step may take when it does not say.
pub(super) const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs the step, and writes its outputs, those that can be had also when it failed. After a signal nothing is asked of
/// the cluster any more.
pub fn run(input: &StepInput, outputs: &Outputs, console: &Console) -> Outcome<()> {
    let step = &input.step;
    let deadline = Deadline::after(step.timeout.map_or(PATIENCE, |timeout| timeout.0));
    let mut found = Found::default();
    let result = block_on(act(input, deadline, console, &mut found));
    let written = outputs::write_found(&step.outputs, outputs, &found, console);
    if matches!(&result, Err(failure) if matches!(failure.exit, Exit::Interrupted(_))) {
        return result;
    }
    let cluster = cluster_of(step);
    let fields = block_on(outputs::write_fields(&step.outputs, outputs, &cluster, deadline, console, result.is_err()));
    result.and(written).and(fields)
}

/// The cluster that the step is about.
fn cluster_of(step: &Step) -> Existing {
    match (&step.cluster, &step.hub) {
        (Some(cluster), _) => cluster.existing.clone(),
        (None, Some(hub)) => hub.cluster.clone(),
        (None, None) => Existing::default(),
    }
}

async fn act(input: &StepInput, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let step = &input.step;
    let action = input.action.as_str();
    if let Some(cluster_step) = &step.cluster {
        return match action {
            "uninstall" => {
                console.done("cluster", "an adopted cluster is left standing");
                Ok(())
            }
            _ => cluster::adopt(cluster_step, deadline, console, found).await,
        };
    }
    let Some(hub_step) = &step.hub else {
        return Err(Failure::usage("the step has no noun").hint("give it `cluster` or `hub`"));
    };
    match action {
        "install" | "upgrade" => hub::install(hub_step, deadline, console, found).await,
        "uninstall" => hub::uninstall(hub_step, deadline, console, found).await,
        "status" => hub::status(hub_step, deadline, console, found).await,
        "verify" => hub::verify(hub_step, deadline, console, found).await,
        other => Err(Failure::usage(format!("a hub step knows no action `{other}`"))
            .hint("known: install, upgrade, uninstall, status, verify")),
    }
}
