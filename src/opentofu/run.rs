//! One call that is only asked to end: what it says meanwhile, and what it comes to.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::events::{Counts, Diagnostic, Event, Hook, read};
use super::follow::Follow;
use super::workplace::OpenTofu;
use crate::process::{Turn, Why};
use crate::report::{Console, Failure, Outcome, redact};

/// How often it is looked at what it has written.
const PAUSE: Duration = Duration::from_millis(100);
/// What takes no longer need not be told while it runs.
const SOON: Duration = Duration::from_secs(2);
/// How much is read of what it complains about besides.
const LONGEST_COMPLAINT: u64 = 64 << 10;
/// What it says whenever providers come from a folder; a lock file with the checksums of other platforms is another verb's.
const ALWAYS_SAID: &str = "Incomplete lock file information for providers";

/// What a call has come to.
#[derive(Debug)]
pub(super) struct Said {
    /// What it was asked to do.
    pub verb: &'static str,
    /// Its exit code; none where a signal has ended it.
    pub code: Option<i32>,
    pub problems: Vec<Diagnostic>,
    /// What an apply has changed.
    pub counts: Counts,
    /// What it wrote to stderr, without secrets.
    pub stderr: String,
    /// Why it was asked to end.
    pub asked: Option<Why>,
    /// Whether it had to be killed.
    pub is_killed: bool,
    /// What it had begun with, and not told the end of.
    pub under_way: Vec<String>,
}

impl OpenTofu<'_> {
    /// Runs it to its end.
    pub(super) async fn run(&self, verb: &'static str, args: impl IntoIterator<Item = String>) -> Outcome<Said> {
        // Each was learned from 1.12.6: for a value that is missing it waits at an open stdin for ever, and colours go into files,
        // too, whatever NO_COLOR says.
        let args: Vec<String> =
            [verb, "-input=false", "-no-color", "-json"].map(str::to_owned).into_iter().chain(args).collect();
        let lost = |error: io::Error| Failure::failed(format!("lost sight of `tofu {verb}`: {error}"));
        // Files, and no pipes: when the reader of a pipe goes away, SIGPIPE ends it in the middle of an apply, its state is not
        // written, and the provider stays behind (1.12.6, seen). Not what is read: who writes has a place of their own in a file.
        let (out, err) = (self.stream().map_err(lost)?, self.stream().map_err(lost)?);
        let (stdout, stderr) = (out.reopen().map_err(lost)?, err.reopen().map_err(lost)?);
        let mut gentle = self.gentle(&args).start_gently(stdout, stderr, &self.folder)?;
        let mut follow = Follow::new(out.reopen().map_err(lost)?);
        let mut listener = Listener::new(verb, self.console, self.deadline);
        let status = loop {
            tokio::select! {
                turn = gentle.turn(self.deadline) => match turn.map_err(lost)? {
                    Turn::Ended(status) => break status,
                    Turn::Killed => listener.is_killed = true,
                    Turn::Asked(why) => listener.tell_of(why),
                },
                () = tokio::time::sleep(PAUSE) => {
                    listener.hear(&follow.lines().map_err(lost)?);
                    listener.tell_what_is_under_way(gentle.asked().is_some());
                    if follow.is_too_long() {
                        gentle.ask(Why::Caller);
                    }
                }
            }
        };
        listener.hear(&follow.lines().map_err(lost)?);
        let complaint = text_of(err.as_file()).map_err(lost)?;
        Ok(listener.said(status, complaint, gentle.asked()))
    }

    /// A file that one of its streams goes to, for nobody else to read, and gone with the call.
    fn stream(&self) -> io::Result<NamedTempFile> {
        NamedTempFile::new_in(self.folder.path())
    }
}

fn text_of(file: &File) -> io::Result<String> {
    let mut text = Vec::new();
    file.take(LONGEST_COMPLAINT).read_to_end(&mut text)?;
    Ok(redact(&String::from_utf8_lossy(&text)))
}

