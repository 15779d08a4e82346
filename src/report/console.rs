//! Progress on stderr: whole redacted lines, one write each.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::redact::redact;
use super::table::Table;

/// How often the same wait may say something new.
const PACE: Duration = Duration::from_secs(2);
/// How often a wait repeats itself when nothing changes.
const PULSE: Duration = Duration::from_secs(15);

/// What was said once and is not said again.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The voice of a verb.
///
/// Every line is redacted and written with one `write(2)`, because Porter masks per write.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    last: Mutex<Option<(Instant, String)>>,
}

impl Console {
    /// A console on stderr. A quiet one shows only what [`Console::say`] is given.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { quiet, last: Mutex::new(None) }
    }

    /// A line that is always shown.
    pub fn say(&self, line: impl AsRef<str>) {
        let text = redact(line.as_ref());
        // A closed stderr harms nothing: there is nobody left to tell.
        let _ = std::io::stderr().lock().write_all(format!("{text}\n").as_bytes());
    }

    /// A line that is shown once in a run, whoever says it.
    pub fn say_once(&self, line: impl AsRef<str>) {
        let is_new = SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(line.as_ref().to_owned());
        if is_new {
            self.say(line);
        }
    }

    /// A finished piece of work: `render    64 files`.
    pub fn done(&self, what: &str, result: impl AsRef<str>) {
        if !self.quiet {
            self.say(format!("{what:<10} {}", result.as_ref()));
        }
        *self.lock() = None;
    }

    /// What a wait waits for. Shown when it changes, at most every two seconds, and again every fifteen.
    pub fn waiting(&self, what: &str, blocked_by: impl AsRef<str>, waited: Duration, deadline: Duration) {
        if self.quiet {
            return;
        }
        let now = Instant::now();
        let text = format!("{what:<10} {}", blocked_by.as_ref());
        let mut last = self.lock();
        let due = match &*last {
            None => true,
            Some((at, shown)) if *shown == text => now.duration_since(*at) >= PULSE,
            Some((at, _)) => now.duration_since(*at) >= PACE,
        };
        if due {
            self.say(format!("{text}  ({} of {} s)", waited.as_secs(), deadline.as_secs()));
            *last = Some((now, text));
        }
    }

    /// A table, indented.
    pub fn table(&self, table: &Table) {
        for line in table.lines() {
            self.say(format!("  {line}"));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<(Instant, String)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
