//! The help pages: what each has beside its own options.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::builder::Styles;
use clap::{Arg, ColorChoice, Command, CommandFactory as _};

use super::Cli;
use super::examples::{EXAMPLES, FIRST};

/// The verbs that read a file instead of stdin.
const READ_A_FILE: [&str; 6] = ["install", "upgrade", "uninstall", "invoke", "build", "lint"];
/// The verbs that take long enough for a picture of their time.
const HAVE_A_TIMELINE: [&str; 6] = ["install", "upgrade", "uninstall", "invoke", "verify", "wait"];
/// The verbs that have one form of an answer, or none.
const HAVE_ONE_FORM: [&str; 15] = [
    "install",
    "upgrade",
    "uninstall",
    "invoke",
    "build",
    "schema",
    "vendor",
    "pin",
    "logs",
    "hub",
    "bead new",
    "bead render",
    "crds",
    "explain",
    "completions",
];

/// The command line with its whole help: examples, and no option that a verb refuses.
#[must_use]
pub fn command() -> Command {
    let root = Cli::command();
    let globals: Vec<Arg> = root.get_arguments().filter(|it| it.is_global_set()).cloned().collect();
    let names: Vec<String> = root.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    let root = root.after_help(examples(FIRST.iter()));
    names.into_iter().fold(root, |root, name| root.mut_subcommand(&name, |verb| completed(verb, &name, &globals)))
}

/// What a command line says of colours, also one that is wrong otherwise.
#[must_use]
pub fn color_of(line: &[OsString]) -> ColorChoice {
    let words = line.iter().map(|it| it.to_string_lossy()).take_while(|it| it != "--");
    let words: Vec<_> = words.collect();
    let mut given = words.iter().enumerate().filter_map(|(index, word)| match word.strip_prefix("--color")? {
        "" => words.get(index + 1).map(ToString::to_string),
        value => value.strip_prefix('=').map(str::to_owned),
    });
    given.next_back().and_then(|it| it.parse().ok()).unwrap_or(ColorChoice::Auto)
}

/// A verb, and those below it.
fn completed(verb: Command, path: &str, globals: &[Arg]) -> Command {
    let is_shown = |option: &str| match option {
        "file" => READ_A_FILE.contains(&path),
        "action" => path == "invoke",
        "timeline" => HAVE_A_TIMELINE.contains(&path),
        "output" => !HAVE_ONE_FORM.iter().any(|verb| is_below(path, verb)),
        _ => true,
    };
    let of_this =
        EXAMPLES.iter().filter(|(line, _)| line.strip_prefix("backstack ").is_some_and(|it| is_below(it, path)));
    let notes = verb.get_after_help().map_or(String::new(), |notes| format!("\n\n{notes}"));
    let verb = verb.after_help(examples(of_this) + &notes);
    let verb =
        globals.iter().fold(verb, |verb, option| verb.arg(option.clone().hide(!is_shown(option.get_id().as_str()))));
    let names: Vec<String> = verb.get_subcommands().map(|it| it.get_name().to_owned()).collect();
    names.into_iter().fold(verb, |verb, name| {
        verb.mut_subcommand(&name, |below| completed(below, &format!("{path} {name}"), globals))
    })
}

fn is_below(line: &str, path: &str) -> bool {
    line.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

fn examples<'e>(examples: impl Iterator<Item = &'e (&'e str, &'e str)>) -> String {
    let head = Styles::styled().get_header().to_owned();
    let mut text = format!("{head}Examples:{head:#}");
    for (line, does) in examples {
        let _ = write!(text, "\n  {line}\n      {does}"); // to a string: it cannot fail
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_of_colours_is_found_in_any_line() {
        for (line, choice) in [
            ("backstack lint", ColorChoice::Auto),
            ("backstack --color always nonsense", ColorChoice::Always),
            ("backstack lint --color=never", ColorChoice::Never),
            ("backstack lint --color=never --color always", ColorChoice::Always),
            ("backstack lint --color=nonsense", ColorChoice::Auto),
            ("backstack lint -- --color=never", ColorChoice::Auto),
            ("backstack lint --color", ColorChoice::Auto),
        ] {
            let line: Vec<OsString> = line.split(' ').map(Into::into).collect();
            assert_eq!(color_of(&line), choice, "{line:?}");
        }
    }
}
