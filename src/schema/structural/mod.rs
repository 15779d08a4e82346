//! A value held against the schema of a resource definition, as the API server holds it there: its defaults are in, then
//! every rule but those in CEL (apiextensions-apiserver `pkg/apiserver`: `schema/defaulting`,
//! `schema/pruning`, `schema/listtype`, `validation`). Pure.
//!
//! What the API server would drop without a word is a mistake here: whoever wrote it meant something.

mod choices;
mod embedded;
mod filled;
mod limits;
mod lists;
mod pattern;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use embedded::is_of_the_server;

use super::shape::{article, closest, kind};
use crate::report::{Diagnostic, Source};
use crate::yaml::{Data, Key, Node};

/// What an embedded object has besides what its schema names.
const OF_OBJECTS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// What came of a look at a value.
#[derive(Debug, Default)]
pub struct Held {
    /// What the API server would refuse or drop, each with its place.
    pub mistakes: Vec<Diagnostic>,
    /// The rules that nobody has held the value against.
    pub unseen: BTreeSet<String>,
}

/// Holds a value, whose dotted path is `path`, against its schema.
#[must_use]
pub fn hold(source: &Arc<Source>, node: &Node, schema: &Value, path: &str) -> Held {
    let mut walk = Walk { source, is_whole: true, held: Held::default() };
    walk.value(&filled::filled(node, schema), schema, path);
    walk.held
}

/// Whether a schema has rules in CEL, at whatever depth.
#[must_use]
pub fn has_rules(schema: &Value) -> bool {
    match schema {
        Value::Object(all) => all.iter().any(|(key, below)| key == "x-kubernetes-validations" || has_rules(below)),
        Value::Array(all) => all.iter().any(has_rules),
        _ => false,
    }
}

struct Walk<'a> {
    source: &'a Arc<Source>,
    /// Whether the schema says all that there may be. One of several choices only says what is true of some of it.
    is_whole: bool,
    held: Held,
}

