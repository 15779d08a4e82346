//! The help pages: every verb has an example, every example is a line that the program takes, and no page shows an option that
//! its verb refuses.

use std::ffi::OsString;

use backstack::cli::{EXAMPLES, command, parse};
use clap::Command;

use crate::support::Mixin;

/// Every verb, by its words.
fn verbs(command: &Command, path: &str, all: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|it| it.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        verbs(below, &path, all);
        all.push(path);
    }
}

fn all_verbs() -> Vec<String> {
    let mut all = Vec::new();
    verbs(&command(), "", &mut all);
    assert!(all.len() > 25, "{all:?}");
    all
}

#[test]
fn every_example_is_a_line_that_the_program_takes() {
    let names: Vec<String> = all_verbs();
    for (line, does) in EXAMPLES {
        let words = line.split(' ').map(OsString::from);
        parse(words).unwrap_or_else(|error| panic!("{line}: {error}"));
        assert!(!does.is_empty() && !does.ends_with('.'), "{line}: {does}");
        let rest = line.strip_prefix("backstack").expect("the name of the program");
        assert!(names.iter().any(|name| rest.starts_with(name.as_str())), "{line} is of no verb");
    }
}

#[test]
fn every_verb_has_an_example_on_its_page() {
    for verb in all_verbs().iter().map(String::as_str).chain([""]) {
        let page = Mixin::new(&format!("{verb} --help")).run().exits(0).stdout;
        let (_, examples) = page.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{verb} has no example"));
        assert!(examples.contains(&format!("  backstack{verb}")), "{verb}: {examples}");
    }
}

#[test]
fn options_that_a_verb_refuses_are_not_on_its_page() {
    for (verb, shown, hidden) in [
        ("vendor", &["--debug"][..], &["--file", "--output", "--action"][..]),
        ("hub new", &["--color"][..], &["--file", "--output", "--action"][..]),
        ("bead new", &[][..], &["--file", "--output", "--action"][..]),
        ("bead check", &["--output"][..], &["--file", "--action"][..]),
        ("doctor", &["--output"][..], &["--file", "--action"][..]),
        ("invoke", &["--file", "--action"][..], &[][..]),
        ("lint", &["--file", "--output"][..], &["--action"][..]),
    ] {
        let page = Mixin::new(&format!("{verb} --help")).run().exits(0).stdout;
        let options = page.split("\nExamples:").next().unwrap_or_default();
        for option in shown {
            assert!(options.contains(option), "{verb} hides {option}: {page}");
        }
        for option in hidden {
            assert!(!options.contains(&format!("{option} <")), "{verb} shows {option}: {page}");
        }
    }
    // Callers of mixins give them to every verb all the same.
    Mixin::new("version --file nothing --action status").run().exits(0);
}
