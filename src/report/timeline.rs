//! What a run did when, for whoever wants to see where its time went: a file of trace events, as Chrome's `about:tracing`
//! and Perfetto draw them.
//!
//! It is fed by what the console is told anyway. A finished piece of work is a phase, which began where the one before it
//! ended; what a wait waits for stands below it, from when it was first told until it has come or something else is.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::failure::{Failure, Outcome};
use super::redact::redact;

/// The rows of the picture.
const PHASES: u8 = 1;
const WAITS: u8 = 2;
/// What came after the last piece of work that ended, which is all where the first one fails.
const REST: &str = "the rest";

static RECORDED: Mutex<Option<(File, Timeline)>> = Mutex::new(None);

/// Has this run recorded from now on. The file is made at once: a run of minutes is not to end with a path that is wrong.
pub fn record_timeline(path: &Path) -> Outcome<()> {
    let file = File::create(path)
        .map_err(|error| Failure::failed(format!("cannot write the timeline {}: {error}", path.display())))?;
    *lock() = Some((file, Timeline::from(Instant::now())));
    Ok(())
}

/// Writes down what was recorded, at the end of the run.
pub fn write_timeline() -> Outcome<()> {
    let Some((mut file, timeline)) = lock().take() else { return Ok(()) };
    let text = redact(&timeline.ended(Instant::now()).to_string());
    file.write_all(text.as_bytes()).map_err(|error| Failure::failed(format!("cannot write the timeline: {error}")))
}

/// A finished piece of work, and what it came to.
pub(super) fn finished(phase: &str, result: &str) {
    if let Some((_, timeline)) = &mut *lock() {
        timeline.finish(phase, result, Instant::now());
    }
}

/// What a wait of a phase waits for now.
pub(super) fn waits(phase: &str, blocked_by: &str) {
    if let Some((_, timeline)) = &mut *lock() {
        timeline.wait(phase, blocked_by, Instant::now());
    }
}

/// A wait of a phase is over.
pub(super) fn has_waited(phase: &str) {
    if let Some((_, timeline)) = &mut *lock() {
        timeline.end_wait(phase, Instant::now());
    }
}

fn lock() -> std::sync::MutexGuard<'static, Option<(File, Timeline)>> {
    RECORDED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The events so far, and what is under way.
struct Timeline {
    began: Instant,
    phase_began: Instant,
    /// By the phase, since one may begin while another waits.
    waits: BTreeMap<String, Wait>,
    events: Vec<Value>,
}

struct Wait {
    began: Instant,
    blocked_by: String,
}

impl Timeline {
    fn from(began: Instant) -> Self {
        let row = |tid: u8, name: &str| json!({"ph": "M", "name": "thread_name", "pid": 1, "tid": tid, "args": {"name": name}});
        Self {
            began,
            phase_began: began,
            waits: BTreeMap::new(),
            events: vec![row(PHASES, "phases"), row(WAITS, "waits")],
        }
    }

    fn finish(&mut self, phase: &str, result: &str, now: Instant) {
        self.end_wait(phase, now);
        let began = std::mem::replace(&mut self.phase_began, now);
        self.add(PHASES, phase, began, now, &json!({"result": result}));
    }

    fn wait(&mut self, phase: &str, blocked_by: &str, now: Instant) {
        if self.waits.get(phase).is_none_or(|it| it.blocked_by != blocked_by) {
            self.end_wait(phase, now);
            self.waits.insert(phase.to_owned(), Wait { began: now, blocked_by: blocked_by.to_owned() });
        }
    }

    fn end_wait(&mut self, phase: &str, now: Instant) {
        if let Some(wait) = self.waits.remove(phase) {
            self.add(WAITS, &wait.blocked_by, wait.began, now, &json!({"phase": phase}));
        }
    }

    /// Of a complete event, times are in microseconds.
    fn add(&mut self, row: u8, name: &str, from: Instant, to: Instant, args: &Value) {
        let (at, took) = (micros(from - self.began), micros(to - from));
        self.events.push(json!({"ph": "X", "name": name, "pid": 1, "tid": row, "ts": at, "dur": took, "args": args}));
    }

    /// The whole file, with what was under way.
    fn ended(mut self, now: Instant) -> Value {
        for phase in self.waits.keys().cloned().collect::<Vec<_>>() {
            self.end_wait(&phase, now);
        }
        self.finish(REST, "", now);
        json!({"displayTimeUnit": "ms", "traceEvents": self.events})
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other_and_waits_stand_below_them() {
        let began = Instant::now();
        let at = |milliseconds| began + Duration::from_millis(milliseconds);
        let mut timeline = Timeline::from(began);
        timeline.finish("apply", "64 objects", at(100));
        timeline.wait("sync", "root is syncing", at(150));
        timeline.wait("sync", "root is syncing", at(300));
        timeline.wait("sync", "root is Progressing", at(400));
        timeline.finish("sync", "3 Applications", at(900));
        timeline.wait("release", "root is compared", at(950));
        timeline.wait("prove", "the canary is healed", at(960));
        timeline.end_wait("prove", at(990));

        let text = timeline.ended(at(1000)).to_string();
        let read: Value = serde_json::from_str(&text).expect("JSON");
        let events = read["traceEvents"].as_array().expect("events");
        let told = |row: u8| -> Vec<(&str, u64, u64)> {
            let of_row = events.iter().filter(|it| it["tid"] == row && it["ph"] == "X");
            let number = |it: &Value| it.as_u64().expect("microseconds");
            of_row.map(|it| (it["name"].as_str().expect("a name"), number(&it["ts"]), number(&it["dur"]))).collect()
        };
        assert_eq!(told(PHASES), [("apply", 0, 100_000), ("sync", 100_000, 800_000), (REST, 900_000, 100_000)]);
        let waits = [("root is syncing", 150_000, 250_000), ("root is Progressing", 400_000, 500_000)];
        assert_eq!(told(WAITS)[..2], waits);
        let at_once = [("the canary is healed", 960_000, 30_000), ("root is compared", 950_000, 50_000)];
        assert_eq!(told(WAITS)[2..], at_once);
        assert_eq!(events.iter().filter(|it| it["ph"] == "M").count(), 2, "each row has a name");
    }
}
