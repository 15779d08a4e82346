//! `testbed`: builds, starts, shows and stops the real peers.

mod cli;
mod report;
mod verbs;
mod with;

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use backstack_testbed::forge;
use backstack_testbed::porter::driver;
use backstack_testbed::progress::say;
use clap::Parser;

fn main() -> ExitCode {
    let args: Vec<_> = env::args_os().collect();
    match act(&args) {
        Ok(code) => code.into(),
        // Whoever read our answer has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Called by Porter's name for it this is the run driver, by the web server's the forge, else the command line.
fn act(args: &[OsString]) -> Result<u8> {
    let name = args.first().and_then(|arg| Path::new(arg).file_name());
    if name.is_some_and(|name| name == driver::PROGRAM) {
        return driver::main(args);
    }
    if name.is_some_and(|name| name == forge::PROGRAM) {
        return forge::main();
    }
    verbs::act(cli::Cli::parse_from(args).verb)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let error = error.root_cause().downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
