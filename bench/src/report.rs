//! The numbers, as a table for people and as JSON for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use backstack::report::Table;
use serde_json::{Value, json};

use crate::clock::Times;

/// One number.
#[derive(Debug, Clone)]
pub struct Row {
    /// The part of the page that it is in.
    pub section: &'static str,
    /// What was measured; rows of the same work are compared.
    pub what: String,
    /// What of it.
    pub measure: Measure,
    /// Whose it is.
    pub program: String,
    /// The number.
    pub value: f64,
    /// Where eight of ten runs were.
    pub spread: Option<(f64, f64)>,
    /// What it may be at most.
    pub bound: Option<Bound>,
}

/// What is measured of a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// From start to end, in seconds.
    Wall,
    /// The same of what takes no time, in milliseconds.
    Moment,
    /// What was computed, in seconds.
    Cpu,
    /// The most memory that the program held, in MB.
    Memory,
    /// What it asked the API server.
    Requests,
    /// What of that changes something.
    Writes,
    /// Of its file, in MB.
    Size,
}

/// What a number may be at most.
#[derive(Debug, Clone)]
pub struct Bound {
    most: f64,
    text: String,
}

/// All numbers of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// In the order in which they were measured.
    pub rows: Vec<Row>,
    /// What could not be measured, and why.
    pub failures: Vec<String>,
    section: &'static str,
}

/// How our program is called in the table.
pub const OURS: &str = "backstack";

impl Measure {
    /// How it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wall | Self::Moment => "wall",
            Self::Cpu => "CPU",
            Self::Memory => "memory",
            Self::Requests => "requests",
            Self::Writes => "writes",
            Self::Size => "size",
        }
    }

    /// A number of it, with its unit.
    pub fn told(self, value: f64) -> String {
        match self {
            Self::Wall | Self::Cpu => format!("{value:.2} s"),
            Self::Moment => format!("{value:.1} ms"),
            Self::Memory | Self::Size => format!("{value:.1} MB"),
            // Of an object it is a fraction.
            Self::Requests | Self::Writes if value.fract() > 0.0 => format!("{value:.2}"),
            Self::Requests | Self::Writes => format!("{value:.0}"),
        }
    }
}

impl Bound {
    /// At most this.
    pub fn most(most: f64, measure: Measure) -> Self {
        let text = if most > 0.0 { format!("≤ {}", measure.told(most)) } else { "none".to_owned() };
        Self { most, text }
    }

    /// At most so many times what another program needs.
    pub fn times(factor: f64, other: f64, program: &str) -> Self {
        Self { most: factor * other, text: format!("≤ {factor} × {program}") }
    }

    /// As people read it.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Report {
    /// What comes from now on is in this part of the page.
    pub fn section(&mut self, title: &'static str) {
        say(&format!("bench: {title}"));
        self.section = title;
    }

    /// Measures a part. One that fails is told, and the others go on.
    pub fn attempt(&mut self, measure: impl FnOnce(&mut Self) -> Result<()>) {
        if let Err(error) = measure(self) {
            say(&format!("error: {error:#}"));
            self.failures.push(format!("{}, in this run: {}", self.section, error.root_cause()));
        }
    }

    /// Adds a number.
    pub fn add(&mut self, what: &str, measure: Measure, program: &str, value: f64, bound: Option<Bound>) {
        self.push(what, measure, program, (value, None), bound);
    }

    /// Adds what many runs took.
    pub fn add_many(&mut self, what: &str, measure: Measure, program: &str, times: Times, bound: Option<Bound>) {
        self.push(what, measure, program, (times.median, Some(times.spread)), bound);
    }

    fn push(
        &mut self,
        what: &str,
        measure: Measure,
        program: &str,
        (value, spread): (f64, Option<(f64, f64)>),
        bound: Option<Bound>,
    ) {
        let (what, program) = (what.to_owned(), program.to_owned());
        self.rows.push(Row { section: self.section, what, measure, program, value, spread, bound });
    }

    /// Whether everything was measured, and every bound is kept.
    pub fn holds(&self) -> bool {
        self.failures.is_empty() && self.rows.iter().all(|row| row.holds() != Some(false))
    }

