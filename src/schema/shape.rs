//! Questions to a JSON schema, and the words in which its demands are told to people.
//!
//! The keywords understood here are those that schemars emits for our types.

use serde_json::Value;

use crate::yaml::{Data, Node};

/// The value without its places.
#[must_use]
pub fn plain(node: &Node) -> Value {
    match &node.data {
        Data::Null => Value::Null,
        Data::Bool(value) => Value::Bool(*value),
        Data::Number(value) => Value::Number(value.clone()),
        Data::Text(value) => Value::String(value.clone()),
        Data::List(items) => items.iter().map(plain).collect(),
        Data::Map(entries) => entries.iter().map(|(key, value)| (key.text.clone(), plain(value))).collect(),
    }
}

/// The candidate that `word` is most likely a slip of.
#[must_use]
pub fn closest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let score = |candidate: &str| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    let best = candidates.iter().max_by(|a, b| score(a).total_cmp(&score(b)))?;
    (score(best) > 0.8).then_some(*best)
}

/// What a word that is none of `known` may be a slip of, and all that it could be.
#[must_use]
pub fn known_hint(word: &str, known: &[&str]) -> String {
    let near = closest(word, known).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    if known.is_empty() { "it has none".to_owned() } else { format!("{near}it has: {}", known.join(", ")) }
}

/// The shapes that a value may have, when there are several.
pub(super) fn choices(schema: &Value) -> Option<&[Value]> {
    if alternatives(schema).is_some() || !constants(schema).is_empty() {
        return None;
    }
    ["anyOf", "oneOf"].iter().find_map(|key| schema.get(key)?.as_array().map(Vec::as_slice))
}

/// The ways of an object of which exactly one is taken: `oneOf: [{required: [noun, companion…]}, …]`.
///
/// Each way is the list of its keys; the first one is its noun.
pub(super) fn alternatives(schema: &Value) -> Option<Vec<Vec<&str>>> {
    let ways = schema.get("oneOf")?.as_array()?.iter();
    ways.map(|way| {
        let keys = way.get("required").filter(|_| way.get("properties").is_none())?.as_array()?;
        keys.iter().map(Value::as_str).collect()
    })
    .collect()
}

/// The strings of which the value must be one. schemars writes them as `enum`, as `const`, or, where the variants
/// are documented, as `oneOf: [{const: …}, …]`.
pub(super) fn constants(schema: &Value) -> Vec<&str> {
    let list = |key| schema.get(key).and_then(Value::as_array).into_iter().flatten();
    let described = list("oneOf").filter_map(|one| one.get("const"));
    list("enum").chain(schema.get("const")).chain(described).filter_map(Value::as_str).collect()
}

pub(super) fn type_of(schema: &Value) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => (!constants(schema).is_empty()).then_some("string"),
    }
}

pub(super) fn allows_null(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "null",
        Some(Value::Array(names)) => names.iter().any(|name| name == "null"),
        _ => false,
    }
}

/// Whether a JSON value is of a type of JSON schema; an unknown type fits everything.
#[must_use]
pub fn has_type(value: &Value, wanted: &str) -> bool {
    match wanted {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "null" => value.is_null(),
        _ => true,
    }
}

pub(super) fn kind(data: &Data) -> &'static str {
    match data {
        Data::Null => "null",
        Data::Bool(_) => "a boolean",
        Data::Number(_) => "a number",
        Data::Text(_) => "a string",
        Data::List(_) => "a list",
        Data::Map(_) => "a mapping",
    }
}

pub(super) fn article(wanted: &str) -> String {
    match wanted {
        "array" => "a list".to_owned(),
        "object" => "a mapping".to_owned(),
        "integer" => "an integer".to_owned(),
        other => format!("a {other}"),
    }
}
