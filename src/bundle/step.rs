//! One step of the bundle: from its text to what the mixin reads.

use std::ops::Range;

use serde_json::{Value, json};

use super::encode::encode;
use super::manifest::{FILE, Manifest};
use super::rendering::{Gap, Partials};
use super::seen::Seen;
use super::steps::{StepText, Text};
use crate::report::{Failure, Outcome};
use crate::schema::plain;
use crate::yaml::{self, Data, Document, Reader};

/// The step with its templates rendered: `{MIXIN: {…}}`.
pub(super) fn resolve(
    manifest: &Manifest,
    action: &str,
    index: usize,
    step: &StepText,
    seen: &Seen,
    partials: Partials<'_>,
) -> Outcome<Value> {
    match &step.text {
        Text::Alias(value) => Ok(value.clone()),
        Text::Template { template, at } => {
            let rendered = template.render(seen, partials).map_err(|gap| said(&gap, manifest, at, seen));
            let rendered = rendered.map_err(|failure| failure.context(format!("step {} of {action}", index + 1)))?;
            parse(manifest, action, index, &rendered, at)
        }
    }
}

/// The template is rendered where it stands, and the whole text is parsed again, so that quotes, flow style and
/// indentation mean what they mean to Porter.
fn parse(manifest: &Manifest, action: &str, index: usize, rendered: &str, at: &Range<usize>) -> Outcome<Value> {
    let here = || format!("step {} of {action}", index + 1);
    let wrong = |reason: &str| {
        Failure::usage(format!("{}: invalid step yaml after rendering its templates: {reason}", here()))
            .hint("put the template in quotes, or give the value by `env` or `file`")
    };
    let source = manifest.document.source.text.as_str();
    let whole = [&source[..at.start], rendered, &source[at.end..]].concat();
    let document = yaml::parse(FILE, &whole, Reader::Porter).map_err(|mistake| wrong(&mistake.message))?;
    // A value may close the step and open something else beside it.
    if shape(&document, action) != shape(&manifest.document, action) {
        return Err(wrong("a value ends the step in the middle"));
    }
    match steps(&document, action).and_then(|steps| steps.get(index)) {
        Some(step) => Ok(plain(step)),
        None => Err(wrong("it has lost its place")),
    }
}

fn steps<'d>(document: &'d Document, action: &str) -> Option<&'d [yaml::Node]> {
    let Data::Map(entries) = &document.root.data else { return None };
    match entries.iter().find(|(key, _)| key.text == action).map(|(_, steps)| &steps.data) {
        Some(Data::List(steps)) => Some(steps),
        _ => None,
    }
}

/// The keys at the root, and how many steps the action has.
fn shape<'d>(document: &'d Document, action: &str) -> (Vec<&'d str>, usize) {
    let keys = match &document.root.data {
        Data::Map(entries) => entries.iter().map(|(key, _)| key.text.as_str()).collect(),
        _ => Vec::new(),
    };
    (keys, steps(document, action).map_or(0, <[_]>::len))
}

fn said(gap: &Gap, manifest: &Manifest, step: &Range<usize>, seen: &Seen) -> Failure {
    let (failure, at) = match gap {
        Gap::Missing { name, at } => (missing(name, seen), at),
        Gap::Partial { message, at } => (Failure::usage(message), at),
    };
    let place = manifest.document.source.place(step.start + at.start..step.start + at.end);
    failure.details([format!("at {FILE}:{}:{}", place.line, place.column)])
}

fn missing(name: &str, seen: &Seen) -> Failure {
    let failure = Failure::usage(format!("missing variable `{name}`"));
    let (parent, _) = name.rsplit_once('.').unwrap_or((name, ""));
    match super::rendering::look_up(&[seen], parent).and_then(Seen::entries) {
        Some(known) if !known.is_empty() && parent != "env" => {
            let known: Vec<&str> = known.keys().map(String::as_str).collect();
            failure.hint(format!("`{parent}` has: {}", known.join(", ")))
        }
        _ if parent == "bundle.outputs" => {
            failure.hint("no step before this one has handed it back; outputs of earlier runs are not kept")
        }
        _ => failure.hint("variables are bundle.*, installation.* and env.*"),
    }
}

/// What Porter prints before the step.
pub(super) fn description<'v>(step: &'v Value, mixin: &str) -> Option<&'v str> {
    step.get(mixin)?.get("description")?.as_str().filter(|text| !text.is_empty())
}

/// What the mixin reads from stdin.
pub(super) fn stdin(action: &str, step: &Value) -> String {
    encode(&json!({ action: [step] }))
}
