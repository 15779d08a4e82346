//! A bead step beside the document that it names: what one gives and the other needs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::documents::{GoodDocument, MAKING, NamedDocument, Noun};
use super::finding::Finding;
use super::rule::{COMMITTED_SECRET, GOING_KIND, NOT_GIVEN, TRAPPED_HOOK, UNKNOWN_TO_BEAD, WRONG_CONTENT, WRONG_IMAGE};
use crate::bead;
use crate::document::{Bead, IN_A_SECRET, remedy};
use crate::report::Failure;
use crate::schema::{Marks, closest, leaks_in};
use crate::vendor::read_folder;

/// What a step gives, by name.
pub(super) type Given<'a> = BTreeMap<&'a str, &'a Value>;

/// The folders that the document names, and the steps that name the document.
pub(super) fn of_bead(bundle: &Bundle<'_>, document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Some(bead) = good.bead() else { return Vec::new() };
    let unread = bead.folders().into_iter().filter(|_| good.files.is_none());
    let wrong = unread.filter_map(|folder| {
        let place = good.folder.join(folder);
        if place.is_dir() {
            return read_folder(&place).err().map(|failure| refused(document, failure));
        }
        let message = format!("`{}` names the folder `{folder}`, which is not there", document.file);
        Some(document.at.finding(document.missing(), &document.path(), message))
    });
    let mut findings: Vec<Finding> = wrong.collect();
    for at in bundle.steps().into_iter().filter(|at| Noun::Bead.file_of(at) == Some(document.file.as_str())) {
        findings.extend(unknown_parameters(&at, bead));
        findings.extend(committed(&at, bead));
        findings.extend(secrets(&at, bead));
    }
    findings
}

/// What `bead check` says of the manifests and folders of the bead.
pub(super) fn content(document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Some(files) = &good.files else { return Vec::new() };
    let failure = match bead::look_at_content(files) {
        Ok(looked) => {
            let hooks = document.findings(TRAPPED_HOOK, looked.hooks);
            let going = document.findings(GOING_KIND, looked.going);
            let images = document.findings(WRONG_IMAGE, looked.images);
            return [good.unused_marks(&looked.unused_marks), hooks, going, images].concat();
        }
        Err(failure) => failure,
    };
    if failure.diagnostics.is_empty() {
        return vec![refused(document, failure)];
    }
    document.findings(WRONG_CONTENT, failure.diagnostics)
}

/// A refusal that has no place of its own.
fn refused(document: &NamedDocument<'_>, failure: Failure) -> Finding {
    let message = [vec![failure.message], failure.details].concat().join("; ");
    let finding = document.at.finding(WRONG_CONTENT, &document.path(), message);
    failure.hint.into_iter().fold(finding, Finding::hint)
}

fn unknown_parameters(at: &StepAt<'_>, bead: &Bead) -> Vec<Finding> {
    let Some(given) = given(at, "/bead/parameters") else { return Vec::new() };
    let known: Vec<&str> = bead.spec.parameters.iter().map(|it| it.name.as_str()).collect();
    unknown(at, "bead.parameters", "parameter", &given, &known)
}

/// Values of parameters that are secrets: they become part of what is committed.
fn committed(at: &StepAt<'_>, bead: &Bead) -> Vec<Finding> {
    let Some(given) = at.at("/bead/parameters") else { return Vec::new() };
    let mut marks = Marks::of(&bead.spec.not_secret);
    let leaks = leaks_in(given, "parameters").into_iter();
    let found = leaks.filter(|leak| !marks.excuse(&leak.field())).map(|leak| {
        leak.hide();
        let finding = at.finding(COMMITTED_SECRET, &format!("bead.{}", leak.field()), leak.message());
        finding.hint(remedy(&leak, &leak.field(), IN_A_SECRET))
    });
    found.collect()
}

fn secrets(at: &StepAt<'_>, bead: &Bead) -> Vec<Finding> {
    let Some(given) = given(at, "/bead/secrets") else { return Vec::new() };
    let known: Vec<&str> = bead.spec.secrets.iter().map(|it| it.name.as_str()).collect();
    let mut findings = unknown(at, "bead.secrets", "Secret", &given, &known);
    for need in &bead.spec.secrets {
        let path = format!("bead.secrets.{}", need.name);
        let keys: Vec<&str> = need.keys.iter().map(String::as_str).collect();
        match given.get(need.name.as_str()).map(|value| entries(value)) {
            Some(Some(values)) => {
                findings.extend(unknown(at, &path, "key", &values, &keys));
                let left_out: Vec<&str> = keys.into_iter().filter(|key| !values.contains_key(*key)).collect();
                findings.extend((!left_out.is_empty()).then(|| {
                    let message = format!("the Secret `{}` lacks {}", need.name, left_out.join(", "));
                    at.finding(NOT_GIVEN.softened(), &path, message).hint("give every key that the bead needs")
                }));
            }
            None if MAKING.contains(&at.action) => {
                let message = format!("the bead needs the Secret `{}`", need.name);
                findings.push(at.finding(NOT_GIVEN.softened(), "bead.secrets", message).hint(format!(
                    "give its keys under `secrets`, unless it is on the cluster already: {}",
                    need.keys.join(", ")
                )));
            }
            _ => {}
        }
    }
    findings
}

/// What a step gives at a pointer; nothing is given where nothing is written, and nothing is known of a template.
pub(super) fn given<'a>(at: &StepAt<'a>, pointer: &str) -> Option<Given<'a>> {
    at.at(pointer).map_or(Some(Given::new()), entries)
}

fn entries(value: &Value) -> Option<Given<'_>> {
    Some(value.as_object()?.iter().map(|(name, value)| (name.as_str(), value)).collect())
}

fn unknown(at: &StepAt<'_>, path: &str, what: &str, given: &Given<'_>, known: &[&str]) -> Vec<Finding> {
    let names = given.keys().filter(|name| !known.contains(name));
    let findings = names.map(|name| {
        let finding =
            at.finding(UNKNOWN_TO_BEAD, &format!("{path}.{name}"), format!("the bead has no {what} `{name}`"));
        match closest(name, known) {
            Some(best) => finding.hint(format!("did you mean `{best}`?")),
            None if known.is_empty() => finding.hint("take it out"),
            None => finding.hint(format!("it has: {}", known.join(", "))),
        }
    });
    findings.collect()
}
