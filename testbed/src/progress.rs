//! What a person sees while something takes long: a line that counts on a terminal, and one
//! line per finished step everywhere else.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// One step that takes time.
pub struct Step {
    label: String,
    started: Instant,
    terminal: bool,
}

impl Step {
    /// Begins a step; `label` says what is being done ("building etcd").
    #[must_use]
    pub fn begin(label: impl Into<String>) -> Self {
        let step = Self { label: label.into(), started: Instant::now(), terminal: io::stderr().is_terminal() };
        step.tick("");
        step
    }

    /// Redraws the counting line; `detail` says what is awaited right now.
    pub fn tick(&self, detail: &str) {
        if self.terminal {
            let seconds = self.started.elapsed().as_secs();
            let gap = if detail.is_empty() { "" } else { ": " };
            let line: String = format!("{} ({seconds} s){gap}{detail}", self.label).chars().take(110).collect();
            // A terminal that has gone away is no reason to stop the work.
            let _ = write!(io::stderr(), "\r\x1b[2K{line}");
        }
    }

    /// Ends the step with a line that stays ("built etcd in 49 s").
    pub fn end(self, what: &str) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
        say(&format!("{what} in {}", seconds(self.started.elapsed())));
    }

    /// Takes the counting line away and leaves nothing, for a step that failed.
    pub fn abandon(self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// Says one line to the person, on stderr: stdout belongs to answers.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// A duration as people read it: tenths below ten seconds, whole seconds above.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    let value = duration.as_secs_f64();
    if value < 10.0 { format!("{value:.1} s") } else { format!("{value:.0} s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        assert_eq!(seconds(Duration::from_millis(1_234)), "1.2 s");
        assert_eq!(seconds(Duration::from_millis(214_400)), "214 s");
    }
}
