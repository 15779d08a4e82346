//! `lint`: what is wrong, or likely to go wrong, with the steps of a bundle.
//!
//! Each rule is one function. A rule never fails: what cannot be known yet, behind a template or in a file that is
//! not there, is left alone. The rules are explained in `docs/lint.md`, one heading a code.

use std::path::Path;

use serde_json::Value;

use crate::porter::{BuildInput, CORE_ACTIONS, Level, LintResult, Location, MIXIN, RESERVED_ACTIONS, TemplatedStep};
use crate::report::{Diagnostic, Failure, Outcome, answer};
use crate::spec::read_hub;

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The number in `backstack-NUMBER`.
    pub number: u16,
    /// How bad it is.
    pub level: Level,
    /// The rule in at most 80 characters.
    pub title: &'static str,
}

const RESERVED_ACTION: Rule = Rule::error(100, "The name of the action is a command of mixins");
const DOTTED_ACTION: Rule = Rule::warning(101, "The name of the action has a dot");
const BROKEN_STEP: Rule = Rule::error(102, "The step is wrong");
const MISSING_FILE: Rule = Rule::warning(103, "The file of the step is not in the bundle");
const BROKEN_DOCUMENT: Rule = Rule::error(104, "The Hub document is wrong");
const TEMPLATED_VARIABLE: Rule = Rule::error(105, "The name of a variable comes from a template");
const TEMPLATED_SECRET: Rule = Rule::warning(106, "A credential is pasted into the step");
const NO_UNINSTALL: Rule = Rule::warning(107, "What install makes is never removed");

/// All rules, for the documentation and its test.
pub const RULES: [Rule; 8] = [
    RESERVED_ACTION,
    DOTTED_ACTION,
    BROKEN_STEP,
    MISSING_FILE,
    BROKEN_DOCUMENT,
    TEMPLATED_VARIABLE,
    TEMPLATED_SECRET,
    NO_UNINSTALL,
];

/// Answers with the findings as JSON, `[]` when there are none. Mistakes are findings, not failures: Porter takes
/// any other exit code than 0 for a broken mixin.
pub fn run(input: &str) -> Outcome<()> {
    let findings = findings(input, Path::new("."));
    let json = serde_json::to_string_pretty(&findings).map_err(|error| Failure::failed(error.to_string()))?;
    answer(&format!("{json}\n"))
}

/// The findings for what Porter sends, with the bundle in `folder`.
#[must_use]
pub fn findings(input: &str, folder: &Path) -> Vec<LintResult> {
    let input = match BuildInput::read(input) {
        Ok(input) => input,
        Err(failure) => return failure.diagnostics.iter().map(|mistake| BROKEN_STEP.found(told(mistake))).collect(),
    };
    let mut findings: Vec<LintResult> = input.mistakes.iter().map(|mistake| BROKEN_STEP.found(told(mistake))).collect();
    for action in &input.actions {
        findings.extend(action_name(&action.action, !action.steps.is_empty()));
        for (index, step) in action.steps.iter().enumerate() {
            let here = Location {
                action: action.action.clone(),
                mixin: MIXIN,
                step_number: index + 1,
                step_description: step.description().to_owned(),
            };
            let found = [broken_step(step), hub_document(step, folder), templated_secrets(step)].concat();
            findings.extend(found.into_iter().map(|finding| LintResult { location: Some(here.clone()), ..finding }));
        }
    }
    findings.extend(never_removed(&input));
    findings
}

fn action_name(action: &str, has_steps: bool) -> Option<LintResult> {
    if !has_steps || CORE_ACTIONS.contains(&action) {
        return None;
    }
    if RESERVED_ACTIONS.contains(&action) {
        return Some(RESERVED_ACTION.found(format!(
            "Porter runs `{MIXIN} {action}` instead of the steps of `{action}`, which does nothing. Rename the action."
        )));
    }
    action.contains('.').then(|| {
        DOTTED_ACTION.found(format!(
            "Porter looks up the steps of `{action}` by a path in which the dot separates keys, and finds none. Use a \
             name without dots, such as `status`."
        ))
    })
}