struct Listener<'c> {
    verb: &'static str,
    console: &'c Console,
    start: Instant,
    deadline: Instant,
    problems: Vec<Diagnostic>,
    counts: Counts,
    /// What is done with which resource.
    under_way: BTreeMap<String, String>,
    is_killed: bool,
}

impl<'c> Listener<'c> {
    fn new(verb: &'static str, console: &'c Console, deadline: Instant) -> Self {
        let (problems, under_way) = (Vec::new(), BTreeMap::new());
        Self {
            verb,
            console,
            start: Instant::now(),
            deadline,
            problems,
            counts: Counts::default(),
            under_way,
            is_killed: false,
        }
    }

    fn hear(&mut self, lines: &[Vec<u8>]) {
        for event in lines.iter().filter_map(|line| read(line)) {
            match event {
                Event::Started(hook) => {
                    self.under_way.insert(hook.resource.addr, format!("{}s", verb(&hook.action)));
                }
                Event::Done(hook) => {
                    self.under_way.remove(&hook.resource.addr);
                    self.tell_done(&hook);
                }
                Event::Failed(hook) => {
                    self.under_way.remove(&hook.resource.addr);
                }
                Event::Output(hook) => {
                    self.console.done("local-exec", format!("{}: {}", hook.resource.addr, hook.output));
                }
                Event::Applied(counts) => self.counts = counts,
                Event::Problem(problem) => self.take(problem),
            }
        }
    }

    fn take(&mut self, problem: Diagnostic) {
        if problem.is_error() {
            self.problems.push(problem);
        } else if problem.summary != ALWAYS_SAID {
            let subject = problem.subject().map_or_else(String::new, |subject| format!("{subject}: "));
            self.console.say_once(format!("warning: {subject}{}", problem.summary));
        }
    }

    fn tell_done(&self, hook: &Hook) {
        if ["create", "update", "delete"].contains(&hook.action.as_str()) {
            let past = verb(&hook.action);
            let ed = if past.ends_with('e') { "d" } else { "ed" };
            self.console.done(&format!("{past}{ed}"), format!("{}  ({} s)", hook.resource.addr, hook.elapsed_seconds));
        }
    }

    fn tell_what_is_under_way(&self, is_asked: bool) {
        let waits = match (self.names_under_way(), is_asked) {
            (names, false) if names.is_empty() => format!("`tofu {}` runs", self.verb),
            (names, false) => names,
            (names, true) if names.is_empty() => "OpenTofu ends by itself and writes its state".to_owned(),
            (names, true) => format!("OpenTofu ends by itself and writes its state; it {names}"),
        };
        let (waited, all) = (self.start.elapsed(), self.deadline.saturating_duration_since(self.start));
        if waited < SOON {
            return;
        }
        self.console.waiting(self.verb, waits, waited, all);
    }

    fn names_under_way(&self) -> String {
        const SHOWN: usize = 3;
        let names: Vec<String> =
            self.under_way.iter().take(SHOWN).map(|(addr, does)| format!("{does} {addr}")).collect();
        match self.under_way.len().saturating_sub(SHOWN) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }

    fn tell_of(&self, why: Why) {
        let (reason, rest) = match why {
            Why::Signal(_) => ("interrupted", "; a second signal leaves it to do so alone"),
            Why::Deadline => ("the deadline has passed", ""),
            Why::Caller => ("it writes without end", ""),
        };
        self.console.say(format!("{reason}: waits for OpenTofu to end by itself and to write its state{rest}"));
    }

    fn said(self, status: ExitStatus, stderr: String, asked: Option<Why>) -> Said {
        let under_way = self.under_way.into_iter().map(|(addr, does)| format!("{does} {addr}")).collect();
        Said {
            verb: self.verb,
            code: status.code(),
            problems: self.problems,
            counts: self.counts,
            stderr,
            asked,
            is_killed: self.is_killed,
            under_way,
        }
    }
}

/// What is done with a resource, in our words: what is read on the way is a read, too.
fn verb(action: &str) -> &str {
    match action {
        "create" => "create",
        "update" => "change",
        "delete" => "destroy",
        _ => "read",
    }
}
