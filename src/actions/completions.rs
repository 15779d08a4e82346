//! `completions`: for the shell of the reader.

use clap_complete::Shell;
use clap_complete::env::Shells;

use crate::env;
use crate::report::{Failure, Outcome, answer};

/// What bash has to run. The library has one, too, which loses the words behind the first `NAME=VALUE` of a line.
const BASH: &str = include_str!("complete/bash.sh");

/// Answers with what has a shell ask the program for completions. It names the program as it was called here.
pub fn run(shell: Shell) -> Outcome<()> {
    if shell == Shell::Bash {
        let quoted = program().replace('\'', r"'\''");
        return answer(&BASH.replace("VARIABLE", env::COMPLETE).replace("PROGRAM", &quoted));
    }
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string());
    let completer = completer.ok_or_else(|| Failure::usage(format!("there are no completions for {shell}")))?;
    let mut script = Vec::new();
    completer
        .write_registration(env::COMPLETE, "backstack", "backstack", &program(), &mut script)
        .map_err(|error| Failure::failed(format!("failed to write the completions: {error}")))?;
    answer(&String::from_utf8_lossy(&script))
}

/// By its name where it is found on `PATH`, and else by its path.
fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_else(|| "backstack".into());
    let path = std::path::Path::new(&called);
    let is_name = path.components().count() == 1;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if is_name { called.to_string_lossy().into_owned() } else { absolute.to_string_lossy().into_owned() }
}
