//! The values of a bead's parameters.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{Bead, scalar_text};
use crate::report::{Failure, Outcome};
use crate::schema::known_hint;

/// The values of a bead's parameters by name.
pub type Values = BTreeMap<String, Value>;

/// The values with which a bead is rendered: those given, else the defaults. All mistakes at once.
pub fn values(bead: &Bead, given: &Values) -> Outcome<Values> {
    let known: Vec<&str> = bead.spec.parameters.iter().map(|it| it.name.as_str()).collect();
    let mut mistakes: Vec<String> = given
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| format!("the bead has no parameter `{name}`; {}", known_hint(name, &known)))
        .collect();
    let mut values = Values::new();
    let mut missing = None;
    for parameter in &bead.spec.parameters {
        let name = &parameter.name;
        match given.get(name).filter(|value| !value.is_null()).or(parameter.shape.default.as_ref()) {
            None => {
                mistakes.push(format!("`{name}` is required and has no default"));
                missing = missing.or(Some(name));
            }
            Some(value) => match retyped(parameter.shape.kind(), value) {
                value if parameter.shape.check(name, &value).is_ok() => _ = values.insert(name.clone(), value),
                value => mistakes.extend(parameter.shape.check(name, &value).err()),
            },
        }
    }
    if mistakes.is_empty() {
        return Ok(values);
    }
    let failure = Failure::usage(format!("the parameters do not fit bead {}; nothing was changed", bead.metadata.name));
    let failure = failure.details(mistakes);
    Err(match missing {
        Some(name) => {
            failure.hint(format!("give it by --param {name}=VALUE; in a step of a bundle, under `parameters`"))
        }
        None => failure,
    })
}

/// Porter pastes parameters as text and YAML decides anew what they are, so a string may come as a number and a
/// number as a string.
fn retyped(kind: &str, value: &Value) -> Value {
    match (kind, value) {
        ("string", Value::Number(_) | Value::Bool(_)) => scalar_text(value).into(),
        ("integer" | "number" | "boolean", Value::String(text)) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        _ => value.clone(),
    }
}
