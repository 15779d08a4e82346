//! The signals that ask a run to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::report::Outcome;

/// Ctrl-C and `SIGTERM`, from the moment this is made.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens, within a runtime. From now on a signal does not end the process by itself.
    pub fn listen() -> Outcome<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// The number of the next signal.
    pub async fn next(&mut self) -> u8 {
        tokio::select! {
            _ = self.interrupt.recv() => 2,
            _ = self.terminate.recv() => 15,
        }
    }
}
