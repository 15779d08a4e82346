//! One step of a bundle: the deadline, the signals, the verb, the outputs.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::hub::Found;
use super::{cluster, hub};
use crate::engine::Deadline;
use crate::porter::{Outputs, StepInput};
use crate::report::{Console, Exit, Failure, Outcome};
use crate::spec::{Output, OutputValue};

/// How long a step may take when it does not say.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// Runs the step, and writes its outputs, those that are known also when it failed.
pub fn run(input: &StepInput, outputs: &Outputs, console: &Console) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut found = Found::default();
    let result = runtime.block_on(async {
        tokio::select! {
            result = act(input, console, &mut found) => result,
            interrupted = interruption() => Err(interrupted),
        }
    });
    // Whatever still runs belongs to the dropped work; nothing is sent after this.
    runtime.shutdown_background();
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

/// Ends when the run is asked to end. Porter waits 30 s in all before it kills.
async fn interruption() -> Failure {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    let number = tokio::select! {
        _ = terminate.recv() => 15,
        _ = interrupt.recv() => 2,
    };
    Failure::new(Exit::Interrupted(number), "interrupted").hint("run the same action again: the work resumes")
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
