//! `completions`: for the shell of the reader.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::Cli;
use crate::report::{Outcome, answer};

/// Answers with the completion script of a shell.
pub fn run(shell: Shell) -> Outcome<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "backstack", &mut script);
    answer(&String::from_utf8_lossy(&script))
}
