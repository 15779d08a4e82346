//! The report in the forms that people and forges read.

use serde_json::{Value, json};

use super::report::Report;
use crate::gitops::sha256;
use crate::report::{Console, Diagnostic, Outcome, OutputForm, Severity, answer};

/// The forms that it has.
pub const FORMS: &[OutputForm] = &[OutputForm::Table, OutputForm::Json, OutputForm::GitHub, OutputForm::GitLab];

/// Tells what was found, then what was looked at and what not.
pub fn tell(report: &Report, form: OutputForm, console: &Console) -> Outcome<()> {
    let all = || report.mistakes.iter().chain(&report.warnings);
    match form {
        OutputForm::GitHub => answer(&all().map(annotation).collect::<String>())?,
        OutputForm::GitLab => answer(&format!("{:#}\n", all().map(issue).collect::<Value>()))?,
        OutputForm::Json => answer(&format!("{:#}\n", document(report)))?,
        _ => all().for_each(|it| console.say(format!("{}\n", it.render()))),
    }
    for (file, why) in &report.left_out {
        console.say(format!("left out: {file}, {why}"));
    }
    for mark in &report.unused_marks {
        console.say(format!("warning: `--not-secret {mark}` marks nothing that looks like a secret"));
    }
    if !report.aside.is_empty() {
        console.say(format!("about none of the claims: {}", report.aside.join(", ")));
    }
    for line in &report.not_looked_at {
        console.say(format!("not looked at: {line}"));
    }
    console.done("looked at", report.summary());
    Ok(())
}

fn document(report: &Report) -> Value {
    let left_out: Vec<Value> = report.left_out.iter().map(|(file, why)| json!({"file": file, "reason": why})).collect();
    json!({
        "hub": report.hub,
        "claims": report.claims,
        "kinds": report.kinds,
        "beads": report.beads,
        "findings": report.mistakes.iter().chain(&report.warnings).map(finding).collect::<Vec<_>>(),
        "lookedAt": report.summary(),
        "notLookedAt": report.not_looked_at,
        "policiesAside": report.aside,
        "leftOut": left_out,
        "unusedMarks": report.unused_marks,
    })
}

/// What is not known is left out.
fn finding(it: &Diagnostic) -> Value {
    let mut value = json!({"severity": severity(it), "message": it.message});
    if !it.path.is_empty() {
        value["field"] = it.path.as_str().into();
    }
    if let (Some(source), Some(place)) = (&it.source, it.place) {
        value["file"] = source.name.as_str().into();
        value["line"] = place.line.into();
        value["column"] = place.column.into();
    }
    if let Some(hint) = &it.hint {
        value["hint"] = hint.as_str().into();
    }
    value
}

fn severity(it: &Diagnostic) -> &'static str {
    if it.severity == Severity::Error { "error" } else { "warning" }
}

/// A workflow command of GitHub (its documentation, "Workflow commands").
fn annotation(it: &Diagnostic) -> String {
    let text = |text: &str| text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    let property = |value: &str| text(value).replace(':', "%3A").replace(',', "%2C");
    let place = it.source.as_ref().zip(it.place).map_or_else(String::new, |(source, place)| {
        format!(" file={},line={},col={}", property(&source.name), place.line, place.column)
    });
    format!("::{}{place}::{}\n", severity(it), text(&with_hint(it)))
}

/// An issue of Code Climate's form (GitLab's documentation, "Code quality report format").
fn issue(it: &Diagnostic) -> Value {
    let (path, line) =
        it.source.as_ref().zip(it.place).map_or((".", 1), |(source, place)| (source.name.as_str(), place.line));
    let said = with_hint(it);
    json!({
        "check_name": "backstack-claims",
        "description": said,
        "fingerprint": sha256(format!("{path}:{}:{}", it.path, it.message).as_bytes()),
        "severity": if it.severity == Severity::Error { "major" } else { "minor" },
        "location": {"path": path, "lines": {"begin": line}},
    })
}

fn with_hint(it: &Diagnostic) -> String {
    match &it.hint {
        Some(hint) => format!("{} (hint: {hint})", it.message),
        None => it.message.clone(),
    }
}