fn broken_step(step: &TemplatedStep) -> Vec<LintResult> {
    step.mistakes.iter().map(|mistake| BROKEN_STEP.found(told(mistake))).collect()
}

/// The document of a hub step: is it there, and is it right?
fn hub_document(step: &TemplatedStep, folder: &Path) -> Vec<LintResult> {
    let Some(hub) = step.value.get("hub").and_then(Value::as_object) else { return Vec::new() };
    let file = hub.get("file").and_then(Value::as_str).unwrap_or("hub.yaml");
    if is_template(file) || Path::new(file).is_absolute() {
        return Vec::new();
    }
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => read_hub(file, &text).err().map_or_else(Vec::new, |failure| {
            failure.diagnostics.iter().map(|mistake| BROKEN_DOCUMENT.found(mistake.to_string())).collect()
        }),
        Err(error) => vec![MISSING_FILE.found(format!("`hub.file` is `{file}`, which cannot be read: {error}."))],
    }
}

/// Secrets enter by the name of a variable or the path of a file. A template would paste them into the step, which
/// Porter may print.
fn templated_secrets(step: &TemplatedStep) -> Vec<LintResult> {
    let mut findings = Vec::new();
    each_text(&step.value, "", &mut |path, text| {
        let field = path.rsplit('.').next().unwrap_or(path);
        if field == "env" && is_template(text) {
            let message = format!("`{path}` is the name of a variable, but `{text}` pastes a value in its place.");
            findings.push(TEMPLATED_VARIABLE.found(message));
        } else if pastes_credential(text) && !matches!(field, "file" | "kubeconfig") {
            let message = format!("`{path}` is `{text}`. Give the credential an `env` or a `path`, and name that.");
            findings.push(TEMPLATED_SECRET.found(message));
        }
    });
    findings
}

fn never_removed(input: &BuildInput) -> Option<LintResult> {
    let has_hub = |action| input.steps(action).iter().any(|step| step.has("hub"));
    (has_hub("install") && !has_hub("uninstall")).then(|| {
        NO_UNINSTALL.found(
            "`install` has a `hub` step and `uninstall` has none, so `porter uninstall` leaves the hub on its cluster."
                .to_owned(),
        )
    })
}

/// Every string of a value, with its dotted path.
fn each_text(value: &Value, path: &str, look: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) => look(path, text),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                each_text(item, &format!("{path}[{index}]"), look);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                each_text(item, &below, look);
            }
        }
        _ => {}
    }
}

fn is_template(text: &str) -> bool {
    text.contains("${")
}

/// `${ bundle.credentials.token }` anywhere in the text.
fn pastes_credential(text: &str) -> bool {
    text.split("${").skip(1).any(|rest| rest.trim_start().starts_with("bundle.credentials."))
}

/// A mistake without its line: the text that Porter sends is not the one that the author wrote.
fn told(mistake: &Diagnostic) -> String {
    match &mistake.hint {
        Some(hint) => format!("{} (hint: {hint})", mistake.message),
        None => mistake.message.clone(),
    }
}

impl Rule {
    const fn error(number: u16, title: &'static str) -> Self {
        Self { number, level: Level::Error, title }
    }

    const fn warning(number: u16, title: &'static str) -> Self {
        Self { number, level: Level::Warning, title }
    }

    /// The code of the rule: `backstack-102`.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{MIXIN}-{}", self.number)
    }

    fn found(self, message: String) -> LintResult {
        let code = self.code();
        let url = format!("{}/blob/main/docs/lint.md#{code}", env!("CARGO_PKG_REPOSITORY"));
        LintResult { level: self.level, location: None, code, title: self.title, message, url }
    }
}
