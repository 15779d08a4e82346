//! The numbers as a page of the manual, with what was missed and why.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::pictures;
use crate::report::{Bound, OURS, Report, Row, say};
use crate::trace::Trace;

const PAGE: &str = "docs/benchmarks.md";
const BARS: &str = "pictures/benchmarks.svg";
const TIMELINE: &str = "pictures/first-install.svg";
/// Why a goal is not reached, by what and which measure of it; and what is not measured. Written by people.
const CAUSES: &str = include_str!("../causes.json");

const INTRODUCTION: &str = "\
# Benchmarks

Written by `make bench` from one run, with what it did not reach. Everything runs on one machine: the program and its peers, the API
server, Argo CD and git, on loopback alone. They do not run at once but in turns, one run of each and then the next of each, on
a cluster that is put back to its first minute where the work is a first one. A number is the median, with where eight of ten runs
were. What stands alone was run once. A ratio is how much of what the other one needs ours does. Memory is the most
that the process held; CPU is of the process and of those that it waited for, as git.
";

/// What is written.
pub struct Page<'a> {
    /// The numbers.
    pub report: &'a Report,
    /// What they were measured on.
    pub machine: &'a Value,
    /// Whether it is the program as `make build` makes it.
    pub is_released: bool,
    /// The versions of the others.
    pub peers: &'a [(String, String)],
    /// How often each was run.
    pub runs: usize,
}

impl Page<'_> {
    /// Writes the page and its pictures, at the root of the repository.
    pub fn write(&self, timeline: &Trace) -> Result<()> {
        let docs = Path::new(PAGE).parent().context("a page in no folder")?;
        let write = |file: &Path, text: &str| -> Result<()> {
            fs::create_dir_all(file.parent().context("a file in no folder")?)?;
            fs::write(file, text).with_context(|| format!("failed to write {}", file.display()))
        };
        write(&docs.join(BARS), &pictures::bars(&self.report.rows))?;
        write(&docs.join(TIMELINE), &pictures::timeline(timeline))?;
        write(Path::new(PAGE), &self.text(&serde_json::from_str(CAUSES).context("causes.json")?))?;
        say(&format!("written: {PAGE} with its pictures"));
        Ok(())
    }

    fn text(&self, causes: &Value) -> String {
        let parts = [
            INTRODUCTION.to_owned(),
            self.conditions(),
            self.missed(&causes["causes"]),
            self.absent(&causes["absent"]),
            format!(
                "## Where the time of a first install goes\n\n[The same as a picture alone]({TIMELINE}), of the last run; \
                     [`--timeline`](terminal.md#where-the-time-of-a-run-goes) writes down what it is drawn of.\n\n\
                     ![Each piece of work and each wait of a first install]({TIMELINE})\n"
            ),
            self.sections(),
            format!("## Side by side\n\n![Each program's share of the largest one, work by work]({BARS})\n"),
        ];
        parts.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join("\n")
    }

    /// The machine, the versions, and how often.
    fn conditions(&self) -> String {
        let field = |name: &str| match &self.machine[name] {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let build = if self.is_released { "as `make build` makes it" } else { "**not** as `make build` makes it" };
        let program = format!("{}, commit {}, {build}", field("version"), field("commit"));
        let mut rows = vec![("runs of each".to_owned(), self.runs.to_string()), ("backstack".to_owned(), program)];
        rows.extend(self.peers.iter().cloned());
        rows.push(("cores".to_owned(), field("cores")));
        rows.push(("memory".to_owned(), field("memory")));
        rows.push(("processor".to_owned(), field("processor")));
        rows.push(("kernel".to_owned(), field("kernel")));
        rows.push(("load before the run".to_owned(), field("load")));
        let rows: Vec<String> = rows.into_iter().map(|(name, value)| format!("| {name} | {value} |")).collect();
        format!("## The run\n\n| | |\n|---|---|\n{}\n", rows.join("\n"))
    }

    /// Each goal that was not reached, with the cause as far as somebody has written it down.
    fn missed(&self, causes: &Value) -> String {
        let missed: Vec<String> = self
            .report
            .rows
            .iter()
            .filter(|row| row.holds() == Some(false))
            .map(|row| {
                let (what, measure) = (&row.what, row.measure.name());
                let goal = row.bound.as_ref().map(Bound::text).unwrap_or_default();
                let cause = causes[format!("{what}: {measure}")].as_str().unwrap_or("no cause is known yet");
                format!("**{what}**, {measure}: {} instead of {goal}. {cause}", row.measure.told(row.value))
            })
            .collect();
        let goals = self.report.rows.iter().filter(|row| row.bound.is_some()).count();
        let heading = format!("## What is not reached\n\n{} of {goals} goals are reached.", goals - missed.len());
        if missed.is_empty() { heading + "\n" } else { list(&heading, missed.iter().map(String::as_str)) }
    }

    /// What could not be measured in this run, and what never is.
    fn absent(&self, always: &Value) -> String {
        let always = always.as_array().into_iter().flatten().filter_map(Value::as_str);
        list("## What is not measured", self.report.failures.iter().map(String::as_str).chain(always))
    }

    fn sections(&self) -> String {
        let rows = &self.report.rows;
        let titles: Vec<&str> = rows.iter().fold(Vec::new(), |mut titles, row| {
            if !titles.contains(&row.section) {
                titles.push(row.section);
            }
            titles
        });
        let section = |title: &&str| {
            let of_it: Vec<&Row> = rows.iter().filter(|row| row.section == *title).collect();
            let lines = of_it.iter().enumerate().filter_map(|(place, row)| {
                let is_first = of_it[..place].iter().all(|it| !is_same(it, row));
                is_first.then(|| line(&of_it.iter().copied().filter(|it| is_same(it, row)).collect::<Vec<_>>()))
            });
            let lines: Vec<String> = lines.collect();
            format!(
                "## {title}\n\n| what | measure | backstack | others | ratio | goal | reached |\n|---|---|---|---|---|---|---|\n{}\n",
                lines.join("\n")
            )
        };
        titles.iter().map(section).collect::<Vec<_>>().join("\n")
    }
}

