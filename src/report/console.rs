//! Progress on stderr: whole redacted lines, one write each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::color::has_colors;
use super::live;
use super::paint::paint;
use super::redact::redact;
use super::table::Table;
use super::terminal::{short_commits, width_of};
use super::timeline;
use crate::env;

/// How often the same wait may say something new.
const PACE: Duration = Duration::from_secs(2);
/// How often a wait repeats itself when nothing changes.
const PULSE: Duration = Duration::from_secs(15);

/// The word that begins the last line.
const LAST: &str = "done";

/// What was said once and is not said again.
static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The voice of a verb.
///
/// Every line is redacted and written with one `write(2)`, because Porter masks per write.
#[derive(Debug)]
pub struct Console {
    quiet: bool,
    /// What each phase has said last that waits: one may begin while another waits.
    last: Mutex<BTreeMap<String, (Instant, String)>>,
}

impl Console {
    /// A console on stderr. A quiet one shows only what [`Console::say`] is given.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        Self { quiet, last: Mutex::default() }
    }

    /// A line that is always shown.
    pub fn say(&self, line: impl AsRef<str>) {
        let mut text = redact(line.as_ref());
        let stderr = std::io::stderr();
        if stderr.is_terminal() {
            text = short_commits(&text);
        }
        live::write(&if has_colors(&stderr) { paint(&text) } else { text });
    }

    /// A line that another process of ours has written. A wait goes on as one of this console.
    pub fn relay(&self, line: impl AsRef<str>) {
        match waited_for(line.as_ref()).filter(|_| live::is_on()) {
            Some((text, waited, seconds)) => live::wait(text, waited, seconds),
            None => self.say(line),
        }
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
        timeline::finished(what, result.as_ref());
        if !self.quiet {
            self.say(format!("{what:<10} {}", result.as_ref()));
        }
        self.lock().clear();
    }

    /// What is now, and what is next: the last line of a run that went well.
    pub fn last(&self, sentence: impl AsRef<str>) {
        self.done(LAST, sentence);
    }

    /// The sentence of such a line that another process of ours has written.
    #[must_use]
    pub fn last_in(line: &str) -> Option<&str> {
        line.strip_prefix(&format!("{LAST:<10} ")).filter(|it| !it.starts_with(' '))
    }

    /// What a wait waits for. A terminal shows it all the time; elsewhere it is said when it changes, at most every two
    /// seconds, and again every fifteen.
    pub fn waiting(&self, what: &str, blocked_by: impl AsRef<str>, waited: Duration, deadline: Duration) {
        timeline::waits(what, blocked_by.as_ref());
        if self.quiet {
            return;
        }
        let text = format!("{what:<10} {}", blocked_by.as_ref());
        if live::is_on() {
            return live::wait(&text, waited, deadline.as_secs());
        }
        let now = Instant::now();
        let mut last = self.lock();
        let due = match last.get(what) {
            None => true,
            Some((at, shown)) if *shown == text => now.duration_since(*at) >= PULSE,
            Some((at, _)) => now.duration_since(*at) >= PACE,
        };
        if due {
            self.say(with_time(&text, waited, deadline.as_secs()));
            last.insert(what.to_owned(), (now, text));
        }
    }

    /// What was waited for last in a phase has come.
    pub fn waited(&self, what: &str) {
        timeline::has_waited(what);
    }

    /// What is under way and says nothing until it is done. Only a terminal shows it.
    pub fn busy(&self, what: &str, with: impl AsRef<str>, patience: Duration) {
        if !self.quiet && live::is_on() {
            live::wait(&format!("{what:<10} {}", with.as_ref()), Duration::ZERO, patience.as_secs());
        }
    }

    /// A table, indented, and as wide as a terminal has room for.
    pub fn table(&self, table: &Table) {
        self.columns(table, "  ");
    }

    /// The same as the whole answer: not indented.
    pub fn whole_table(&self, table: &Table) {
        self.columns(table, "");
    }

    /// The width of the terminal that shows what is said here, if one does.
    #[must_use]
    pub fn width() -> Option<usize> {
        let stderr = std::io::stderr();
        let told = || env::get(env::COLUMNS).and_then(|it| it.parse().ok());
        if stderr.is_terminal() { Some(width_of(&stderr)) } else { told() }
    }

    fn columns(&self, table: &Table, indent: &str) {
        let room = Self::width().map(|width| width.saturating_sub(indent.len()));
        for line in table.lines_within(room) {
            self.say(format!("{indent}{line}"));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, (Instant, String)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait as a line.
fn with_time(text: &str, waited: Duration, seconds: u64) -> String {
    format!("{text}  ({} of {seconds} s)", waited.as_secs())
}

/// The parts of such a line.
fn waited_for(line: &str) -> Option<(&str, Duration, u64)> {
    let (text, time) = line.strip_suffix(" s)")?.rsplit_once("  (")?;
    let (waited, seconds) = time.split_once(" of ")?;
    Some((text, Duration::from_secs(waited.parse().ok()?), seconds.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_known_again_in_its_line() {
        let line = with_time("sync       root is syncing  (really)", Duration::from_millis(7900), 900);
        assert_eq!(line, "sync       root is syncing  (really)  (7 of 900 s)");
        let read = waited_for(&line).expect("a wait");
        assert_eq!(read, ("sync       root is syncing  (really)", Duration::from_secs(7), 900));
        assert_eq!(waited_for("render     64 files (7 of 900)"), None);
    }

    #[test]
    fn the_last_line_is_known_again() {
        assert_eq!(Console::last_in("done       the hub is there; next: b"), Some("the hub is there; next: b"));
        assert_eq!(Console::last_in("done by others"), None);
        assert_eq!(Console::last_in("render     64 files"), None);
    }
}
