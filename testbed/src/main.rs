//! `testbed`: builds, starts, shows and stops the real peers.

mod cli;
mod verbs;

use std::process::ExitCode;

use backstack_testbed::progress::say;
use clap::Parser;

fn main() -> ExitCode {
    match verbs::act(cli::Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
