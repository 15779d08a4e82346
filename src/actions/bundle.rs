//! `bundle run`: a bundle played on this machine.

mod changes;
mod given;
mod memory;

use std::path::Path;

use given::Given;
use memory::Memory;
use serde_json::{Map, Value};

use crate::bundle::{Manifest, Played, Produced, Request, Run};
use crate::cli::BundleRun;
use crate::engine::Whereabouts;
use crate::env;
use crate::process::{Signals, write_private};
use crate::report::{Console, Failure, Outcome, Table, answer, counted, redact};
use crate::run::runtime;

/// What stands in the place of a sensitive output.
const HIDDEN: &str = "*******";

/// Plays the bundle, and hands over its outputs, also those of a run that failed.
pub fn run(line: &BundleRun, as_json: bool) -> Outcome<()> {
    let console = Console::new(env::is_quiet());
    let done = format!("{} of the bundle in {} is done", line.bundle_action, line.folder.display());
    let played = runtime()?.block_on(play(line, &console))?;
    if let Some(folder) = &line.outputs_dir {
        write(&played.outputs, folder)
            .map_err(|error| Failure::failed(format!("failed to write outputs to {}: {error}", folder.display())))?;
    }
    if as_json {
        answer(&format!("{:#}\n", masked(as_object(&played.outputs))))?;
    } else if !played.outputs.is_empty() {
        console.table(&as_table(&played.outputs));
    }
    played.outcome?;
    console.last(played.last_word.unwrap_or(done));
    Ok(())
}

/// Plays the bundle. Before anything of it runs, says which credentials it is given, where a kubeconfig leads, and what an
/// upgrade changes.
async fn play(line: &BundleRun, console: &Console) -> Outcome<Played> {
    let mut signals = Signals::listen()?;
    let manifest = Manifest::in_folder(&line.folder)?;
    let header = &manifest.header;
    let installation = line.name.clone().unwrap_or_else(|| header.name.clone());
    let mut memory = Memory::of(line, &header.name, &installation, console)?;
    let given = Given::gather(line, header, memory.found(), console)?;
    let run = Run::prepare(&manifest, &request(line, &given, installation))?;
    for (name, value) in run.credentials() {
        match Whereabouts::of(value) {
            Some(cluster) => console.say(format!("gives the bundle the credential {name}: {cluster}")),
            None => console.say(format!("gives the bundle the credential {name}")),
        }
    }
    if run.action() == "upgrade" {
        memory.tell_changes(&run, &manifest, console);
    }
    memory.keep(header, &given, line.save, console)?;
    let values = run.modifies().then(|| (run.action().to_owned(), run.values().clone()));
    let mut played = run.play(console, &mut signals).await;
    if let Some((action, values)) = values.filter(|_| played.outcome.is_ok()) {
        played.outcome = memory.keep_values(header, &action, &values);
    }
    Ok(played)
}

fn request(line: &BundleRun, given: &Given, installation: String) -> Request {
    Request {
        action: line.bundle_action.clone(),
        folder: line.folder.clone(),
        parameters: given.parameters.clone(),
        credentials: given.credentials.clone(),
        installation,
        relocation_mapping: line.relocation_mapping.clone(),
        state: line.state.clone(),
    }
}

fn as_object(outputs: &[Produced]) -> Value {
    let shown = |output: &Produced| if output.sensitive { HIDDEN.into() } else { output.value() };
    Value::Object(outputs.iter().map(|output| (output.name.clone(), shown(output))).collect::<Map<_, _>>())
}

/// The values without any secret, masked one by one so that the text stays JSON.
fn masked(value: Value) -> Value {
    match value {
        Value::String(text) => redact(&text).into(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, masked(value))).collect(),
        other => other,
    }
}

/// One line an output.
fn as_table(outputs: &[Produced]) -> Table {
    let mut table = Table::new(["OUTPUT", "TYPE", "VALUE"]);
    for output in outputs {
        let value = if output.sensitive { HIDDEN.to_owned() } else { shown(output) };
        table.row([output.name.clone(), output.kind.clone(), value]);
    }
    table
}

/// A value in one line: half an object says less than what is in it.
fn shown(output: &Produced) -> String {
    const WIDTH: usize = 80;
    match output.value() {
        Value::Object(fields) => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            redact(&format!("{}: {} (whole with -o json)", counted(fields.len(), "field"), names.join(", ")))
        }
        Value::Array(items) => format!("{} (whole with -o json)", counted(items.len(), "item")),
        _ => {
            // Before it is cut: a cut secret is not known again.
            let text = redact(&String::from_utf8_lossy(&output.bytes));
            let line = text.lines().next().unwrap_or_default();
            let shown: String = line.chars().take(WIDTH).collect();
            let rest = if shown.len() < text.trim_end().len() { "…" } else { "" };
            format!("{shown}{rest}")
        }
    }
}

/// Files for their owner only: sensitive outputs are among them.
fn write(outputs: &[Produced], folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for output in outputs {
        write_private(&folder.join(&output.name), &output.bytes)?;
    }
    Ok(())
}
