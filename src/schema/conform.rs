//! Checks a document against the schema of its type, and reports every mistake at once.
//!
//! serde stops at the first mistake and knows no places. So a document is first walked beside the JSON schema
//! that schemars derives from the very type it will become; what is left for serde afterwards cannot fail on
//! shape. The schema keywords understood here are those that schemars emits for our types.

use std::sync::Arc;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::leaks::hide_secrets;
use super::shape::{allows_null, alternatives, article, choices, closest, constants, has_type, kind, plain, type_of};
use super::template::is_template;
use crate::report::{Diagnostic, Failure, Outcome, Source};
use crate::yaml::{self, Data, Document, Key, Node, Reader, old_bool};

/// How scalars are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scalars {
    /// As written: a document that people keep in git.
    Strict,
    /// A string field takes any scalar, `null` is unset: a step, whose scalars Porter has re-typed.
    Lenient,
    /// As lenient, and `${ … }` stands for a value of any type: a step whose templates are not resolved yet.
    Templates,
}

/// Reads a document of type `T`. Fails with all mistakes, each with its place.
pub fn read<T: JsonSchema + DeserializeOwned>(name: &str, text: &str, scalars: Scalars) -> Outcome<T> {
    let refused = |all| {
        hide_secrets(text);
        Failure::document(name, all)
    };
    let document = yaml::parse(name, text, Reader::Kubernetes).map_err(|mistake| refused(vec![*mistake]))?;
    let value = conform(&document, &schema_of::<T>(), scalars).map_err(refused)?;
    serde_json::from_value(value).map_err(|error| {
        Failure::document(
            name,
            vec![Diagnostic::error("", error.to_string()).at(&document.source, document.root.place)],
        )
    })
}

/// The draft-07 schema of a type, as it is embedded for editors and for Porter.
#[must_use]
pub fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<T>()
}

/// The document as a JSON value with scalars in the schema's types, or every mistake in it.
pub fn conform(document: &Document, schema: &Schema, scalars: Scalars) -> Result<Value, Vec<Diagnostic>> {
    conform_node(&document.source, &document.root, schema, scalars, "")
}

/// The same for one value of a document, whose dotted path is `path`.
pub fn conform_node(
    source: &Arc<Source>,
    node: &Node,
    schema: &Schema,
    scalars: Scalars,
    path: &str,
) -> Result<Value, Vec<Diagnostic>> {
    let mut walk = Walk { source, root: schema.as_value(), scalars, mistakes: Vec::new() };
    let value = walk.value(node, schema.as_value(), path);
    if walk.mistakes.is_empty() { Ok(value) } else { Err(walk.mistakes) }
}

/// What a number should be, when it is not.
fn out_of_range(value: &Value, schema: &Value) -> Option<String> {
    let limit = |name: &str| schema.get(name).and_then(Value::as_f64);
    let number = value.as_f64()?;
    match (limit("minimum"), limit("maximum")) {
        (Some(least), _) if number < least => Some(format!("at least {least}")),
        (_, Some(most)) if number > most => Some(format!("at most {most}")),
        _ => None,
    }
}

struct Walk<'a> {
    source: &'a Arc<Source>,
    root: &'a Value,
    scalars: Scalars,
    mistakes: Vec<Diagnostic>,
}

impl<'a> Walk<'a> {
    fn value(&mut self, node: &Node, schema: &'a Value, path: &str) -> Value {
        let schema = self.resolve(schema);
        if self.is_template(node) {
            return plain(node);
        }
        if let Some(choices) = choices(schema) {
            return self.choice(node, choices, path);
        }
        let value = match (&node.data, type_of(schema)) {
            (_, None) => return plain(node),
            (Data::Map(_), Some("object")) => return self.object(node, schema, path),
            (Data::List(items), Some("array")) => {
                let item_schema = schema.get("items").unwrap_or(&Value::Bool(true));
                let items = items.iter().enumerate();
                return items.map(|(i, item)| self.value(item, item_schema, &format!("{path}[{i}]"))).collect();
            }
            (Data::Text(_), Some("string")) | (Data::Bool(_), Some("boolean")) | (Data::Number(_), Some("number")) => {
                plain(node)
            }
            (Data::Number(number), Some("integer")) if !number.is_f64() => plain(node),
            (Data::Null, _) if self.scalars != Scalars::Strict || allows_null(schema) => return Value::Null,
            (Data::Bool(_) | Data::Number(_), Some("string")) if self.scalars != Scalars::Strict => {
                Value::String(node.written(self.source).trim_matches(['"', '\'']).to_owned())
            }
            // Where a text is due, `y` and `no` are the texts that they look like.
            (Data::Bool(_) | Data::Number(_), Some("string")) if node.word(self.source).is_some() => {
                Value::String(node.written(self.source).to_owned())
            }
            (Data::Text(text), Some("boolean")) if self.scalars != Scalars::Strict && old_bool(text).is_some() => {
                old_bool(text).into()
            }
            (Data::Text(text), Some("boolean" | "integer" | "number")) if self.scalars != Scalars::Strict => {
                serde_json::from_str(text).ok().filter(Value::is_number_or_bool).unwrap_or_else(|| plain(node))
            }
            _ => plain(node),
        };
        self.scalar(node, &value, schema, path);
        value
    }

