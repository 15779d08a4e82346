//! What a module tells.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::workplace::OpenTofu;
use crate::report::{Failure, Outcome, remember_secret, wipe};

/// One output.
#[derive(Deserialize)]
pub struct Output {
    /// Its value.
    pub value: Value,
    /// Whether the module says that it is a secret.
    #[serde(default)]
    pub sensitive: bool,
}

/// The outputs of a module, wiped when dropped. What is sensitive is masked from the moment they are read.
#[derive(Debug)]
pub struct Outputs(BTreeMap<String, Output>);

impl Outputs {
    /// One of them.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Output> {
        self.0.get(name)
    }

    /// The value of one as text: a string as it is, anything else as JSON.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(|output| match &output.value {
            Value::String(text) => Cow::Borrowed(text.as_str()),
            other => Cow::Owned(other.to_string()),
        })
    }

    /// Their names, ordered.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Without the value.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Output").field("sensitive", &self.sensitive).finish_non_exhaustive()
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.0.values_mut().for_each(|output| wipe(&mut output.value));
    }
}

impl OpenTofu<'_> {
    /// All outputs, as the state has them. They are never in a file of ours.
    pub async fn outputs(&self) -> Outcome<Outputs> {
        let argument = self.state_argument();
        let ended = self.ask(["output", "-json", "-no-color"].into_iter().chain(argument.as_deref())).await?;
        let text = Zeroizing::new(ended.stdout);
        let outputs: Option<BTreeMap<String, Output>> = serde_json::from_slice(&text).ok();
        let outputs = outputs.filter(|_| ended.status.success()).map(Outputs).ok_or_else(|| {
            Failure::failed("OpenTofu does not tell the outputs of the module")
                .details(ended.stderr.lines())
                .hint("what was made is in the state: run the same again when the cause is gone")
        })?;
        outputs.0.values().filter(|output| output.sensitive).for_each(|output| remember(&output.value));
        Ok(outputs)
    }
}

/// Has every text in a value masked, and the value as it would be printed.
fn remember(value: &Value) {
    match value {
        Value::String(text) => remember_secret(text),
        Value::Array(items) => items.iter().for_each(remember),
        Value::Object(fields) => fields.values().for_each(remember),
        Value::Number(number) => remember_secret(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}
