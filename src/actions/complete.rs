//! How a line that is being typed may go on, asked of the program itself by the functions that `completions` prints.
//!
//! Only what is on this machine is looked at, and whatever cannot be read has nothing to offer: nobody wants an error at a
//! press of a key.

mod typed;
mod values;

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Arg, Command, CommandFactory as _, ValueHint};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter, CompletionCandidate};
use clap_complete::env::Shells;

use crate::cli::Cli;
use crate::env;
use crate::report::{Outcome, answer};

use typed::Typed;

/// Answers a shell that asks. The variable alone means nothing: a bundle may have set it, and whoever calls a mixin gives it a
/// verb and never begins with `--`.
pub fn complete(line: impl IntoIterator<Item = OsString>) -> Option<Outcome<()>> {
    let shell = env::get(env::COMPLETE)?;
    let mut words = line.into_iter().skip(1);
    words.next().filter(|first| first == "--")?;
    let words: Vec<OsString> = words.collect();
    let shells = Shells::builtins();
    let shell = shells.completer(&shell)?;
    let mut offered = Vec::new();
    let mut command = command(&Arc::new(Typed::of(&words)));
    let here = std::env::current_dir().ok();
    Some(match shell.write_complete(&mut command, words, here.as_deref(), &mut offered) {
        Ok(()) => answer(&String::from_utf8_lossy(&offered)),
        Err(_) => Ok(()),
    })
}

/// The command line, with what its values can be.
fn command(typed: &Arc<Typed>) -> Command {
    with_values(Cli::command(), typed)
}

fn with_values(command: Command, typed: &Arc<Typed>) -> Command {
    let command = command.mut_subcommands(|verb| with_values(verb, typed));
    let typed = Arc::clone(typed);
    command.mut_args(move |arg| with_values_of(arg, &typed))
}

/// The same names of arguments mean the same in every verb.
fn with_values_of(arg: Arg, typed: &Arc<Typed>) -> Arg {
    let listed = |list: fn(&Typed) -> Vec<CompletionCandidate>| {
        let typed = Arc::clone(typed);
        ArgValueCandidates::new(move || list(&typed))
    };
    match arg.get_id().as_str() {
        "bundle_action" => arg.add(listed(values::actions)),
        "parameters" => {
            let typed = Arc::clone(typed);
            arg.add(ArgValueCompleter::new(move |current: &std::ffi::OsStr| values::parameters(&typed, current)))
        }
        "credentials" => arg.add(listed(values::credentials)),
        "context" => arg.add(listed(values::contexts)),
        "name" => arg.add(listed(values::installations)),
        "output" => arg.add(listed(values::forms)),
        "only" => arg.add(listed(values::codes)),
        "what" => arg.add(ArgValueCompleter::new(values::explained)),
        "parts" => arg.add(listed(values::parts)),
        "names" => arg.add(listed(values::pins)),
        "kubeconfig" | "scratch" => arg.value_hint(ValueHint::FilePath),
        _ => arg,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that stand above, so that a renamed one does not lose its values.
    #[test]
    fn every_argument_that_has_values_is_in_some_verb() {
        fn ids(command: &Command, found: &mut Vec<String>) {
            found.extend(command.get_arguments().map(|it| it.get_id().to_string()));
            command.get_subcommands().for_each(|verb| ids(verb, found));
        }
        let mut found = Vec::new();
        ids(&Cli::command(), &mut found);
        for id in [
            "bundle_action",
            "parameters",
            "credentials",
            "context",
            "name",
            "output",
            "only",
            "what",
            "parts",
            "names",
            "kubeconfig",
        ] {
            assert!(found.iter().any(|it| it == id), "{id}");
        }
    }

    #[test]
    fn forms_are_offered_of_the_verbs_whose_help_has_the_option() {
        fn walk(command: &Command, line: &[OsString], seen: &mut usize) {
            if command.has_subcommands() {
                let line_of = |verb: &Command| [line, &[verb.get_name().into()]].concat();
                return command.get_subcommands().for_each(|verb| walk(verb, &line_of(verb), seen));
            }
            let is_shown = command.get_arguments().any(|it| it.get_id() == "output" && !it.is_hide_set());
            let is_offered = !values::forms(&Typed::of(line)).is_empty();
            assert_eq!(is_offered, is_shown, "{line:?}");
            *seen += usize::from(is_shown);
        }
        let mut seen = 0;
        walk(&crate::cli::command(), &["backstack".into()], &mut seen);
        assert!(seen > 0, "no verb has the option");
    }
}
