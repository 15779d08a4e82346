//! `explain`: what a code or a field means, from the pages and schemas that the program carries.

mod action;
mod fields;
mod page;
mod place;
mod shape;

use fields::{DOCUMENTS, Document};
use place::Places;

use crate::report::{Failure, Outcome, answer_to_people};
use crate::schema::closest;
use crate::{doctor, lint};

const LINT: &str = include_str!("../../../docs/lint.md");
const DOCTOR: &str = include_str!("../../../docs/doctor.md");
const EXIT_CODES: &str = include_str!("../../../docs/exit-codes.md");
/// The word under which the exit codes are explained.
const EXIT_CODES_WORD: &str = "exit-codes";

/// Answers with what `what` means, or without it with what can be asked.
pub fn run(what: Option<&str>, recursive: bool) -> Outcome<()> {
    let Some(what) = what else { return answer_to_people(&topics()) };
    if let Some(document) = Document::of(what) {
        return answer_to_people(&fields::explain(&document, what, recursive)?);
    }
    let places = Places::of(what);
    match (of_code(what), places.only()) {
        (None, Some((document, path))) => answer_to_people(&fields::explain(&document, path, recursive)?),
        _ if recursive => {
            Err(Failure::usage("`--recursive` is for fields").hint("leave it out, or name a field by its path"))
        }
        (Some(text), _) => answer_to_people(&text),
        (None, None) if places.is_empty() => Err(unknown(what)),
        (None, None) => answer_to_people(&places.told()),
    }
}

/// What can be asked that begins as `typed` does, each with what it is: codes, documents, and the fields of one, level by level.
#[must_use]
pub fn offered(typed: &str) -> Vec<(String, String)> {
    if let Some((path, _)) = typed.rsplit_once('.') {
        return fields::continued(&format!("{path}."));
    }
    let documents = DOCUMENTS.iter().map(|it| (format!("{}.", it.name), it.about.to_owned()));
    documents.chain(words().map(|(word, about)| (word, about.to_owned()))).collect()
}

/// What the page of a code says, with the address of that page. A number may be that of a rule, and how a run ends.
fn of_code(what: &str) -> Option<String> {
    if what == EXIT_CODES_WORD {
        return Some(page::plain(EXIT_CODES.trim_start_matches("# ").trim_end()));
    }
    let found: Vec<String> = [of_rule(what), of_doctor(what), of_exit(what)].into_iter().flatten().collect();
    (!found.is_empty()).then(|| found.join("\n"))
}

fn of_rule(what: &str) -> Option<String> {
    let rule = lint::RULES.iter().find(|it| it.code() == what || it.number.to_string() == what)?;
    let text = page::section(LINT, &format!("## {}", rule.code()))?;
    Some(format!("{}: {}\n\n{text}\nsee: {}\n", rule.code(), rule.title, rule.url()))
}

fn of_doctor(what: &str) -> Option<String> {
    let code = doctor::CODES.iter().find(|it| it.name == what)?;
    let text = page::section(DOCTOR, &format!("### {}", code.name))?;
    Some(format!("{}, found by `backstack doctor`\n\n{text}\nsee: {}\n", code.name, page::url("doctor", code.name)))
}

/// The line of the page that has the exit code.
fn of_exit(what: &str) -> Option<String> {
    let _: u8 = what.parse().ok()?; // the head of the table is no code
    let mut rows = EXIT_CODES.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    let (_, means) = rows.find(|(codes, _)| codes.split(", ").any(|it| it == what))?;
    let means = page::plain(means);
    Some(format!("exit code {what}: {means}the others: backstack explain {EXIT_CODES_WORD}\n"))
}

/// Every word that is explained but documents, with what it is.
fn words() -> impl Iterator<Item = (String, &'static str)> {
    let rules = lint::RULES.into_iter().map(|it| (it.code(), it.title));
    let codes = doctor::CODES.iter().map(|it| (it.name.to_owned(), it.means));
    rules.chain(codes).chain([(EXIT_CODES_WORD.to_owned(), "how a run ends")])
}

fn unknown(what: &str) -> Failure {
    let mut all: Vec<String> = words().map(|(word, _)| word).collect();
    all.extend(DOCUMENTS.iter().map(|it| it.name.to_owned()));
    all.extend(place::names());
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
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
        "fields, by their path, or by their name alone: `backstack explain hub.argocd.version`, `backstack explain mayRemove`\n".to_owned(),
        documents.collect(),
        "\nwhat lint finds:\n".to_owned(),
        rules.collect(),
        "\nwhat doctor finds:\n".to_owned(),
        codes.collect(),
        format!("\nbesides:\n  {EXIT_CODES_WORD:<28} how a run ends; one of them by its number\n"),
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
