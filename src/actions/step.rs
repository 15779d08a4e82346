//! One step of a bundle: the deadline, the signals, the verb, the outputs.

use std::time::Duration;

use super::hub::{Found, Verb};
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
    if let (Some(_), Ok(Verb::Help)) = (&step.cluster, hub::verb(action)) {
        hub::help(console); // the shortest valid step is about a cluster
        return Ok(());
    }
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
    match hub::verb(action)? {
        Verb::Install => hub::install(hub_step, deadline, console, found).await,
        Verb::Uninstall => hub::uninstall(hub_step, deadline, console, found).await,
        Verb::Status => hub::status(hub_step, deadline, console, found).await,
        Verb::Verify => hub::verify(hub_step, deadline, console, found).await,
        Verb::Diff => hub::diff(hub_step, deadline, console, found).await,
        Verb::Logs => hub::logs(hub_step, deadline, console, found).await,
        Verb::Help => {
            hub::help(console);
            Ok(())
        }
    }
}
