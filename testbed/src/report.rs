//! What a run of the tests has cost: read from what nextest wrote, printed when it is over.

use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use clap::Args;
use roxmltree::{Document, Node};

const SLOWEST: usize = 10;
/// In which the kernel counts the time of processes, whatever its own clock is (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;

/// A run of the tests, as its script knows it.
#[derive(Args, Debug)]
pub struct Run {
    /// What nextest wrote about the tests that need no servers
    #[arg(long)]
    offline: Option<PathBuf>,
    /// What it wrote about those on real servers
    #[arg(long)]
    servers: Option<PathBuf>,
    /// When the run began, in seconds since 1970
    #[arg(long)]
    began: u64,
    /// When everything was compiled
    #[arg(long)]
    compiled: u64,
    /// The load average when the run began
    #[arg(long)]
    load: f64,
    /// The process whose ended children were the run
    #[arg(long)]
    process: u32,
}

/// What tests are about, in the order in which they are told.
const KINDS: [&str; 4] = ["offline", "hubs", "peers", "Porter"];

/// One test that ran.
#[derive(Debug)]
struct Test {
    name: String,
    kind: &'static str,
    took: f64,
    /// Why it did nothing, when it said so.
    skipped: Vec<String>,
    /// Where and why it failed, when it did.
    failure: Option<String>,
}

impl Run {
    /// Prints the slowest tests, how the time divides, what was skipped, and last what failed: of a long run often only the
    /// end is kept.
    pub fn report(&self) -> Result<()> {
        let mut tests = Vec::new();
        for (file, is_offline) in [(&self.offline, true), (&self.servers, false)] {
            if let Some(file) = file {
                tests.extend(read(file, is_offline)?);
            }
        }
        tests.sort_by(|one, other| other.took.total_cmp(&one.took));
        let text = slowest(&tests) + &self.division(&tests)? + &skipped(&tests) + &failed(&tests);
        io::stdout().write_all(text.as_bytes()).context("failed to print the report")
    }

    fn division(&self, tests: &[Test]) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let whole = now.saturating_sub(Duration::from_secs(self.began)).as_secs();
        let mut text = format!("\nhow {} min {:02} s divide\n", whole / 60, whole % 60);
        line(&mut text, self.compiled.saturating_sub(self.began), "compiling")?;
        for kind in KINDS {
            let of_kind: Vec<_> = tests.iter().filter(|test| test.kind == kind).map(|test| test.took).collect();
            if !of_kind.is_empty() {
                let what = format!("{kind}: {} tests, the seconds of each added up", of_kind.len());
                line(&mut text, format!("{:.0}", of_kind.iter().sum::<f64>()), &what)?;
            }
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let cpu = format!(
            "of CPU on {cores} cores, with a load average of {} before and {} after",
            self.load,
            load_average().unwrap_or_default(),
        );
        line(&mut text, cpu_of_children(self.process)?, &cpu)?;
        Ok(text)
    }
}

fn line(text: &mut String, seconds: impl std::fmt::Display, what: &str) -> Result<()> {
    writeln!(text, "{seconds:>8} s  {what}").context("failed to write a line")
}

fn slowest(tests: &[Test]) -> String {
    let lines = tests.iter().take(SLOWEST).map(|test| format!("{:>8.1} s  {}\n", test.took, test.name));
    format!("\nthe slowest tests\n{}", lines.collect::<String>())
}

fn skipped(tests: &[Test]) -> String {
    let lines: Vec<_> = tests.iter().flat_map(|test| &test.skipped).map(|line| format!("{line}\n")).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.concat()) }
}

fn failed(tests: &[Test]) -> String {
    let told = |test: &Test| test.failure.as_ref().map(|why| format!("\nFAILED {}\n{why}", test.name));
    tests.iter().filter_map(told).collect()
}

/// From the panic on, without the stack: the beginning, which has the place, and the end, which has what the program said last.
fn end_of(output: &str) -> String {
    const MOST: usize = 24;
    const LONGEST: usize = 300;
    let lines: Vec<&str> = output.lines().filter(|line| !line.trim().is_empty()).collect();
    let panic = lines.iter().position(|line| line.contains("panicked at")).unwrap_or_default();
    let until = lines.iter().skip(panic).position(|line| line.trim() == "stack backtrace:");
    let lines = &lines[panic..until.map_or(lines.len(), |count| panic + count)];
    let cut = |line: &&str| format!("  {}\n", line.chars().take(LONGEST).collect::<String>());
    let (first, last) = lines.split_at(lines.len().min(MOST / 3));
    let skipped = last.len().saturating_sub(MOST - first.len());
    let gap = if skipped > 0 { format!("  … {skipped} lines\n") } else { String::new() };
    first.iter().map(cut).chain([gap]).chain(last.iter().skip(skipped).map(cut)).collect()
}

