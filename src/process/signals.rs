//! The signals that ask a run to end.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::report::{Failure, Outcome};

/// A terminal or login that goes away, Ctrl-C, Ctrl-\ and `SIGTERM`, from the moment this is made.
#[derive(Debug)]
pub struct Signals {
    hangup: Option<Signal>,
    interrupt: Signal,
    quit: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens, within a runtime. From now on a signal does not end the process by itself. Who was started by `nohup` still
    /// goes on when the terminal goes away.
    pub fn listen() -> Outcome<Self> {
        let listen = |name: &str, kind| {
            signal(kind).map_err(|error| {
                Failure::failed(format!("failed to listen for the signal {name}: {error}"))
                    .hint("each run needs a handful of open files: see `ulimit -n`")
            })
        };
        let hangup = SignalKind::hangup();
        Ok(Self {
            hangup: if is_ignored(hangup) { None } else { Some(listen("SIGHUP", hangup)?) },
            interrupt: listen("SIGINT", SignalKind::interrupt())?,
            quit: listen("SIGQUIT", SignalKind::quit())?,
            terminate: listen("SIGTERM", SignalKind::terminate())?,
        })
    }

    /// The number of the next signal.
    pub async fn next(&mut self) -> u8 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = hangup => 1,
            _ = self.interrupt.recv() => 2,
            _ = self.quit.recv() => 3,
            _ = self.terminate.recv() => 15,
        }
    }
}

/// Whether whoever started us had us ignore a signal (proc(5), `SigIgn`: a bit each); no, where that cannot be known.
fn is_ignored(signal: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    mask & (1 << (signal.as_raw_value() - 1)) != 0
}
