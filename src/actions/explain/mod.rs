//! `explain`: what a code or a field means, from the pages and schemas that the program carries.

mod action;
mod fields;
mod page;
mod shape;

use fields::{DOCUMENTS, Document};

use crate::actions::lint;
use crate::doctor;
use crate::report::{Failure, Outcome, answer_to_people};
use crate::spec::closest;

const LINT: &str = include_str!("../../../docs/lint.md");
const DOCTOR: &str = include_str!("../../../docs/doctor.md");
const EXIT_CODES: &str = include_str!("../../../docs/exit-codes.md");
/// The word under which the exit codes are explained.
const EXIT_CODES_WORD: &str = "exit-codes";

/// Answers with what `what` means, or without it with what can be asked.
pub fn run(what: Option<&str>, recursive: bool) -> Outcome<()> {
    let Some(what) = what else { return answer_to_people(&topics()) };
    if let Some(document) = DOCUMENTS.into_iter().find(|it| it.name == what.split(['.', '[']).next().unwrap_or(what)) {
        return answer_to_people(&fields::explain(&document, what, recursive)?);
    }
    if recursive {
        return Err(Failure::usage("`--recursive` is for fields").hint("leave it out, or name a field"));
    }
    answer_to_people(&of_code(what).ok_or_else(|| unknown(what))?)
}

/// What the page of a code says, with the address of that page.
fn of_code(what: &str) -> Option<String> {
    if what == EXIT_CODES_WORD {
        return Some(page::plain(EXIT_CODES.trim_start_matches("# ").trim_end()));
    }
    if let Some(rule) = lint::RULES.iter().find(|it| it.code() == what || it.number.to_string() == what) {
        let text = page::section(LINT, &format!("## {}", rule.code()))?;
        return Some(format!("{}: {}\n\n{text}\nsee: {}\n", rule.code(), rule.title, rule.url()));
    }
    let code = doctor::CODES.iter().find(|it| it.name == what)?;
    let text = page::section(DOCTOR, &format!("### {}", code.name))?;
    Some(format!("{}, found by `backstack doctor`\n\n{text}\nsee: {}\n", code.name, page::url("doctor", code.name)))
}

fn unknown(what: &str) -> Failure {
    let codes: Vec<String> = lint::RULES.iter().map(lint::Rule::code).collect();
    let all = codes.iter().map(String::as_str).chain(doctor::CODES.iter().map(|it| it.name));
    let all: Vec<&str> = all.chain(DOCUMENTS.iter().map(|it| it.name)).chain([EXIT_CODES_WORD]).collect();
    Failure::usage(format!("there is nothing to explain by the name `{what}`")).hint(match closest(what, &all) {
        Some(best) => format!("did you mean `{best}`? `backstack explain` alone lists what there is"),
        None => "`backstack explain` alone lists what there is".to_owned(),
    })
}

/// Everything that can be asked.
fn topics() -> String {
    let documents = DOCUMENTS.iter().map(|Document { name, about, .. }| format!("  {name:<28} {about}\n"));
    let rules = lint::RULES.iter().map(|it| format!("  {:<28} {}\n", it.code(), it.title));
    let codes = doctor::CODES.iter().map(|it| format!("  {:<28} {}\n", it.name, it.means));
    [
        "fields, by their path: `backstack explain hub.argocd.version`\n".to_owned(),
        documents.collect(),
        "\nwhat lint finds:\n".to_owned(),
        rules.collect(),
        "\nwhat doctor finds:\n".to_owned(),
        codes.collect(),
        format!("\nbesides:\n  {EXIT_CODES_WORD:<28} how a run ends\n"),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_explained_by_its_own_section() {
        for code in lint::RULES.iter().map(lint::Rule::code).chain(doctor::CODES.iter().map(|it| it.name.to_owned())) {
            let text = of_code(&code).unwrap_or_else(|| panic!("{code} has no section"));
            assert!(text.lines().count() > 4 && !text.contains("\n#"), "{code}: {text}");
        }
        assert_eq!(of_code("104"), of_code("backstack-104"));
    }

    #[test]
    fn the_page_has_every_exit_code_of_the_program() {
        let text = of_code(EXIT_CODES_WORD).expect("a page");
        for code in ["0", "1", "2", "3", "4", "129, 130, 131, 143"] {
            assert!(text.contains(&format!("\n| {code} | ")), "{code}: {text}");
        }
    }
}
