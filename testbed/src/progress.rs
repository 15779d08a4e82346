//! What a person sees while something takes long: a line that counts on a terminal; everywhere else one line a minute,
//! and one per finished step.

use std::cell::Cell;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// One step that takes time.
pub struct Step {
    label: String,
    started: Instant,
    terminal: bool,
    /// The minutes that have been told.
    minutes: Cell<u64>,
}

impl Step {
    /// Begins a step; `label` says what is being done ("building etcd").
    #[must_use]
    pub fn begin(label: impl Into<String>) -> Self {
        let terminal = io::stderr().is_terminal();
        let step = Self { label: label.into(), started: Instant::now(), terminal, minutes: Cell::new(0) };
        step.tick("");
        step
    }

    /// Shows that it goes on; `detail` says what is awaited right now.
    pub fn tick(&self, detail: &str) {
        let elapsed = self.elapsed();
        if self.terminal {
            // What does not fit into one line would be left behind in the next.
            let detail: String = detail.chars().take(60).collect();
            // A terminal that has gone away is no reason to stop the work.
            let _ = write!(io::stderr(), "\r\x1b[2K{}", line(&self.label, &detail, &seconds(elapsed)));
        } else if elapsed.as_secs() / 60 > self.minutes.get() {
            self.minutes.set(elapsed.as_secs() / 60);
            say(&line(&self.label, detail, &format!("{} min", self.minutes.get())));
        }
    }

    /// How long it has taken so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Says a line that stays, above the one that counts.
    pub fn note(&self, what: &str) {
        self.clear();
        say(what);
    }

    /// Ends the step with a line that stays ("built etcd in 49 s").
    pub fn end(self, what: &str) {
        self.note(&format!("{what} in {}", seconds(self.elapsed())));
    }

    fn clear(&self) {
        if self.terminal {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}

/// A step that failed leaves nothing.
impl Drop for Step {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(label: &str, detail: &str, elapsed: &str) -> String {
    let gap = if detail.is_empty() { "" } else { ": " };
    format!("{label}{gap}{detail}, {elapsed}")
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

    #[test]
    fn a_line_says_what_and_since_when() {
        assert_eq!(line("building", "3 of 9, kube-apiserver", "4 min"), "building: 3 of 9, kube-apiserver, 4 min");
        assert_eq!(line("starting the testbed", "", "12 s"), "starting the testbed, 12 s");
    }
}