    /// Prints the table.
    #[expect(clippy::print_stdout, reason = "the table is the answer")]
    pub fn print(&self) {
        let mut table = Table::new(["WHAT", "MEASURE", "PROGRAM", "VALUE", "8 OF 10 RUNS", "RATIO", "GOAL", "REACHED"]);
        for row in &self.rows {
            table.row([
                row.what.clone(),
                row.measure.name().to_owned(),
                row.program.clone(),
                row.measure.told(row.value),
                row.told_spread(),
                self.ratio(row).map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
                row.bound.as_ref().map(|bound| bound.text.clone()).unwrap_or_default(),
                row.holds().map(|holds| if holds { "yes" } else { "NO" }).unwrap_or_default().to_owned(),
            ]);
        }
        table.lines().iter().for_each(|line| println!("{line}"));
    }

    /// Writes the same as JSON, with what it was measured on.
    pub fn write(&self, file: &Path, machine: &Value) -> Result<()> {
        let rows: Vec<Value> = self.rows.iter().map(|row| row.json(self.ratio(row))).collect();
        let text = format!("{:#}\n", json!({"machine": machine, "rows": rows}));
        fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))?;
        say(&format!("the same as JSON, with the machine: {}", file.display()));
        Ok(())
    }

    /// How many times our number a peer's is.
    fn ratio(&self, row: &Row) -> Option<f64> {
        let ours =
            self.rows.iter().find(|it| it.program == OURS && it.what == row.what && it.measure == row.measure)?;
        (row.program != OURS && ours.value > 0.0).then_some(row.value / ours.value)
    }
}

impl Row {
    /// Whether its bound is kept, where it has one.
    pub fn holds(&self) -> Option<bool> {
        self.bound.as_ref().map(|bound| self.value <= bound.most)
    }

    /// Where eight of ten runs were, as people read it.
    pub fn told_spread(&self) -> String {
        let told = |(low, high)| format!("{} to {}", self.measure.told(low), self.measure.told(high));
        self.spread.map(told).unwrap_or_default()
    }

    fn json(&self, ratio: Option<f64>) -> Value {
        json!({
            "section": self.section, "what": self.what, "measure": self.measure.name(), "program": self.program,
            "value": self.value, "told": self.measure.told(self.value), "spread": self.spread, "ratio": ratio,
            "bound": self.bound.as_ref().map(|it| it.most), "goal": self.bound.as_ref().map(|it| it.text.as_str()),
            "holds": self.holds(),
        })
    }
}

/// Tells people something beside the table.
#[expect(clippy::print_stderr, reason = "this is for people")]
pub fn say(line: &str) {
    eprintln!("{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_bound_is_told() {
        let mut report = Report::default();
        let wall = Measure::Wall;
        report.add("work", wall, OURS, 2.0, Some(Bound::most(2.0, wall)));
        report.add("work", wall, "peer", 5.0, None);
        assert!(report.holds());
        assert_eq!(report.ratio(&report.rows[1]), Some(2.5));
        report.add("work", Measure::Cpu, OURS, 2.1, Some(Bound::times(0.5, 4.0, "peer")));
        assert!(!report.holds());
    }

    #[test]
    fn a_part_that_fails_is_told_and_holds_nothing_up() {
        let mut report = Report::default();
        report.section("Work");
        report.attempt(|_| anyhow::bail!("the server is away"));
        report.attempt(|report| {
            report.add("work", Measure::Wall, OURS, 2.0, None);
            Ok(())
        });
        assert_eq!(report.failures, ["Work, in this run: the server is away"]);
        assert!(report.rows.len() == 1 && !report.holds());
    }

    #[test]
    fn numbers_are_told_with_their_unit() {
        assert_eq!(Measure::Requests.told(64.0), "64");
        assert_eq!(Measure::Requests.told(1.148), "1.15");
        assert_eq!(Bound::most(0.0, Measure::Writes).text(), "none");
        assert_eq!(Bound::times(0.25, 2.0, "kubectl").text(), "≤ 0.25 × kubectl");
    }
}
