//! The signals that ask a run to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::report::{Failure, Outcome};

/// Ctrl-C and `SIGTERM`, from the moment this is made.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens, within a runtime. From now on a signal does not end the process by itself.
    pub fn listen() -> Outcome<Self> {
        let listen = |name: &str, kind| {
            signal(kind).map_err(|error| {
                Failure::failed(format!("failed to listen for the signal {name}: {error}"))
                    .hint("each run needs a handful of open files: see `ulimit -n`")
            })
        };
        Ok(Self {
            interrupt: listen("SIGINT", SignalKind::interrupt())?,
            terminate: listen("SIGTERM", SignalKind::terminate())?,
        })
    }

    /// The number of the next signal.
    pub async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}
