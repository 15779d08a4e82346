//! One testbed for all that a command does.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use backstack_testbed::Testbed;
use backstack_testbed::progress::{Step, say};
use backstack_testbed::testbed::DIR_VARIABLE;
use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

/// The environment variable that says how many clusters there are to be, and tells the command how many there are.
pub const CLUSTERS: &str = "BACKSTACK_TESTBED_CLUSTERS";

/// More would fight for the cores of a usual machine.
const MOST: usize = 4;
/// What a cluster takes with all that a test installs in it, and room for the page cache.
const MEMORY: usize = 3 << 30;

/// Runs the command; the answer is its exit code.
pub async fn with(clusters: Option<usize>, command: &[OsString]) -> Result<u8> {
    let step = Step::begin("starting the testbed");
    let mut testbed = Testbed::start(clusters.unwrap_or_else(as_many_as_memory_carries))?;
    let clusters = testbed.description().clusters.len();
    step.end(&format!("the testbed is up, with {clusters} cluster(s),"));

    let status = run(command, &testbed, clusters).await?;
    let code = exit_code(status);
    match testbed.obituary()? {
        // Whatever went well may have done so because it was not asked for.
        Some(obituary) => {
            say(&obituary);
            Ok(code.max(1))
        }
        None => Ok(code),
    }
}

/// Runs the command in the foreground and passes on what we are told by signals.
async fn run(command: &[OsString], testbed: &Testbed, clusters: usize) -> Result<ExitStatus> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // However this process ends, the command does not go on without its testbed.
    let mut child = Command::new("setpriv")
        .args(["--pdeathsig", "TERM", "--"])
        .args(command)
        .env(DIR_VARIABLE, &testbed.description().dir)
        .env(CLUSTERS, clusters.to_string())
        .spawn()
        .context("failed to start setpriv")?;
    loop {
        tokio::select! {
            status = child.wait() => return status.context("failed to wait for the command"),
            _ = terminate.recv() => tell(&child, Signal::TERM),
            _ = interrupt.recv() => {
                if !is_in_foreground() {
                    tell(&child, Signal::INT);
                }
            }
        }
    }
}

fn tell(child: &Child, signal: Signal) {
    if let Some(pid) = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw) {
        // One that has just ended needs not be told.
        let _ = kill_process(pid, signal);
    }
}

/// Whether the terminal interrupts the command as well as us; twice would mean "at once" to many a program.
fn is_in_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

/// As a shell tells it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn as_many_as_memory_carries() -> usize {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text));
    // One more for what a test starts by itself, and for the API server that all share.
    available.map_or(1, |bytes| (bytes / MEMORY).saturating_sub(1).clamp(1, MOST))
}

/// The memory that can be had without swapping, in bytes.
fn available(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: usize = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_that_of_a_shell() {
        assert_eq!(exit_code(ExitStatus::from_raw(0)), 0);
        assert_eq!(exit_code(ExitStatus::from_raw(101 << 8)), 101);
        assert_eq!(exit_code(ExitStatus::from_raw(15)), 143);
    }

    #[test]
    fn memory_is_read_as_the_kernel_writes_it() {
        assert_eq!(available("MemTotal:  9 kB\nMemAvailable:   23068672 kB\n"), Some(22 << 30));
        assert_eq!(available("MemTotal:  9 kB\n"), None);
        assert!((1..=MOST).contains(&as_many_as_memory_carries()));
    }
}
