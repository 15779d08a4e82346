//! A word that is no verb: what it may be meant for.

use clap::{Command, CommandFactory as _};

use crate::cli::Cli;
use crate::schema::closest;

/// One line that helps on: the verb of which the word is a slip, the one that has it below it, or where all of them stand.
#[must_use]
pub fn verb_hint(word: &str) -> String {
    let program = Cli::command();
    let verbs: Vec<&str> = program.get_subcommands().map(Command::get_name).collect();
    let below: Vec<(&str, String)> = program
        .get_subcommands()
        .flat_map(|verb| {
            verb.get_subcommands().map(|it| (it.get_name(), format!("{} {}", verb.get_name(), it.get_name())))
        })
        .collect();
    let meant = match below.iter().find(|(name, _)| *name == word) {
        Some((_, whole)) => Some(whole.as_str()),
        None => closest(word, &verbs),
    };
    meant.map_or_else(
        || "hint: `backstack help` lists what there is".to_owned(),
        |verb| format!("hint: did you mean `backstack {verb}`?"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_and_anything_else_finds_the_list() {
        for (word, verb) in [("instal", "install"), ("linf", "lint"), ("run", "bundle run"), ("Doctor", "doctor")] {
            assert_eq!(verb_hint(word), format!("hint: did you mean `backstack {verb}`?"));
        }
        assert_eq!(verb_hint("foo"), "hint: `backstack help` lists what there is");
    }
}
