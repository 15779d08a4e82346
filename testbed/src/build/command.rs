//! A long command: its output goes to a log, its time to the person.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::tail;
use crate::progress::Step;

/// Runs a command to its end; `doing` and `done` are what is said about it meanwhile and after.
pub fn run(command: &Command, log: &Path, doing: &str, done: &str) -> Result<()> {
    let step = Step::begin(doing);
    run_within(&step, command, log, doing, || Ok(String::new()))?;
    step.end(done);
    Ok(())
}

/// Runs a command as a part of a step; `look` sees what it has done so far, and says what it is at.
///
/// The command ends with us, even when we are killed: nobody would look at its result.
pub fn run_within(
    step: &Step,
    command: &Command,
    log: &Path,
    doing: &str,
    look: impl Fn() -> Result<String>,
) -> Result<()> {
    let file = File::create(log).with_context(|| format!("failed to create {}", log.display()))?;
    let mut child = below_us(command)
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        .spawn()
        .with_context(|| format!("failed to start {}", command.get_program().display()))?;
    let status = attend(&mut child, || {
        step.tick(&look()?);
        Ok(())
    })?;
    if !status.success() {
        bail!("{doing} failed ({status}); the end of {}:\n{}", log.display(), tail(log, 15));
    }
    Ok(())
}

/// Waits for a child, and looks around meanwhile.
pub fn attend(child: &mut Child, look: impl Fn() -> Result<()>) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().context("failed to wait for a child")? {
            return Ok(status);
        }
        look()?;
        sleep(Duration::from_millis(100));
    }
}

fn below_us(command: &Command) -> Command {
    let mut wrapped = Command::new("setpriv");
    wrapped.args(["--pdeathsig", "TERM", "--"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        wrapped.current_dir(dir);
    }
    wrapped
}
