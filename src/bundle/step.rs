//! One step of the bundle: from its text to what the mixin reads.

use serde_json::{Value, json};

use super::encode::encode;
use super::manifest::{FILE, Manifest, StepText};
use super::template::render;
use crate::report::{Failure, Outcome};
use crate::spec::plain;
use crate::spec::yaml::{self, Data, Reader};

/// The step with its templates rendered: `{MIXIN: {…}}`.
///
/// The templates are rendered where they stand, and the whole text is parsed again, so that quotes, flow style and
/// indentation mean what they mean to Porter.
pub(super) fn resolve(
    manifest: &Manifest,
    action: &str,
    index: usize,
    text: &StepText,
    data: &Value,
) -> Outcome<Value> {
    let here = || format!("step {} of {action}", index + 1);
    let source = manifest.document.source.text.as_str();
    let rendered = render(&source[text.start..text.end], data).map_err(|failure| failure.context(here()))?;
    let whole = [&source[..text.start], &rendered, &source[text.end..]].concat();
    let document = yaml::parse(FILE, &whole, Reader::Porter).map_err(|mistake| {
        Failure::usage(format!("{}: invalid step yaml after rendering its templates: {}", here(), mistake.message))
            .hint("put the template in quotes, or give the value by `env` or `file`")
    })?;
    let Data::Map(entries) = &document.root.data else { return Ok(Value::Null) };
    let steps = entries.iter().find(|(key, _)| key.text == action).map(|(_, steps)| &steps.data);
    let step = match steps {
        Some(Data::List(steps)) => steps.get(index),
        _ => None,
    };
    step.map(plain).ok_or_else(|| Failure::usage(format!("{} has lost its place in rendering its templates", here())))
}

/// What Porter prints before the step.
pub(super) fn description<'v>(step: &'v Value, mixin: &str) -> Option<&'v str> {
    step.get(mixin)?.get("description")?.as_str().filter(|text| !text.is_empty())
}

/// What the mixin reads from stdin.
pub(super) fn stdin(action: &str, step: &Value) -> String {
    encode(&json!({ action: [step] }))
}
