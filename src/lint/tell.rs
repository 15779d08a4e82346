//! The findings in the form that is asked for.

use std::path::Path;

use serde_json::{Value, json};

use super::finding::Finding;
use super::human;
use super::looked::Looked;
use crate::porter::LintResult;
use crate::report::{
    Console, Failure, Outcome, OutputForm, Ruled, answer, as_annotation, as_issue, as_json, as_sarif, is_for_a_person,
};
use crate::run::tell_unseen;

/// The forms of what is told of bundles.
pub const FORMS: &[OutputForm] =
    &[OutputForm::Table, OutputForm::Json, OutputForm::Sarif, OutputForm::GitHub, OutputForm::GitLab];

/// The forms of what is told of steps, of which nobody knows the files.
pub(super) const FORMS_OF_STEPS: &[OutputForm] = &[OutputForm::Table, OutputForm::Json];

/// Tells what was found in bundles. Errors are a failure, in every form.
pub(super) fn tell(all: &[Looked], form: OutputForm, console: &Console) -> Outcome<()> {
    let not_looked_at: Vec<String> = all.iter().flat_map(Looked::not_looked_at).collect();
    tell_unseen(&not_looked_at, console);
    let text = match form {
        OutputForm::Json => {
            let findings: Value = all.iter().flat_map(in_json).collect();
            format!("{:#}\n", json!({"findings": findings, "notLookedAt": not_looked_at}))
        }
        OutputForm::Sarif => format!("{:#}\n", as_sarif(&ruled(all))),
        OutputForm::GitLab => format!("{:#}\n", ruled(all).iter().map(as_issue).collect::<Value>()),
        OutputForm::GitHub => ruled(all).iter().map(as_annotation).collect(),
        _ => return human::show(all),
    };
    answer(&text)?;
    human::verdict(all).map(drop)
}

/// Tells what was found in steps that Porter sends: to people only where they read it, or ask for it.
pub(super) fn tell_of_steps(folder: &Path, findings: &[Finding], form: Option<OutputForm>) -> Outcome<()> {
    if form.map_or_else(is_for_a_person, |form| form == OutputForm::Table) {
        return human::show(&[Looked::new(folder, findings, Vec::new())]);
    }
    let results: Vec<LintResult> = findings.iter().map(Finding::result).collect();
    let json = serde_json::to_string_pretty(&results).map_err(|error| Failure::failed(error.to_string()))?;
    answer(&format!("{json}\n"))
}

/// The findings of a bundle in our own form.
fn in_json(looked: &Looked) -> Vec<Value> {
    let folder = looked.folder.display().to_string();
    let finding = |it: &Finding| {
        let mut fields = as_json(&it.mistake);
        let of_rule = [("code", it.rule.code()), ("title", it.rule.title.to_owned()), ("url", it.rule.url())];
        fields.extend(of_rule.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
        fields.insert("folder".to_owned(), folder.as_str().into());
        Value::Object(fields)
    };
    looked.findings.iter().map(finding).collect()
}

/// Every finding with its rule.
fn ruled(all: &[Looked]) -> Vec<Ruled<'_>> {
    let findings = all.iter().flat_map(|looked| &looked.findings);
    findings
        .map(|Finding { rule, mistake, .. }| Ruled { code: rule.code(), title: rule.title, url: rule.url(), mistake })
        .collect()
}