fn is_same(one: &Row, other: &Row) -> bool {
    one.what == other.what && one.measure == other.measure
}

/// One line of a table: the same work and measure by all.
fn line(rows: &[&Row]) -> String {
    let ours = rows.iter().find(|it| it.program == OURS);
    let others: Vec<&&Row> = rows.iter().filter(|it| it.program != OURS).collect();
    let number = |row: &Row| match row.told_spread() {
        spread if spread.is_empty() => row.measure.told(row.value),
        spread => format!("{} ({spread})", row.measure.told(row.value)),
    };
    let ratio = |other: &Row| match ours {
        Some(ours) if other.value > 0.0 => format!("{:.2}", ours.value / other.value),
        _ => String::new(),
    };
    let told: Vec<String> = others.iter().map(|it| format!("{}: {}", it.program, number(it))).collect();
    let ratios =
        if ours.is_some() { others.iter().map(|it| ratio(it)).collect::<Vec<_>>().join("<br>") } else { String::new() };
    let goal = ours.and_then(|it| it.bound.as_ref()).map(Bound::text).unwrap_or_default();
    let reached = match ours.and_then(|it| it.holds()) {
        Some(true) => "yes",
        Some(false) => "**no**",
        None => "",
    };
    let (what, measure) = (&rows[0].what, rows[0].measure.name());
    let ours = ours.map(|it| number(it)).unwrap_or_default();
    format!("| {what} | {measure} | {ours} | {} | {} | {goal} | {reached} |", told.join("<br>"), ratios)
}

fn list<'a>(heading: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(|it| format!("- {it}")).collect();
    format!("{heading}\n\n{}\n", items.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Measure;
    use serde_json::json;

    #[test]
    fn what_is_missed_stands_with_its_cause() {
        let mut report = Report::default();
        report.section("Work");
        let wall = Measure::Wall;
        report.add("fast", wall, OURS, 1.0, Some(Bound::most(2.0, wall)));
        report.add("slow", wall, OURS, 3.0, Some(Bound::times(0.25, 4.0, "peer")));
        report.add("slow", wall, "peer", 4.0, None);
        report.add("large", Measure::Memory, OURS, 3.0, Some(Bound::most(2.0, Measure::Memory)));
        let page = Page { report: &report, machine: &json!({"cores": 2}), is_released: true, peers: &[], runs: 2 };
        let text = page.text(&json!({"causes": {"slow: wall": "The server is slow."}, "absent": ["the weather"]}));
        let has = |part: &str| assert!(text.contains(part), "`{part}` is not in:\n{text}");
        has("1 of 3 goals are reached.");
        has("- **slow**, wall: 3.00 s instead of ≤ 0.25 × peer. The server is slow.\n");
        has("- **large**, memory: 3.0 MB instead of ≤ 2.0 MB. no cause is known yet\n");
        has("- the weather\n");
        has("| slow | wall | 3.00 s | peer: 4.00 s | 0.75 | ≤ 0.25 × peer | **no** |");
        has("| cores | 2 |");
    }

    #[test]
    fn the_causes_can_be_read() {
        let causes: Value = serde_json::from_str(CAUSES).expect("JSON");
        let all = causes["causes"].as_object().expect("causes");
        assert!(all.values().all(Value::is_string) && causes["absent"].is_array());
    }
}
