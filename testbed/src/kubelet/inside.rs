//! What runs inside of a pod: the container's program, on a loopback of its own.
//!
//! So every program listens on the ports that its image has for it, on all addresses if it likes, and disturbs nobody.
//! The few servers of the outside that a pod may reach are led to it under their own ports.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;

use anyhow::{Context, Result};
use tokio::net::{TcpListener, UnixListener};
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use crate::loopback;
use crate::tunnel;

/// The pod's connections and its program.
#[derive(Clone, Debug)]
pub struct Inside {
    /// Ports of the outside that are the same ports here.
    pub reach: Vec<u16>,
    /// The socket that leads to them.
    pub out: PathBuf,
    /// The socket by which the outside reaches the pod's ports; made here.
    pub own: PathBuf,
    /// The program and its arguments.
    pub command: Vec<String>,
}

impl Inside {
    /// Runs the program to its end and returns its exit code, as a shell would.
    pub async fn run(self) -> Result<u8> {
        for port in self.reach {
            let listener = TcpListener::bind(loopback::address(port)).await.context("the pod shares its loopback")?;
            tokio::spawn(tunnel::lead(listener, self.out.clone()));
        }
        // A container that is started again finds the socket of the last one.
        let _ = std::fs::remove_file(&self.own);
        let own = UnixListener::bind(&self.own).with_context(|| format!("failed to open {}", self.own.display()))?;
        tokio::spawn(tunnel::serve(own));

        // Whoever ends the program asks its whole group. We stay until it has said its farewells to the cluster.
        let _asked_to_end = signal(SignalKind::terminate())?;
        let mut child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "--"])
            .args(self.command)
            .spawn()
            .context("failed to start the program")?;
        Ok(code(child.wait().await.context("failed to wait for the program")?))
    }
}

fn code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
