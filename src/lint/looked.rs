//! A bundle that was looked at, and what was found in it, as it may be shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bundle::last;
use super::finding::Finding;
use super::locks::NotVendored;
use super::rule::{COMMITTED_SECRET, REFUSED, UNDECLARED, WRITTEN_SECRET};
use crate::bundle::MANIFEST_FILE;
use crate::report::{Diagnostic, Failure, Place, Source, counted};

/// A bundle that was looked at.
pub(super) struct Looked {
    /// Its folder.
    pub folder: PathBuf,
    /// What was found: with the secrets in the texts blotted out, and the files named as they are found from here.
    pub findings: Vec<Finding>,
    /// Its downloads that are not there: nobody knows whether they are as they are pinned, nor what is in them.
    pub not_vendored: Vec<NotVendored>,
}

impl Looked {
    pub fn new(folder: &Path, found: &[Finding], not_vendored: Vec<NotVendored>) -> Self {
        let findings =
            found.iter().map(|finding| Finding { mistake: shown(finding, found, folder), ..finding.clone() });
        Self { folder: folder.to_owned(), findings: findings.collect(), not_vendored }
    }

    /// One whose porter.yaml is not there, or none.
    pub fn without_bundle(folder: &Path, failure: Failure) -> Self {
        let mistakes = match failure.diagnostics {
            none if none.is_empty() => vec![Diagnostic::error("", failure.message).hint(what_is_a_bundle(folder))],
            mistakes => mistakes,
        };
        let found: Vec<Finding> = mistakes.into_iter().map(|it| Finding::new(REFUSED, it)).collect();
        Self::new(folder, &found, Vec::new())
    }

    /// What was not looked at, and what brings it, a line each.
    pub fn not_looked_at(&self) -> impl Iterator<Item = String> {
        self.not_vendored.iter().map(|NotVendored { folder, files }| {
            let folder = folder.display().to_string();
            let of = if folder == "." { String::new() } else { format!(" of {folder}") };
            let verb = if files.len() == 1 { "is" } else { "are" };
            let (count, all) = (counted(files.len(), "download"), files.join(", "));
            format!("{count}{of} that {verb} not there ({all}): `backstack vendor {folder}` brings what is pinned")
        })
    }
}

fn what_is_a_bundle(folder: &Path) -> String {
    let shown = folder.display();
    if !folder.is_dir() {
        return format!("there is no folder {shown}; name that of a bundle");
    }
    let has = |name: &str| folder.join(name).is_file();
    if has("bead.yaml") {
        return format!(
            "a bundle has a porter.yaml beside bead.yaml; `backstack bead check {shown}` looks at the bead alone"
        );
    }
    if has("hub.yaml") {
        return "a bundle has a porter.yaml beside hub.yaml; `backstack hub new NAME` writes both".to_owned();
    }
    let this = if folder == Path::new(".") { "this folder".to_owned() } else { shown.to_string() };
    format!(
        "{this} is no bundle: name the folder of one; `backstack hub new NAME` or `backstack bead new NAME` writes it"
    )
}

/// The mistake as it may be shown, in the file as it is found from here. What is in no file is a mistake of `porter.yaml`: forges
/// take none without a file.
fn shown(finding: &Finding, all: &[Finding], folder: &Path) -> Diagnostic {
    let nowhere = Source { name: MANIFEST_FILE.to_owned(), text: String::new() };
    let source = without_secrets(finding.mistake.source.as_deref().unwrap_or(&nowhere), all, folder);
    let place = finding.mistake.place.map(|place| first_line(place, &source));
    Diagnostic { place, source: Some(Arc::new(source)), ..finding.mistake.clone() }
}

/// The text with the secrets in it blotted out.
fn without_secrets(source: &Source, all: &[Finding], folder: &Path) -> Source {
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
fn first_line(place: Place, source: &Source) -> Place {
    let rest = source.text.get(place.start..place.end).unwrap_or_default();
    let length = rest.find('\n').unwrap_or(rest.len());
    Place { end: place.start + length, ..place }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_no_file_is_told_of_porter_yaml() {
        let found = [Finding::new(REFUSED, Diagnostic::error("", "a link leads out of the bundle"))];
        for (folder, wanted) in [(".", "porter.yaml"), ("a", "a/porter.yaml")] {
            let looked = Looked::new(Path::new(folder), &found, Vec::new());
            let source = looked.findings[0].mistake.source.as_ref().expect("a file");
            assert_eq!(source.name, wanted);
        }
    }
}
