//! The numbers as a table for people and as JSON for programs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use backstack::report::Table;
use serde_json::{Value, json};

/// One number.
#[derive(Debug)]
pub struct Row {
    /// What was measured; rows of the same work are compared.
    pub what: String,
    /// Whose it is.
    pub program: String,
    /// The number.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// Where eight of ten runs were.
    pub spread: Option<(f64, f64)>,
    /// What it may be at most.
    pub bound: Option<f64>,
}

/// All numbers of a run.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
}

impl Report {
    /// Adds a number.
    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Whether every bound is kept.
    pub fn holds(&self) -> bool {
        self.rows.iter().all(|row| row.holds() != Some(false))
    }

    /// Prints the table.
    #[expect(clippy::print_stdout, reason = "the table is the answer")]
    pub fn print(&self) {
        let mut table = Table::new(["WHAT", "PROGRAM", "VALUE", "8 OF 10 RUNS", "RATIO", "BOUND", "HOLDS"]);
        for row in &self.rows {
            table.row([
                row.what.clone(),
                row.program.clone(),
                format!("{:.2} {}", row.value, row.unit),
                row.spread.map(|(low, high)| format!("{low:.2} to {high:.2}")).unwrap_or_default(),
                self.ratio(row).map(|ratio| format!("{ratio:.1}")).unwrap_or_default(),
                row.bound.map(|bound| format!("{bound:.2}")).unwrap_or_default(),
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
        let ours = self.rows.iter().find(|it| it.program == OURS && it.what == row.what && it.unit == row.unit)?;
        Some(row.value / ours.value)
    }
}

/// How our program is called in the table.
pub const OURS: &str = "backstack";

impl Row {
    fn holds(&self) -> Option<bool> {
        self.bound.map(|bound| self.value <= bound)
    }

    fn json(&self, ratio: Option<f64>) -> Value {
        json!({
            "what": self.what, "program": self.program, "value": self.value, "unit": self.unit, "spread": self.spread,
            "ratio": ratio, "bound": self.bound, "holds": self.holds(),
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

    fn row(program: &str, value: f64, bound: Option<f64>) -> Row {
        Row { what: "work".to_owned(), program: program.to_owned(), value, unit: "ms", spread: None, bound }
    }

    #[test]
    fn a_missed_bound_is_told() {
        let mut report = Report::default();
        report.add(row(OURS, 2.0, Some(2.0)));
        report.add(row("peer", 5.0, None));
        assert!(report.holds());
        assert_eq!(report.ratio(&report.rows[1]), Some(2.5));
        report.add(row(OURS, 2.1, Some(2.0)));
        assert!(!report.holds());
    }
}