    fn scalar(&mut self, node: &Node, value: &Value, schema: &Value, path: &str) {
        let wanted = type_of(schema).unwrap_or_default();
        if !has_type(value, wanted) {
            let mistake = self.mistyped(node, schema, wanted, path);
            self.mistakes.push(mistake);
            return;
        }
        if let Some(expected) = out_of_range(value, schema) {
            self.mistakes.push(self.mistake(node, path, format!("`{path}` is {value}, expected {expected}")));
        }
        let Some(text) = value.as_str() else { return };
        let allowed = constants(schema);
        if !allowed.is_empty() && !allowed.contains(&text) {
            let mistake = self
                .mistake(node, path, format!("`{path}` is `{text}`, which is none of: {}", allowed.join(", ")))
                .hint_if(closest(text, &allowed).map(|best| format!("did you mean `{best}`?")));
            self.mistakes.push(mistake);
        }
        let mistake = self.misshapen(node, schema, text, path);
        self.mistakes.extend(mistake);
    }

    /// What is of another type. Of a number or a boolean that would be wrong in quotes, too, that is told at once.
    fn mistyped(&self, node: &Node, schema: &Value, wanted: &str, path: &str) -> Diagnostic {
        let is_quotable = wanted == "string" && matches!(node.data, Data::Bool(_) | Data::Number(_));
        if is_quotable && let Some(mistake) = self.misshapen(node, schema, node.written(self.source), path) {
            return mistake;
        }
        let expected = article(wanted);
        let message = match (&node.data, path) {
            (Data::Null, "") => format!("the document is empty, expected {expected}"),
            (data, "") => format!("the document is {}, expected {expected}", kind(data)),
            (data, path) => format!("`{path}` is {}, expected {expected}", kind(data)),
        };
        self.mistake(node, path, message).hint_if(is_quotable.then(|| "put the value in quotes".to_owned()))
    }

    /// A text that is not of the format of its field.
    fn misshapen(&self, node: &Node, schema: &Value, text: &str, path: &str) -> Option<Diagnostic> {
        let format = schema.get("format").and_then(Value::as_str)?;
        let expected = super::formats::expectation(format, text)?;
        let bare = text.strip_prefix('v').filter(|bare| super::formats::expectation(format, bare).is_none());
        let hint = bare.map(|bare| format!("leave out the `v`: {bare}"));
        Some(self.mistake(node, path, format!("`{path}` is `{text}`, expected {expected}")).hint_if(hint))
    }

