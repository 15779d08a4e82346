//! backstack on the command line. The work is in the library.

use std::ffi::OsString;
use std::process::ExitCode;

use backstack::report::{
    Console, Exit, Failure, Outcome, choose_colors, forget_secrets, leave_terminal, redact_panics, remember_secret,
    write_timeline,
};
use backstack::schema::address;
use backstack::{actions, cli, process};
use clap::ColorChoice;
use clap::error::{ContextKind, ErrorKind};

fn main() -> ExitCode {
    process::seclude();
    redact_panics();
    hide_secrets(std::env::args_os());
    if let Some(ended) = process::attend(std::env::args_os().skip(1)) {
        return ended.unwrap_or_else(|failure| failed(&failure));
    }
    if let Some(completed) = actions::complete(std::env::args_os()) {
        return exit_code(completed);
    }
    process::attend_children();
    let line: Vec<OsString> = std::env::args_os().collect();
    choose_colors(match cli::color_of(&line) {
        ColorChoice::Auto => None,
        ColorChoice::Always => Some(true),
        ColorChoice::Never => Some(false),
    });
    let code = match cli::parse(line) {
        Ok(cli) => exit_code(told(actions::act(cli))),
        Err(error) => refuse(&error),
    };
    leave_terminal();
    forget_secrets();
    code
}

/// Has the passwords and tokens in addresses masked before anything can repeat an argument.
fn hide_secrets(args: impl Iterator<Item = OsString>) {
    for arg in args {
        address::secrets_in_text(&arg.to_string_lossy()).for_each(remember_secret);
    }
}

/// The outcome of the run, after its timeline is written where one is asked for. One that cannot be written is a failure of a run
/// that has none.
fn told(outcome: Outcome<()>) -> Outcome<()> {
    let written = write_timeline();
    if let (Err(_), Err(failure)) = (&outcome, &written) {
        Console::new(false).say(failure.render());
    }
    outcome.and(written)
}

fn exit_code(outcome: Outcome<()>) -> ExitCode {
    outcome.map_or_else(|failure| failed(&failure), |()| ExitCode::SUCCESS)
}

fn failed(failure: &Failure) -> ExitCode {
    Console::new(false).say(failure.render());
    failure.exit.code().into()
}

/// Help is an answer; everything else is a mistake. Porter recognises a mixin without some command by the words
/// `unknown command` (Porter's `pkg/linter`); what helps a person on stands below them.
fn refuse(error: &clap::Error) -> ExitCode {
    if let (ErrorKind::InvalidSubcommand, Some(command)) = (error.kind(), error.get(ContextKind::InvalidSubcommand))
        && std::env::args_os().nth(1).is_some_and(|first| first == command.to_string().as_str())
    {
        let command = command.to_string();
        let hint = actions::verb_hint(&command);
        Console::new(false).say(format!("unknown command \"{command}\" for \"backstack\"\n{hint}"));
        return Exit::Failed.code().into();
    }
    if error.use_stderr() {
        // It repeats the argument that is wrong.
        Console::new(false).say(error.render().to_string().trim_end());
        return Exit::Usage.code().into();
    }
    let _ = error.print(); // to a closed stream: nobody reads it
    ExitCode::SUCCESS
}
