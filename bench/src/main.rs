//! `make bench`: how small and how fast the program is, beside its peers, in one run on one machine.
//!
//! * [`clock`] – one command, from its start to its end: how long, how much CPU, and how much memory at most; [`series`] – the
//!   same again and again, by several in turns
//! * [`peers`] – other mixins and installers, where they are at hand
//! * [`start`] – what Porter waits for: version, schema, build, lint
//! * [`size`] – the programs on disk
//! * [`hub`] – a hub on the testbed, and what is run on it; [`trace`] – what a run did when
//! * [`first`] – first installs and their proof; [`again`] – what is done on a hub that is installed
//! * [`bead`] – beads on it
//! * [`apply`] – the first apply, near and far; [`floor`] – the least that it can take
//! * [`spokes`] – the memory and time of what looks at fifty spokes
//! * [`crowd`] – the memory of each action beside thousands of Applications
//! * [`report`] – the numbers, the bounds and their verdicts, for people and as JSON
//! * [`page`] – the same as a page of the manual; [`pictures`] – what is drawn of them; [`svg`] – how
//!
//! It ends with 1 when a bound is missed, so that scripts can tell; no test does.

mod again;
mod apply;
mod bead;
mod clock;
mod crowd;
mod first;
mod floor;
mod hub;
mod machine;
mod page;
mod peers;
mod pictures;
mod report;
mod series;
mod size;
mod spokes;
mod start;
mod svg;
mod trace;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use backstack_testbed::Testbed;
use clap::Parser;

use crate::hub::Place;
use crate::page::Page;
use crate::report::Report;

/// What `make build` makes.
const RELEASED: &str = "target/x86_64-unknown-linux-gnu/release/backstack";
/// How often a program is started that takes milliseconds, for each run of the others.
const STARTS: usize = 20;

/// Measure the program beside its peers, and write docs/benchmarks.md.
#[derive(Debug, Parser)]
struct Cli {
    /// The release binary
    #[arg(long, default_value = RELEASED)]
    program: PathBuf,
    /// How often everything is run; what takes milliseconds is started twenty times as often
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Leave out what needs the testbed, and the page with it
    #[arg(long)]
    no_hub: bool,
    /// Leave out the fifty spokes and the thousands of Applications, for a look
    #[arg(long)]
    no_crowd: bool,
    /// Where the numbers go as JSON
    #[arg(long, default_value = "target/bench.json")]
    json: PathBuf,
}

fn main() -> ExitCode {
    match bench(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            report::say(&format!("error: {error:#}"));
            ExitCode::from(2)
        }
    }
}

/// Answers whether every bound is kept.
fn bench(cli: &Cli) -> Result<bool> {
    let program = cli.program.canonicalize();
    let program = program.with_context(|| format!("{} is not built; run `make build`", cli.program.display()))?;
    let machine = machine::describe(&program)?;
    let runs = usize::from(cli.runs);
    let mut report = Report::default();
    start::measure(&program, runs * STARTS, &mut report)?;
    size::measure(&program, &mut report)?;
    if !cli.no_hub {
        let testbed = Testbed::start(1)?;
        let place = Place::of(&testbed, &program)?;
        // What cannot be measured is told on the page, and takes nothing of the rest with it.
        let (hub, timeline) = first::measure(&place, runs, &mut report)?;
        report.attempt(|report| again::measure(&place, &hub, runs, report));
        report.attempt(|report| bead::measure(&place, &hub, runs, report));
        drop(hub);
        report.attempt(|report| apply::measure(&place, runs, report));
        if !cli.no_crowd {
            report.attempt(|report| spokes::measure(&place.installed()?, report));
            report.attempt(|report| crowd::measure(&place.installed()?, report));
        }
        let is_released = cli.program == Path::new(RELEASED);
        let peers = machine::peers(&testbed)?;
        Page { report: &report, machine: &machine, is_released, peers: &peers, runs }.write(&timeline)?;
    }
    report.print();
    report.write(&cli.json, &machine)?;
    Ok(report.holds())
}
