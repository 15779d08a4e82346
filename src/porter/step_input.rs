//! Standard input of `install`, `upgrade`, `uninstall` and `invoke`: one action with exactly one step.

use super::MIXIN;
use crate::document::{Step, step_mistakes};
use crate::report::{Diagnostic, Failure, Outcome, remember_secret};
use crate::schema::{Scalars, conform_node, schema_of};
use crate::yaml::{self, Data, Document, Key, Node, Reader};

/// What Porter asks for: an action, and the step that it is to be done for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepInput {
    /// `install`, `upgrade`, `uninstall`, or the name of a custom action.
    pub action: String,
    /// The step, with all templates resolved.
    pub step: Step,
}

impl StepInput {
    /// Reads what Porter's runtime sends: `{ACTION: [{backstack: STEP}]}`, with exactly one step (`ActionInput` in
    /// Porter's `pkg/runtime`). Fails with all mistakes at once, each with its place.
    ///
    /// Porter has pasted the values of templates into the text and parsed it again, so a string may arrive as a
    /// number, a boolean or nothing; fields take any scalar, and `null` is unset.
    pub fn read(text: &str, action: &str) -> Outcome<Self> {
        let wrong = |mistakes| Failure::document("the step on stdin", mistakes);
        let document = yaml::parse("stdin", text, Reader::Porter).map_err(|mistake| wrong(vec![*mistake]))?;
        remember_pasted_secrets(&document.root);
        let node = only_step(&document, action).map_err(|mistake| wrong(vec![*mistake]))?;
        let value = conform_node(&document.source, node, &schema_of::<Step>(), Scalars::Lenient, "").map_err(wrong)?;
        let mistakes = step_mistakes(&document.source, node, &value);
        if !mistakes.is_empty() {
            return Err(wrong(mistakes));
        }
        let step = serde_json::from_value(value)
            .map_err(|error| wrong(vec![Diagnostic::error("", error.to_string()).at(&document.source, node.place)]))?;
        Ok(Self { action: action.to_owned(), step })
    }
}

/// The value of `backstack:` in the only step of the only action.
fn only_step<'a>(document: &'a Document, action: &str) -> Result<&'a Node, Box<Diagnostic>> {
    let wrong =
        |node: &Node, message: String| Box::new(Diagnostic::error("", message).at(&document.source, node.place));
    let Some((key, steps)) = only_entry(&document.root) else {
        return Err(wrong(&document.root, format!("stdin holds no step; expected `{action}: [{{{MIXIN}: …}}]`")));
    };
    if key.text != action {
        let message = format!("stdin holds a step of `{}`, but the command is `{action}`", key.text);
        return Err(Box::new(Diagnostic::error("", message).at(&document.source, key.place)));
    }
    let step = match &steps.data {
        Data::List(all) if all.len() == 1 => &all[0],
        Data::List(all) => return Err(wrong(steps, format!("expected a single step, but got {}", all.len()))),
        _ => return Err(wrong(steps, format!("`{action}` is not a list of steps"))),
    };
    let Some((key, value)) = only_entry(step) else {
        return Err(wrong(step, format!("a step is one mapping with the key `{MIXIN}`")));
    };
    if key.text != MIXIN {
        let message = format!("the step is for the mixin `{}`, not for `{MIXIN}`", key.text);
        return Err(Box::new(Diagnostic::error("", message).at(&document.source, key.place)));
    }
    match value.data {
        Data::Map(_) => Ok(value),
        _ => Err(wrong(value, format!("`{MIXIN}` is not a mapping"))),
    }
}

/// A credential that was pasted in where a reference belongs is a mistake, and a mistake is shown with its line.
fn remember_pasted_secrets(node: &Node) {
    match &node.data {
        Data::Map(entries) => entries.iter().for_each(|(key, value)| match key.text.as_str() {
            "username" | "password" | "sshPrivateKey" | "clientKey" => remember_pasted(value),
            "push" | "pull" | "environment" => each(value, remember_pasted),
            "repository" => remember_pasted_in_repository(value),
            "secrets" => each(value, remember_pasted_keys),
            "spoke" => remember_pasted_in_spoke(value),
            _ => remember_pasted_secrets(value),
        }),
        Data::List(items) => items.iter().for_each(remember_pasted_secrets),
        _ => {}
    }
}

/// A reference, or keys with a reference each.
fn remember_pasted_keys(node: &Node) {
    let is_reference = match &node.data {
        Data::Map(entries) => entries.iter().all(|(key, _)| matches!(key.text.as_str(), "env" | "file")),
        _ => true,
    };
    if is_reference { remember_pasted(node) } else { each(node, remember_pasted) }
}

/// The kubeconfig of a spoke is a reference, where those of other nouns are paths.
fn remember_pasted_in_spoke(node: &Node) {
    let Data::Map(entries) = &node.data else { return };
    for (key, value) in entries {
        if key.text == "kubeconfig" {
            remember_pasted(value);
        } else {
            remember_pasted_secrets(value);
        }
    }
}

/// What is no address and no branch may be a credential in a wrong place.
fn remember_pasted_in_repository(node: &Node) {
    let Data::Map(entries) = &node.data else { return };
    for (key, value) in entries {
        match key.text.as_str() {
            "url" | "pushUrl" | "branch" => {}
            "push" | "pull" => each(value, remember_pasted),
            "connection" => remember_pasted_in_connection(value),
            _ => remember_pasted(value),
        }
    }
}

/// The hosts that no proxy is for are no secret.
fn remember_pasted_in_connection(node: &Node) {
    match &node.data {
        Data::Map(entries) => {
            entries.iter().filter(|(key, _)| key.text != "noProxy").for_each(|(_, value)| remember_pasted(value));
        }
        _ => remember_pasted(node),
    }
}

/// Everything in the place of a reference that is none, whatever its key: that may be the mistake.
fn remember_pasted(node: &Node) {
    match &node.data {
        Data::Text(text) => remember_secret(text),
        Data::Map(entries) => entries.iter().for_each(|(key, value)| match (key.text.as_str(), &value.data) {
            ("env", Data::Text(text)) if is_like_a_variable(text) => {}
            ("file", Data::Text(text)) if !text.contains('\n') => {}
            _ => remember_pasted(value),
        }),
        Data::List(items) => items.iter().for_each(remember_pasted),
        _ => {}
    }
}

/// Names of variables are words in one case; tokens are not.
fn is_like_a_variable(text: &str) -> bool {
    let is_all = |fits: fn(&u8) -> bool| text.bytes().all(|byte| byte == b'_' || fits(&byte));
    is_all(u8::is_ascii_lowercase) || is_all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What stands under the keys of a mapping, or in its place.
fn each(node: &Node, act: impl Fn(&Node)) {
    match &node.data {
        Data::Map(entries) => entries.iter().for_each(|(_, value)| act(value)),
        _ => act(node),
    }
}

fn only_entry(node: &Node) -> Option<&(Key, Node)> {
    match &node.data {
        Data::Map(entries) if entries.len() == 1 => entries.first(),
        _ => None,
    }
}
