//! `make bench`: how small and how fast the program is, beside its peers, in one run on one machine.
//!
//! * [`clock`] – one command, from its start to its end: how long, and how much memory at most
//! * [`peers`] – other mixins and installers, where they are at hand
//! * [`start`] – what Porter waits for: version, schema, build, lint
//! * [`size`] – the programs on disk
//! * [`hub`] – the memory of an installation on the testbed
//! * [`spokes`] – the memory and time of what looks at fifty spokes
//! * [`crowd`] – the memory of each action beside thousands of Applications
//! * [`report`] – the table, the bounds and their verdicts, and the same as JSON
//!
//! It ends with 1 when a bound is missed, so that scripts can tell; no test does.

mod clock;
mod crowd;
mod hub;
mod machine;
mod peers;
mod report;
mod size;
mod spokes;
mod start;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::report::Report;

/// Measure the program beside its peers.
#[derive(Debug, Parser)]
struct Cli {
    /// The release binary
    #[arg(long, default_value = "target/x86_64-unknown-linux-gnu/release/backstack")]
    program: PathBuf,
    /// How often each command is started
    #[arg(long, default_value_t = 200)]
    runs: usize,
    /// Leave out the installation, which needs the testbed
    #[arg(long)]
    no_hub: bool,
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
    let mut report = Report::default();
    start::measure(&program, cli.runs, &mut report)?;
    size::measure(&program, &mut report)?;
    if !cli.no_hub {
        hub::measure(&program, &mut report)?;
    }
    report.print();
    report.write(&cli.json, &machine::describe(&program)?)?;
    Ok(report.holds())
}
