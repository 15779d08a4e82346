//! What a run did when, as `--timeline` writes it down.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// The row of the phases in the file; that of the waits is another one.
const PHASES: u64 = 1;

/// One run.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// Each piece of work, one after the other.
    pub phases: Vec<Span>,
    /// Each wait, by what was in its way; some are at once.
    pub waits: Vec<Span>,
}

/// From when to when something was, in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// What.
    pub name: String,
    /// Since when.
    pub from: f64,
    /// Until when.
    pub to: f64,
}

impl Trace {
    /// Reads the file.
    pub fn read(file: &Path) -> Result<Self> {
        let text = fs::read(file).with_context(|| format!("failed to read {}", file.display()))?;
        Self::of(&serde_json::from_slice(&text).context("the timeline is no JSON")?)
    }

    fn of(file: &Value) -> Result<Self> {
        let mut trace = Self::default();
        let events = file["traceEvents"].as_array().context("a timeline without events")?;
        for event in events.iter().filter(|it| it["ph"] == "X") {
            let seconds = |name: &str| event[name].as_f64().map(|it| it / 1e6).context("an event without a time");
            let (from, took) = (seconds("ts")?, seconds("dur")?);
            let name = event["name"].as_str().unwrap_or_default().to_owned();
            let row = if event["tid"] == PHASES { &mut trace.phases } else { &mut trace.waits };
            row.push(Span { name, from, to: from + took });
        }
        // Each is written down when it ends.
        trace.waits.sort_by(|a, b| a.from.total_cmp(&b.from));
        Ok(trace)
    }

    /// When the last piece of work of this name had ended.
    pub fn end_of(&self, phase: &str) -> Result<f64> {
        let found = self.phases.iter().rev().find(|it| it.name == phase);
        Ok(found.with_context(|| format!("`{phase}` is not in the timeline"))?.to)
    }

    /// When everything had ended.
    pub fn end(&self) -> f64 {
        self.phases.iter().map(|it| it.to).fold(0.0, f64::max)
    }

    /// How long at least one wait stood in the way that has this in its words.
    pub fn waited_for(&self, words: &str) -> f64 {
        let spans = self.waits.iter().filter(|it| it.name.contains(words));
        let (waited, _) = spans.fold((0.0, 0.0_f64), |(waited, until), span| {
            (waited + (span.to - span.from.max(until)).max(0.0), until.max(span.to))
        });
        waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn phases_and_waits_are_read() {
        let event =
            |row: u8, name: &str, ts: u32, dur: u32| json!({"ph": "X", "tid": row, "name": name, "ts": ts, "dur": dur});
        let file = json!({"traceEvents": [
            {"ph": "M", "tid": 1, "name": "thread_name"},
            event(1, "commit", 0, 500_000), event(1, "apply", 500_000, 1_500_000), event(1, "the rest", 2_000_000, 1),
            event(2, "root is syncing", 0, 1_000_000), event(2, "root is syncing again", 500_000, 1_000_000),
        ]});
        let trace = Trace::of(&file).expect("a timeline");
        let ends = (trace.end_of("commit").ok(), trace.end_of("apply").ok(), trace.end_of("sync").ok());
        assert_eq!(ends, (Some(0.5), Some(2.0), None));
        let waited = (trace.waited_for("root is"), trace.waited_for("again"), trace.waited_for("else"));
        assert_eq!(waited, (1.5, 1.0, 0.0));
        assert!(trace.end() > 2.0);
    }
}