impl Walk<'_> {
    fn value(&mut self, node: &Node, schema: &Value, path: &str) {
        let is_null = matches!(node.data, Data::Null);
        let may_be_null = is_null && is(schema, "nullable");
        if !may_be_null && let Some(expected) = other_type(&node.data, schema) {
            let message = format!("`{path}` is {}, expected {expected}", kind(&node.data));
            let is_written = matches!(node.data, Data::Bool(_) | Data::Number(_));
            let mistake = self.mistake(node, path, message);
            let in_quotes = is_written && expected == "a string";
            self.held.mistakes.push(if in_quotes { mistake.hint("put the value in quotes") } else { mistake });
            return;
        }
        let limits = limits::of(node, schema);
        for expected in limits.broken {
            let mistake = self.mistake(node, path, format!("`{path}` is {}", expected.message));
            self.held.mistakes.push(Diagnostic { hint: expected.hint, ..mistake });
        }
        self.held.unseen.extend(limits.unseen.iter().map(|rule| format!("{rule} of `{path}`")));
        if is_null {
            return; // The API server holds it against nothing else.
        }
        match &node.data {
            Data::Map(entries) => self.object(node, entries, schema, path),
            Data::List(items) => self.list(items, schema, path),
            _ => {}
        }
        self.choices(node, schema, path);
    }

    fn object(&mut self, node: &Node, entries: &[(Key, Node)], schema: &Value, path: &str) {
        let nothing = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
        let others = schema.get("additionalProperties");
        let is_embedded = is(schema, "x-kubernetes-embedded-resource");
        let is_open =
            !self.is_whole || is(schema, "x-kubernetes-preserve-unknown-fields") || others == Some(&true.into());
        for (key, value) in entries {
            let below = format!("{path}.{}", key.text);
            match properties.get(&key.text).or_else(|| others.filter(|it| it.is_object())) {
                Some(schema) => self.value(value, schema, &below),
                None if is_open || (is_embedded && OF_OBJECTS.contains(&key.text.as_str())) => {}
                None => self.unknown(key, properties, &below),
            }
        }
        if is_embedded {
            self.embedded(entries, path);
        }
        let of_embedded = OF_OBJECTS.into_iter().filter(|_| is_embedded && self.is_whole).take(2);
        for name in items(schema, "required").filter_map(Value::as_str).chain(of_embedded) {
            if !entries.iter().any(|(key, _)| key.text == name) {
                let below = format!("{path}.{name}");
                self.held.mistakes.push(self.mistake(node, &below, format!("`{below}` is required")));
            }
        }
    }

    fn unknown(&mut self, key: &Key, properties: &Map<String, Value>, path: &str) {
        let names: Vec<&str> = properties.keys().map(String::as_str).collect();
        let written = self.source.text.get(key.place.start..key.place.end).unwrap_or(&key.text);
        let hint = match closest(&key.text, &names) {
            _ if names.contains(&written) => format!("put `{written}` in quotes: it is `{}` to Kubernetes", key.text),
            Some(best) => format!("did you mean `{best}`?"),
            None if names.is_empty() => "nothing is known here: leave it out".to_owned(),
            None => format!("known here: {}", names.join(", ")),
        };
        let message = format!("unknown field `{path}`: the cluster would drop it without a word");
        self.held.mistakes.push(Diagnostic::error(path, message).at(self.source, key.place).hint(hint));
    }

    fn list(&mut self, items: &[Node], schema: &Value, path: &str) {
        if let Some(of_item) = schema.get("items") {
            for (index, item) in items.iter().enumerate() {
                self.value(item, of_item, &format!("{path}[{index}]"));
            }
        }
        for (index, message) in lists::repeated(items, schema) {
            let at = format!("{path}[{index}]");
            let mistake = self.mistake(&items[index], &at, format!("`{at}` {message}"));
            self.held.mistakes.push(mistake);
        }
    }

    fn mistake(&self, node: &Node, path: &str, message: String) -> Diagnostic {
        Diagnostic::error(path, message).at(self.source, node.place)
    }
}

/// The items of the list that a schema has under a word.
fn items<'s>(schema: &'s Value, word: &str) -> impl Iterator<Item = &'s Value> + use<'s> {
    schema.get(word).and_then(Value::as_array).into_iter().flatten()
}

fn is(schema: &Value, word: &str) -> bool {
    schema.get(word) == Some(&Value::Bool(true))
}

/// What was expected, where a value is of another type.
fn other_type(data: &Data, schema: &Value) -> Option<String> {
    let (expected, fits) = match schema.get("type").and_then(Value::as_str) {
        _ if is(schema, "x-kubernetes-int-or-string") => {
            ("an integer or a string".to_owned(), matches!(data, Data::Text(_)) || is_integer(data))
        }
        None => return None,
        Some(wanted) => {
            let fits = match wanted {
                "object" => matches!(data, Data::Map(_)),
                "array" => matches!(data, Data::List(_)),
                "string" => matches!(data, Data::Text(_)),
                "boolean" => matches!(data, Data::Bool(_)),
                "integer" => is_integer(data),
                "number" => matches!(data, Data::Number(_)),
                _ => true,
            };
            (article(wanted), fits)
        }
    };
    (!fits).then_some(expected)
}

fn is_integer(data: &Data) -> bool {
    matches!(data, Data::Number(number) if number.is_i64() || number.as_f64().is_some_and(is_whole))
}

/// What is an integer, of numbers that are no 64-bit integers (go-openapi `swag`, `IsFloat64AJSONInteger`).
fn is_whole(number: f64) -> bool {
    const LARGEST: f64 = 9_007_199_254_740_991.0; // 2^53 - 1
    const MARGIN: f64 = 1e-9;
    number.abs() <= LARGEST
        && (number.fract() == 0.0 || number.fract().abs() / (number.abs() + number.trunc().abs()) < MARGIN)
}

#[cfg(test)]
mod tests;
