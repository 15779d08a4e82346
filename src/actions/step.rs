//! One step of a bundle: the deadline, the signals, the verb, the outputs.

use std::time::Duration;

use super::hub::Found;
use super::{block_on, cluster, hub};
use crate::engine::Deadline;
use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Failure, Outcome};
use crate::spec::{Output, OutputValue};

/// How long a step may take when it does not say.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs the step, and writes its outputs, those that are known also when it failed.
pub fn run(input: &StepInput, outputs: &Outputs, console: &Console) -> Outcome<()> {
    let mut found = Found::default();
    let result = block_on(act(input, console, &mut found));
    let written = write(&input.step.outputs, outputs, &found);
    result.and(written)
}

async fn act(input: &StepInput, console: &Console, found: &mut Found) -> Outcome<()> {
    let step = &input.step;
    let deadline = Deadline::after(step.timeout.map_or(PATIENCE, |timeout| timeout.0));
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

fn write(wanted: &[Output], outputs: &Outputs, found: &Found) -> Outcome<()> {
    for output in wanted {
        let value = match output.value {
            OutputValue::Proof => found.proof.as_ref().map(|it| serde_json::json!(it).to_string()),
            OutputValue::Status => found.status.as_ref().map(ToString::to_string),
            OutputValue::Url => found.url.clone(),
            OutputValue::Revision => found.revision.clone(),
            OutputValue::ClusterUid => found.facts.as_ref().map(|it| it.uid.clone()),
            OutputValue::ClusterVersion => found.facts.as_ref().map(|it| it.version.clone()),
        };
        if let Some(value) = value {
            outputs.write(&output.name, value.as_bytes())?;
        }
    }
    Ok(())
}
