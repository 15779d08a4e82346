//! What a line says that is not finished.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory as _};

use crate::cli::Cli;

/// A line as far as it is typed.
pub struct Typed {
    /// The verb, with the one below it: `bundle run`.
    pub verb: String,
    matches: ArgMatches,
}

impl Typed {
    /// Reads the words, the name of the program first. What is missing or wrong in them is passed over.
    pub fn of(words: &[OsString]) -> Self {
        let program = Cli::command().ignore_errors(true).arg_required_else_help(false).subcommand_required(false);
        let mut matches = program.try_get_matches_from(words).unwrap_or_default();
        let mut verbs = Vec::new();
        while let Some((verb, below)) = matches.remove_subcommand() {
            verbs.push(verb);
            matches = below;
        }
        Self { verb: verbs.join(" "), matches }
    }

    /// The folder of the bundle.
    pub fn folder(&self) -> PathBuf {
        let named = self.matches.try_get_one::<PathBuf>("folder").ok().flatten();
        named.filter(|it| !it.as_os_str().is_empty()).cloned().unwrap_or_else(|| PathBuf::from("."))
    }

    /// The folder that an option names, or a word in its place.
    pub fn dir(&self) -> PathBuf {
        let named = |id| self.matches.try_get_one::<PathBuf>(id).ok().flatten().cloned();
        named("dir").or_else(|| named("place")).unwrap_or_else(|| PathBuf::from("."))
    }

    /// Whether an option is there that has no value.
    pub fn is_set(&self, option: &str) -> bool {
        self.matches.try_get_one::<bool>(option).ok().flatten().is_some_and(|it| *it)
    }

    /// The kubeconfig, where one is named.
    pub fn kubeconfig(&self) -> Option<PathBuf> {
        self.matches.try_get_one::<String>("kubeconfig").ok().flatten().map(PathBuf::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_as_far_as_it_goes() {
        let typed = |line: &str| Typed::of(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        let read = |line: &str| (typed(line).verb, typed(line).folder());
        let at = |verb: &str, folder: &str| (verb.to_owned(), PathBuf::from(folder));
        assert_eq!(read("backstack bundle run install ./b --param "), at("bundle run", "./b"));
        assert_eq!(read("backstack bundle run install ./b --param a=b --cred "), at("bundle run", "./b"));
        assert_eq!(read("backstack bundle run "), at("bundle run", "."));
        assert_eq!(read("backstack lint -o "), at("lint", "."));
        assert_eq!(read("backstack "), at("", "."));
        let doctor = typed("backstack doctor --kubeconfig k --context ");
        assert_eq!((doctor.verb.as_str(), doctor.kubeconfig()), ("doctor", Some(PathBuf::from("k"))));
    }
}
