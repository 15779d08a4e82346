//! A run driver for Porter that needs no images: the bundle's own files in a sandbox whose
//! "image" is this host's programs, read-only.
//!
//! Porter starts it as `cnab-backstack-testbed` with the operation as JSON on stdin, and reads
//! outputs from the directory in `CNAB_OUTPUT_DIR`. It is started in the bundle's directory,
//! which [`BUNDLE_VARIABLE`] may name as well.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use tokio::process::Child;
use tokio::signal::unix::{SignalKind, signal};

use super::sandbox::Sandbox;

/// The driver's name, as `porter install --driver NAME` has it.
pub const NAME: &str = "backstack-testbed";
/// The program that Porter looks for.
pub const PROGRAM: &str = "cnab-backstack-testbed";
/// Names the bundle's directory when Porter is not started in it.
pub const BUNDLE_VARIABLE: &str = "BACKSTACK_TESTBED_BUNDLE";

/// What Porter asks for; only what a sandbox can use.
#[derive(Debug, Deserialize)]
struct Operation {
    #[serde(default)]
    environment: Option<BTreeMap<String, String>>,
    #[serde(default)]
    files: Option<BTreeMap<String, String>>,
    /// Output names by their path in the container.
    #[serde(default)]
    outputs: Option<BTreeMap<String, String>>,
}

/// Does what Porter asks this driver for, and returns the exit code.
pub fn main(args: &[OsString]) -> Result<u8> {
    if args.iter().any(|arg| arg == "--handles") {
        writeln!(io::stdout(), "docker,oci")?;
        return Ok(0);
    }
    let operation: Operation = serde_json::from_reader(io::stdin().lock()).context("the operation is no JSON")?;
    let bundle = match env::var_os(BUNDLE_VARIABLE) {
        Some(dir) => PathBuf::from(dir),
        None => env::current_dir().context("failed to find the bundle's directory")?,
    };
    ensure!(
        bundle.join(".cnab/app/run").exists(),
        "{} has no built bundle\nhint: this driver runs no images, only bundles built in a \
         directory; name it with {BUNDLE_VARIABLE}",
        bundle.display()
    );
    let sandbox = Sandbox::create(&bundle, &operation.files.unwrap_or_default())?;
    let status = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("failed to start the runtime")?
        .block_on(run(&sandbox, &operation.environment.unwrap_or_default()))?;
    if let Some(dir) = env::var_os("CNAB_OUTPUT_DIR") {
        for path in operation.outputs.unwrap_or_default().keys() {
            collect(&sandbox, path, Path::new(&dir))?;
        }
    }
    Ok(code(status))
}

/// Runs the bundle to its end, and hands on the wish to end earlier.
async fn run(sandbox: &Sandbox, environment: &BTreeMap<String, String>) -> Result<ExitStatus> {
    let mut child = sandbox.spawn(environment)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    loop {
        tokio::select! {
            status = child.wait() => return status.context("failed to wait for the sandbox"),
            _ = terminate.recv() => ask_to_end(&child),
            _ = interrupt.recv() => ask_to_end(&child),
        }
    }
}

/// Asks the bundle's own first process: the sandbox's keeper would just go, and take it along.
fn ask_to_end(child: &Child) {
    let Some(keeper) = child.id() else {
        return;
    };
    let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
    for pid in children.unwrap_or_default().split_whitespace() {
        if let Some(pid) = pid.parse().ok().and_then(Pid::from_raw) {
            // It may have ended meanwhile.
            let _ = kill_process(pid, Signal::TERM);
        }
    }
}

fn collect(sandbox: &Sandbox, path: &str, dir: &Path) -> Result<()> {
    let Some(source) = sandbox.outside(path).filter(|file| file.is_file()) else {
        return Ok(());
    };
    let target = dir.join(path.trim_start_matches('/'));
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(&source, &target).with_context(|| format!("failed to copy the output {path}"))?;
    Ok(())
}

/// The exit code as a shell counts it.
fn code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_a_shells() {
        assert_eq!(code(ExitStatus::from_raw(3 << 8)), 3);
        assert_eq!(code(ExitStatus::from_raw(15)), 143);
    }

    #[test]
    fn an_operation_may_lack_everything() {
        let operation: Operation = serde_json::from_str(r#"{"action": "install", "outputs": null}"#).expect("read");
        assert!(operation.outputs.is_none());
    }
}
