//! The help pages: every verb has an example, every example is a line that the program takes, and no page shows an option that
//! its verb refuses.

use std::ffi::OsString;
use std::fmt::Write as _;

use backstack::cli::{EXAMPLES, command, parse};
use clap::Command;

use crate::support::{Mixin, assert_file};

/// How wide the pages are where no terminal says it.
const WIDTH: usize = 100;

/// Every verb, by its words.
fn verbs(command: &Command, path: &str, all: &mut Vec<String>) {
    for below in command.get_subcommands().filter(|it| it.get_name() != "help") {
        let path = format!("{path} {}", below.get_name());
        all.push(path.clone());
        verbs(below, &path, all);
    }
}

/// The verbs of the program, each with a space before it.
pub fn all_verbs() -> Vec<String> {
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

/// All pages as one, in the order of the help.
#[test]
fn the_page_of_the_command_line_is_what_the_program_says() {
    let mut text = "# The command line\n\nEvery verb, as its `--help` has it. Written by the program: `UPDATE=1 cargo test --locked \
                    the_page_of_the_command_line`.\nWhat a verb does besides stands on its own page, to which the [README](../README.md#commands) \
                    leads.\n"
        .to_owned();
    for verb in [String::new()].into_iter().chain(all_verbs()) {
        let page = page(&verb);
        let _ = write!(text, "\n## backstack{verb}\n\n```text\n{page}\n```\n"); // to a string: it cannot fail
    }
    assert_file("docs/cli.md", &text);
}

/// What `--help` of the verb says.
fn page(verb: &str) -> String {
    let line = format!("backstack{verb} --help");
    let help = command().term_width(WIDTH).try_get_matches_from(line.split(' ')).expect_err("a page, and no matches");
    trimmed(&help.render().to_string())
}

fn trimmed(page: &str) -> String {
    page.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// The page is made by the library; people ask the program.
#[test]
fn the_program_says_what_its_page_has() {
    for verb in ["", " lint", " bundle run"] {
        let said = Mixin::new(&format!("{verb} --help")).run().exits(0).stdout;
        assert_eq!(trimmed(&said), page(verb), "{verb}");
    }
}
