//! Parameters as Porter defines them: the part of JSON schema that describes one value, and the check of a value.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::schema::has_type;

/// The part of JSON schema by which Porter describes values (`pkg/manifest` and `bundle/definition` of cnab-go).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    /// The type, or a list of types. `file` is Porter's own.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub type_: Option<Value>,
    /// The value when none is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The values that are allowed.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Vec<Value>>,
    /// A regular expression that a string must match somewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<f64>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<f64>,
    /// The least number of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<usize>,
    /// The greatest number of characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
}

impl Shape {
    /// The first type that is not `null`; `any` without one.
    #[must_use]
    pub fn kind(&self) -> &str {
        match &self.type_ {
            Some(Value::String(name)) => name,
            Some(Value::Array(names)) => {
                names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("any")
            }
            _ => "any",
        }
    }

    /// Says what is wrong with the value of the parameter `name`.
    pub fn check(&self, name: &str, value: &Value) -> Result<(), String> {
        self.check_told(name, &format!("`{}`", scalar_text(value)), value)
    }

    /// The same with something else said than the value: `shown`.
    pub fn check_told(&self, name: &str, shown: &str, value: &Value) -> Result<(), String> {
        if !has_kind(value, self.kind()) {
            return Err(format!("`{name}` is {shown}, expected {}", self.kind()));
        }
        if let Some(allowed) = self.allowed.as_ref().filter(|allowed| !allowed.iter().any(|one| same(one, value))) {
            let allowed: Vec<String> = allowed.iter().map(scalar_text).collect();
            return Err(format!("`{name}` is {shown}, which is none of: {}", allowed.join(", ")));
        }
        let text = value.as_str().filter(|_| self.kind() == "string");
        if let (Some(pattern), Some(text)) = (&self.pattern, text) {
            let expression = regex::Regex::new(pattern)
                .map_err(|_| format!("the `pattern` of `{name}` is no regular expression: {pattern}"))?;
            if !expression.is_match(text) {
                return Err(format!("`{name}` is {shown}, which does not match {pattern}"));
            }
        }
        let number = value.as_f64();
        let length = text.map(|text| text.chars().count());
        let is_outside = below(number, self.minimum)
            || below(self.maximum, number)
            || below(length, self.min_length)
            || below(self.max_length, length);
        if is_outside { Err(format!("`{name}` is {shown}, which is outside of its limits")) } else { Ok(()) }
    }
}

/// Whether a value is of the type of a parameter or output: one of JSON schema, or Porter's `file`, which is text.
#[must_use]
pub fn has_kind(value: &Value, kind: &str) -> bool {
    has_type(value, if kind == "file" { "string" } else { kind })
}

/// A value as a text: strings as they are, everything else as JSON (cnab-go's `action.opFromClaim`).
#[must_use]
pub fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `1` and `1.0` are one number.
fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| other.as_f64() == Some(one))
}

fn below<T: PartialOrd>(value: Option<T>, limit: Option<T>) -> bool {
    matches!((value, limit), (Some(value), Some(limit)) if value < limit)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_held_against_every_limit() {
        let shape: Shape =
            serde_json::from_value(json!({"type": "string", "pattern": "^[a-z]+$", "maxLength": 3})).expect("a shape");
        assert_eq!(shape.check("x", &json!("abc")), Ok(()));
        for (value, words) in
            [(json!(1), "expected string"), (json!("A"), "does not match"), (json!("abcd"), "outside of its limits")]
        {
            let said = shape.check("x", &value).expect_err("a mistake");
            assert!(said.contains(words), "{said}");
        }
        let shape: Shape = serde_json::from_value(json!({"type": "integer", "enum": [1, 2]})).expect("a shape");
        assert!(shape.check("x", &json!(3)).expect_err("a mistake").contains("none of: 1, 2"));
    }
}