fn read(file: &Path, is_offline: bool) -> Result<Vec<Test>> {
    let text = fs::read_to_string(file).with_context(|| format!("failed to read {}", file.display()))?;
    parse(&text, is_offline).with_context(|| format!("{} is not what nextest writes", file.display()))
}

fn parse(text: &str, is_offline: bool) -> Result<Vec<Test>> {
    let document = Document::parse(text)?;
    let cases = document.descendants().filter(|node| node.has_tag_name("testcase"));
    cases.map(|case| test(case, is_offline)).collect()
}

fn test(case: Node, is_offline: bool) -> Result<Test> {
    let attribute = |name| case.attribute(name).with_context(|| format!("a test has no {name}"));
    let (name, binary) = (attribute("name")?, attribute("classname")?);
    let kind = if is_offline {
        "offline"
    } else if binary.starts_with(env!("CARGO_PKG_NAME")) {
        "peers"
    } else if name.starts_with("porter::") {
        "Porter"
    } else {
        "hubs"
    };
    let output = case.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect::<Vec<_>>().join("\n");
    let skipped = output.lines().filter(|line| line.starts_with("SKIPPED ")).map(str::to_owned).collect();
    let has_failed = case.children().any(|node| node.has_tag_name("failure") || node.has_tag_name("error"));
    let failure = has_failed.then(|| end_of(&output));
    Ok(Test { name: format!("{binary} {name}"), kind, took: attribute("time")?.parse()?, skipped, failure })
}

/// What the ended children of a process, and theirs, have used of the cores, in seconds.
fn cpu_of_children(process: u32) -> Result<u64> {
    let file = format!("/proc/{process}/stat");
    let text = fs::read_to_string(&file).with_context(|| format!("failed to read {file}"))?;
    children_in(&text).with_context(|| format!("{file} is not what the kernel writes"))
}

/// `cutime` and `cstime` of proc(5), counted after the name, which may hold anything.
fn children_in(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(13);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

fn load_average() -> Option<String> {
    fs::read_to_string("/proc/loadavg").ok()?.split(' ').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const JUNIT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="3"><testsuite name="backstack::backstack">
<testcase name="hub::removal::it" classname="backstack::backstack" time="61.5"></testcase>
<testcase name="porter::life::it" classname="backstack::backstack" time="0.100">
    <system-out>test it ... ok
</system-out>
    <system-err>SKIPPED porter::life::it: `porter` is not on PATH
</system-err></testcase></testsuite><testsuite name="backstack-testbed::peers">
<testcase name="base::it" classname="backstack-testbed::peers" time="20"><failure>no</failure></testcase>
</testsuite></testsuites>"#;

    #[test]
    fn tests_are_told_apart_by_what_they_are_about() {
        let kinds = |is_offline| parse(JUNIT, is_offline).expect("read").iter().map(|it| it.kind).collect::<Vec<_>>();
        assert_eq!(kinds(false), ["hubs", "Porter", "peers"]);
        assert_eq!(kinds(true), ["offline"; 3]);
    }

    #[test]
    fn what_was_skipped_is_told() {
        let tests = parse(JUNIT, false).expect("read");
        assert_eq!(skipped(&tests), "\nSKIPPED porter::life::it: `porter` is not on PATH\n");
        assert_eq!(skipped(&tests[..1]), "");
        assert_eq!(slowest(&tests[..1]), "\nthe slowest tests\n    61.5 s  backstack::backstack hub::removal::it\n");
    }

    #[test]
    fn what_failed_is_told_with_its_place_and_its_last_words() {
        let tests = parse(JUNIT, false).expect("read");
        assert_eq!(failed(&tests), "\nFAILED backstack-testbed::peers base::it\n  no\n");
        let many: Vec<String> = (0..40).map(|line| format!("said {line}")).collect();
        let output =
            format!("before\nthread 'a' panicked at tests/a.rs:1:2:\n{}\nstack backtrace:\n   0: b\n", many.join("\n"));
        let told = end_of(&output);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(lines[0], "  thread 'a' panicked at tests/a.rs:1:2:");
        assert_eq!(lines[8], "  … 17 lines");
        assert_eq!((lines.len(), lines[24]), (25, "  said 39"));
    }

    #[test]
    fn the_time_of_ended_children_is_behind_the_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 9 8 7 6 11 12 1300 1450 20 0 1 0 99";
        assert_eq!(children_in(stat), Some(27));
    }
}
