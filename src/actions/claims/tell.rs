//! The report in the forms that people and forges read.

use serde_json::{Value, json};

use super::report::Report;
use crate::report::{Console, Outcome, OutputForm, Ruled, answer, as_annotation, as_issue, as_json};
use crate::run::tell_unseen;

/// The forms that it has.
pub const FORMS: &[OutputForm] = &[OutputForm::Table, OutputForm::Json, OutputForm::GitHub, OutputForm::GitLab];

/// The code of whatever it finds.
const CODE: &str = "backstack-claims";

/// Tells what was found, then what was looked at and what not.
pub fn tell(report: &Report, form: OutputForm, console: &Console) -> Outcome<()> {
    let all = || report.mistakes.iter().chain(&report.warnings);
    let ruled = || all().map(|mistake| Ruled { code: CODE.to_owned(), title: "", url: String::new(), mistake });
    match form {
        OutputForm::GitHub => answer(&ruled().map(|it| as_annotation(&it)).collect::<String>())?,
        OutputForm::GitLab => answer(&format!("{:#}\n", ruled().map(|it| as_issue(&it)).collect::<Value>()))?,
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
    tell_unseen(&report.not_looked_at, console);
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
        "findings": report.mistakes.iter().chain(&report.warnings).map(as_json).collect::<Vec<_>>(),
        "lookedAt": report.summary(),
        "notLookedAt": report.not_looked_at,
        "policiesAside": report.aside,
        "leftOut": left_out,
        "unusedMarks": report.unused_marks,
    })
}
