//! The outputs of the steps, and those that the bundle declares.

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::finding::Finding;
use super::rule::{HIDDEN_OUTPUT, MISSING_OUTPUT, MISTYPED_OUTPUT};
use crate::bundle::{Manifest, Output};
use crate::report::Diagnostic;
use crate::schema::is_template;

/// Outputs of a step that the bundle does not declare, or declares as something else.
pub(super) fn of_step(bundle: &Bundle<'_>, at: &StepAt<'_>) -> Vec<Finding> {
    let Some(header) = bundle.header() else { return Vec::new() };
    let names = names(at).unwrap_or_default();
    let mut findings = Vec::new();
    for (index, name) in names.into_iter().enumerate().filter(|(_, name)| !is_template(name)) {
        let path = format!("outputs[{index}].name");
        match header.outputs.iter().find(|declared| declared.name == name) {
            None => {
                let message =
                    format!("the bundle does not declare the output `{name}`, so Porter hides its value everywhere");
                let hint = format!("add `{name}` to the `outputs` of porter.yaml");
                findings.push(at.finding(HIDDEN_OUTPUT, &path, message).hint(hint));
            }
            Some(declared) => {
                let value = at.at(&format!("/outputs/{index}/value")).and_then(Value::as_str);
                findings.extend(value.and_then(|value| mistyped(at, &path, declared, value)));
            }
        }
    }
    findings
}

/// Porter fails a run whose output is not of the declared type.
fn mistyped(at: &StepAt<'_>, path: &str, declared: &Output, value: &str) -> Option<Finding> {
    let Some(Value::String(kind)) = &declared.shape.type_ else { return None };
    let (is, wrong): (&str, &[&str]) = match value {
        "proof" | "status" | "state" | "diff" => ("object", &["array", "boolean", "integer", "number"]),
        "url" | "revision" | "clusterUid" | "clusterVersion" | "spokeUid" | "spokeServer" => {
            ("string", &["array", "boolean", "integer", "number", "object"])
        }
        _ => return None,
    };
    wrong.contains(&kind.as_str()).then(|| {
        let message = format!("`{}` is declared with the type `{kind}`, but `{value}` is not of it", declared.name);
        at.finding(MISTYPED_OUTPUT, path, message).hint(format!("declare it with `type: {is}`"))
    })
}

/// Declared outputs that no step makes in an action that they are declared for. Without a default, such a run fails.
pub(super) fn never_made(bundle: &Bundle<'_>) -> Vec<Finding> {
    let Some(manifest) = bundle.manifest.as_ref().filter(|_| bundle.has_no_other_mixin()) else { return Vec::new() };
    let outputs = manifest.header.outputs.iter().enumerate();
    outputs
        .filter(|(_, it)| it.path.is_none() && it.shape.default.is_none())
        .filter_map(|(index, output)| {
            let missing: Vec<String> = output
                .apply_to
                .iter()
                .filter(|action| !makes(bundle, action, &output.name))
                .map(|action| format!("`{action}`"))
                .collect();
            (!missing.is_empty()).then(|| not_made(manifest, index, &output.name, &missing.join(", ")))
        })
        .collect()
}

fn not_made(manifest: &Manifest, index: usize, name: &str, actions: &str) -> Finding {
    let message = format!("no step of {actions} makes the output `{name}`, so the run fails in the end");
    let mistake = manifest.place(Diagnostic::error(format!("outputs[{index}].name"), message));
    Finding::new(MISSING_OUTPUT, mistake).hint("let a step make it, give it a `default`, or correct its `applyTo`")
}

/// Whether a step of the action makes the output, or may make it by a template.
fn makes(bundle: &Bundle<'_>, action: &str, output: &str) -> bool {
    let makes = |at: &StepAt<'_>| match names(at) {
        Some(names) => names.iter().any(|name| *name == output || is_template(name)),
        None => true,
    };
    !bundle.input.actions.iter().any(|one| one.action == action) || bundle.steps_of(action).iter().any(makes)
}

/// The names of a step's outputs; `None` when they are behind a template or are no list.
fn names<'a>(at: &StepAt<'a>) -> Option<Vec<&'a str>> {
    let Some(outputs) = at.at("/outputs") else { return Some(Vec::new()) };
    outputs.as_array()?.iter().map(|output| output.get("name")?.as_str()).collect()
}
