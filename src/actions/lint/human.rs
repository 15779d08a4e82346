//! The findings as a person reads them, each with its place in the text, and their count.

use std::path::Path;
use std::sync::Arc;

use super::bundle::last;
use super::finding::Finding;
use super::rule::{COMMITTED_SECRET, UNDECLARED, WRITTEN_SECRET};
use crate::porter::Level;
use crate::report::{Diagnostic, Failure, Outcome, Place, Source, answer};

/// Answers with the findings and their count.
pub(super) fn show(findings: &[Finding], folder: &Path) -> Outcome<()> {
    let told: Vec<String> = findings.iter().map(|finding| tell(finding, findings, folder)).collect();
    answer(&told.concat())?;
    let count = verdict(findings)?;
    answer(&format!("{count}\n"))
}

/// How many there are. Errors among them are a failure.
pub(super) fn verdict(findings: &[Finding]) -> Outcome<String> {
    let errors = findings.iter().filter(|it| it.rule.level == Level::Error).count();
    let count = format!("{}, {}", counted(errors, "error"), counted(findings.len() - errors, "warning"));
    if errors > 0 { Err(Failure::usage(count)) } else { Ok(count) }
}

fn tell(finding: &Finding, all: &[Finding], folder: &Path) -> String {
    let rule = finding.rule;
    let source = finding.mistake.source.as_ref().map(|source| Arc::new(shown(source, all, folder)));
    let place = finding.mistake.place.map(|place| first_line(place, source.as_deref()));
    let mistake = Diagnostic { place, source, ..finding.mistake.clone() };
    format!("{}\nsee: {}\n\n", mistake.render_as(Some(&rule.code())), rule.url())
}

/// The text with the secrets in it blotted out, under the name by which it is found from here.
fn shown(source: &Source, all: &[Finding], folder: &Path) -> Source {
    let mut text = source.text.clone();
    for place in all.iter().filter_map(|finding| secret_in(finding, source)) {
        text = blotted(&text, place);
    }
    let name = if source.name == "stdin" || folder == Path::new(".") {
        source.name.clone()
    } else {
        folder.join(&source.name).display().to_string()
    };
    Source { name, text }
}

/// Where a finding says that a secret is, or may be: what is declared nowhere and does not look like the name of a
/// variable may be pasted in its place.
fn secret_in(finding: &Finding, source: &Source) -> Option<Place> {
    let mistake = &finding.mistake;
    let place = mistake.place.filter(|_| mistake.source.as_ref().is_some_and(|it| it.name == source.name))?;
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let may_be_secret = [WRITTEN_SECRET, COMMITTED_SECRET].contains(&finding.rule)
        || (finding.rule == UNDECLARED
            && last(&mistake.path) == "env"
            && !source.text.get(place.start..place.end).is_some_and(is_name));
    may_be_secret.then_some(place)
}

/// With `*` for every byte of the place and of the rest of its last line, so that all other places stay right.
fn blotted(text: &str, place: Place) -> String {
    let end = place.end.min(text.len());
    let end = text[end..].find('\n').map_or(text.len(), |rest| end + rest);
    let blot = |character: char| if character == '\n' { "\n".to_owned() } else { "*".repeat(character.len_utf8()) };
    let blots: String = text[place.start..end].chars().map(blot).collect();
    format!("{}{blots}{}", &text[..place.start], &text[end..])
}

/// A mapping is shown by its first line.
fn first_line(place: Place, source: Option<&Source>) -> Place {
    let rest = source.and_then(|source| source.text.get(place.start..place.end)).unwrap_or_default();
    let length = rest.find('\n').unwrap_or(rest.len());
    Place { end: place.start + length, ..place }
}

fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