    fn object(&mut self, node: &Node, schema: &'a Value, path: &str) -> Value {
        let Data::Map(entries) = &node.data else { return Value::Null };
        let properties: Vec<(&String, &'a Value)> =
            schema.get("properties").and_then(Value::as_object).into_iter().flatten().collect();
        let others = schema.get("additionalProperties");
        let mut out = Map::new();
        for (key, value) in entries {
            let below = if path.is_empty() { key.text.clone() } else { format!("{path}.{}", key.text) };
            if let Some((_, property)) = properties.iter().find(|(name, _)| **name == key.text) {
                let value = self.value(value, property, &below);
                if !(value.is_null() && self.scalars != Scalars::Strict) {
                    out.insert(key.text.clone(), value);
                }
                continue;
            }
            match others {
                Some(Value::Bool(false)) => {
                    let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
                    let hint = closest(&key.text, &names).map_or_else(
                        || format!("known here: {}", names.join(", ")),
                        |best| format!("did you mean `{best}`?"),
                    );
                    let message = format!("unknown key `{below}`");
                    self.mistakes.push(Diagnostic::error(below, message).at(self.source, key.place).hint(hint));
                }
                Some(schema) => {
                    out.insert(key.text.clone(), self.value(value, schema, &below));
                }
                None => {
                    out.insert(key.text.clone(), plain(value));
                }
            }
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        for name in required.filter_map(Value::as_str).filter(|name| !out.contains_key(*name)) {
            if entries.iter().any(|(key, value)| key.text == name && !matches!(value.data, Data::Null)) {
                continue; // there, but wrong: said already
            }
            let below = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            self.mistakes.push(self.mistake(node, &below, format!("`{below}` is required")));
        }
        if let Some(ways) = alternatives(schema) {
            self.one_way(node, entries, &ways, path);
        }
        self.companions(entries, schema, path);
        Value::Object(out)
    }

    /// Exactly one of several ways is taken, with everything that belongs to it.
    fn one_way(&mut self, node: &Node, entries: &[(Key, Node)], ways: &[Vec<&str>], path: &str) {
        let given =
            |name: &str| entries.iter().find(|(key, value)| key.text == name && !matches!(value.data, Data::Null));
        let nouns: Vec<&str> = ways.iter().filter_map(|way| way.first().copied()).collect();
        let subject = if path.is_empty() { "this".to_owned() } else { format!("`{path}`") };
        let taken: Vec<&Vec<&str>> = ways.iter().filter(|way| given(way[0]).is_some()).collect();
        match taken.as_slice() {
            [] => {
                let message = format!("{subject} needs exactly one of: {}", nouns.join(", "));
                self.mistakes.push(self.mistake(node, path, message));
            }
            [way] => {
                for missing in way.iter().filter(|name| given(name).is_none()) {
                    let message = format!("{subject} needs `{missing}` beside `{}`", way[0]);
                    self.mistakes.push(self.mistake(node, path, message));
                }
            }
            [first, rest @ ..] => {
                for second in rest.iter().filter_map(|way| given(way[0])) {
                    let (key, _) = second;
                    let message = format!("{subject} has `{}` and `{}`, which exclude each other", first[0], key.text);
                    let hint = format!("keep exactly one of: {}", nouns.join(", "));
                    self.mistakes.push(Diagnostic::error(path, message).at(self.source, key.place).hint(hint));
                }
            }
        }
    }

    /// What means something only beside something else (`dependencies` of draft-07).
    fn companions(&mut self, entries: &[(Key, Node)], schema: &Value, path: &str) {
        let is_given =
            |name: &str| entries.iter().any(|(key, value)| key.text == name && !matches!(value.data, Data::Null));
        let dependencies = schema.get("dependencies").and_then(Value::as_object).into_iter().flatten();
        for (name, companions) in dependencies.filter(|(name, _)| is_given(name)) {
            let companions = companions.as_array().into_iter().flatten().filter_map(Value::as_str);
            for missing in companions.filter(|companion| !is_given(companion)) {
                let Some((key, _)) = entries.iter().find(|(key, _)| key.text == *name) else { continue };
                let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                let message = format!("`{below}` means nothing without `{missing}` beside it");
                self.mistakes.push(Diagnostic::error(below, message).at(self.source, key.place));
            }
        }
    }

    /// A value that may be of one of several shapes: the choice with the fewest mistakes speaks.
    fn choice(&mut self, node: &Node, choices: &'a [Value], path: &str) -> Value {
        let mut best: Option<(Value, Vec<Diagnostic>)> = None;
        for schema in choices {
            let mut walk = Walk { source: self.source, root: self.root, scalars: self.scalars, mistakes: Vec::new() };
            let value = walk.value(node, schema, path);
            if walk.mistakes.is_empty() {
                return value;
            }
            let is_null = type_of(self.resolve(schema)) == Some("null");
            if !is_null && best.as_ref().is_none_or(|(_, mistakes)| walk.mistakes.len() < mistakes.len()) {
                best = Some((value, walk.mistakes));
            }
        }
        let (value, mistakes) = best.unwrap_or_default();
        self.mistakes.extend(mistakes);
        value
    }

    fn resolve(&self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str).or_else(|| {
            // draft-07 ignores the siblings of `$ref`, so schemars wraps it when there are any
            match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
                Some([one]) => one.get("$ref").and_then(Value::as_str),
                _ => None,
            }
        });
        match reference.and_then(|reference| self.root.pointer(reference.trim_start_matches('#'))) {
            Some(target) => self.resolve(target),
            None => schema,
        }
    }

    fn is_template(&self, node: &Node) -> bool {
        self.scalars == Scalars::Templates && matches!(&node.data, Data::Text(text) if is_template(text))
    }

    fn mistake(&self, node: &Node, path: &str, message: String) -> Diagnostic {
        Diagnostic::error(path, message).at(self.source, node.place)
    }
}

trait HintIf {
    fn hint_if(self, hint: Option<String>) -> Self;
}

impl HintIf for Diagnostic {
    fn hint_if(self, hint: Option<String>) -> Self {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

trait NumberOrBool {
    fn is_number_or_bool(&self) -> bool;
}

impl NumberOrBool for Value {
    fn is_number_or_bool(&self) -> bool {
        self.is_number() || self.is_boolean()
    }
}
