//! YAML in and out: the only room that names the YAML crate.
//!
//! Two readers: [`parse`] keeps the place of every key and value, for what people write; [`manifests`] reads
//! Kubernetes manifests as plain JSON values, with the numbers as Go's reader (kubectl's) sees them.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Serialize, de};
use serde_json::{Number, Value};
use serde_saphyr::{Location, Options, Spanned};

use crate::report::{Diagnostic, Failure, Outcome, Place, Source};

/// A parsed document and the text it came from.
#[derive(Debug, Clone)]
pub struct Document {
    /// The text and its name.
    pub source: Arc<Source>,
    /// The root value.
    pub root: Node,
}

/// A value with its place.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where the value stands; of one that stands here by an alias (`*x`), where the alias is.
    pub place: Place,
    /// Of a value that stands here by an alias: where it is written, with everything below it.
    pub alias: Option<Place>,
    /// The value.
    pub data: Data,
}

/// What a [`Node`] holds.
#[derive(Debug, Clone)]
pub enum Data {
    /// `null`, `~` or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number; integral floats are integers.
    Number(Number),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping with its place.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

impl Node {
    /// The node at a dotted path such as `hub.repository` or `outputs[0].name`, or the last one on the way to it.
    #[must_use]
    pub fn nearest(&self, path: &str) -> &Self {
        let path = path.strip_prefix('.').unwrap_or(path);
        let below = match &self.data {
            Data::Map(entries) => entries
                .iter()
                .filter_map(|(key, value)| Some((key.text.len(), value, path.strip_prefix(key.text.as_str())?)))
                .filter(|(_, _, rest)| rest.is_empty() || rest.starts_with(['.', '[']))
                .max_by_key(|(length, _, _)| *length) // keys may have dots
                .map(|(_, value, rest)| (value, rest)),
            Data::List(items) => path.strip_prefix('[').and_then(|path| {
                let (index, rest) = path.split_once(']')?;
                Some((items.get(index.parse::<usize>().ok()?)?, rest))
            }),
            _ => None,
        };
        below.map_or(self, |(node, rest)| node.nearest(rest))
    }
}

/// Reads one document with the place of every value. The error is one mistake of syntax, with its place.
pub fn parse(name: &str, text: &str) -> Result<Document, Box<Diagnostic>> {
    let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
    match serde_saphyr::from_str_with_options::<Raw>(text, options()) {
        Ok(raw) => Ok(Document { root: raw.into_node(), source }),
        Err(error) => Err(Box::new(no_yaml(&source, &error))),
    }
}

/// Reads all documents of a text with the place of every value.
pub fn documents(name: &str, text: &str) -> Result<Vec<Document>, Box<Diagnostic>> {
    let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
    match serde_saphyr::from_multiple_with_options::<Raw>(text, options()) {
        Ok(raws) => {
            Ok(raws.into_iter().map(|raw| Document { root: raw.into_node(), source: Arc::clone(&source) }).collect())
        }
        Err(error) => Err(Box::new(no_yaml(&source, &error))),
    }
}

fn no_yaml(source: &Arc<Source>, error: &serde_saphyr::Error) -> Diagnostic {
    let message = error.without_snippet().to_string();
    let message =
        message.split_once(": ").filter(|(head, _)| head.contains("line")).map_or(message.as_str(), |(_, rest)| rest);
    let diagnostic = Diagnostic::error("", format!("not valid YAML: {message}"));
    match error.location() {
        Some(location) => diagnostic.at(source, place_in(&source.text, location)),
        None => diagnostic,
    }
}

/// Reads all documents of a manifest as JSON values, empty documents left out.
pub fn manifests(name: &str, text: &str) -> Outcome<Vec<Value>> {
    let raws: Vec<Plain> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| Failure::usage(format!("{name} is not valid YAML: {error}")))?;
    Ok(raws.into_iter().map(|Plain(value)| value).filter(|value| !value.is_null()).collect())
}

/// Prints a value as YAML, keys in the order in which they are given.
#[expect(clippy::missing_panics_doc, reason = "what is given to it has string keys only, which YAML can always hold")]
pub fn print<T: Serialize>(value: &T) -> String {
    let options = serde_saphyr::ser_options! { compact_list_indent: true };
    serde_saphyr::to_string_with_options(value, options)
        .expect("JSON values and our own documents are printable as YAML")
}

fn options() -> Options {
    serde_saphyr::options! {
        legacy_octal_numbers: true,   // `defaultMode: 0644` is 420, as Go reads it
        strict_booleans: true,        // `yes` and `on` stay strings
        underscored_numbers_as_strings: true,
        with_snippet: false,          // `report` draws its own
    }
}

fn place_of(location: Location) -> Place {
    let span = location.span();
    let start = size(span.byte_offset().unwrap_or(0));
    let length = size(span.byte_len().unwrap_or(0));
    let (line, column) = (size(location.line()), size(location.column()));
    Place { line, column, start, end: start + length.max(1) }
}

/// A text that does not fit into memory has no places.
fn size(count: u64) -> usize {
    usize::try_from(count).unwrap_or_default()
}

/// The place of a syntax error, which the YAML crate gives by line and column only.
fn place_in(text: &str, location: Location) -> Place {
    let (line, column) = (size(location.line()), size(location.column()));
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let inside = text[before..].char_indices().nth(column.saturating_sub(1)).map_or(0, |(offset, _)| offset);
    let start = before + inside;
    let width = text[start..].chars().next().map_or(0, char::len_utf8);
    Place { line, column, start, end: start + width }
}

/// The value as the YAML crate gives it; turned into [`Node`] or [`Value`].
struct Raw(Spanned<RawData>);

enum RawData {
    Scalar(Value),
    List(Vec<Raw>),
    Map(Vec<(Spanned<String>, Raw)>),
}

impl Raw {
    fn into_node(self) -> Node {
        let place = place_of(self.0.referenced);
        let written = place_of(self.0.defined);
        let data = match self.0.value {
            RawData::Scalar(Value::Bool(value)) => Data::Bool(value),
            RawData::Scalar(Value::Number(value)) => Data::Number(value),
            RawData::Scalar(Value::String(value)) => Data::Text(value),
            RawData::Scalar(_) => Data::Null,
            RawData::List(items) => Data::List(items.into_iter().map(Raw::into_node).collect()),
            RawData::Map(entries) => Data::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (Key { place: place_of(key.referenced), text: key.value }, value.into_node()))
                    .collect(),
            ),
        };
        Node { place, alias: (written.start != place.start).then_some(written), data }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Raw)
    }
}

impl<'de> Deserialize<'de> for RawData {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawData;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<RawData, E> {
        Ok(RawData::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<RawData, E> {
        Ok(RawData::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<RawData, E> {
        Ok(RawData::Scalar(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<RawData, E> {
        Ok(RawData::Scalar(number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<RawData, E> {
        Ok(RawData::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<RawData, E> {
        Ok(RawData::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<RawData, E> {
        Ok(RawData::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<RawData, D::Error> {
        RawData::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawData, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(RawData::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawData, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(RawData::Map(entries))
    }
}

/// A JSON value whose integral floats are integers, read without places.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self(integral(value))).map_err(de::Error::custom)
    }
}

fn integral(value: Value) -> Value {
    match value {
        Value::Number(ref it) if it.is_f64() => number(it.as_f64().unwrap_or_default()),
        Value::Array(items) => items.into_iter().map(integral).collect(),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key, integral(value))).collect(),
        other => other,
    }
}

/// `1e3` is 1000 for Go's reader, so it is for ours.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: every integer below it is exact in a double
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "the bound above makes it exact")]
        return Value::from(value as i64);
    }
    Value::from(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_keys_know_their_place() {
        let document = parse("x.yaml", "a: 1\nb:\n  - yes\n  - c: 0644\n").expect("valid");
        let Data::Map(entries) = &document.root.data else { panic!("a mapping") };
        assert_eq!((entries[1].0.place.line, entries[1].0.place.column), (2, 1));
        let Data::List(items) = &entries[1].1.data else { panic!("a list") };
        assert!(matches!(&items[0].data, Data::Text(text) if text == "yes"));
        assert_eq!((items[0].place.line, items[0].place.column), (3, 5));
        let Data::Map(inner) = &items[1].data else { panic!("a mapping") };
        assert!(matches!(&inner[0].1.data, Data::Number(number) if number.as_i64() == Some(420)));
    }

    #[test]
    fn a_value_that_stands_elsewhere_says_so() {
        let document = parse("x.yaml", "a: &a\n  b: 1\nc: *a\nd:\n  <<: *a\n").expect("valid");
        let at = |path: &str| document.root.nearest(path);
        let lines = |node: &Node| (node.place.line, node.alias.map(|place| place.line));
        assert_eq!([lines(at("a")), lines(at("c")), lines(at("d.b"))], [(2, None), (3, Some(2)), (5, Some(2))]);
    }

    #[test]
    fn a_path_leads_to_its_node_or_as_near_as_there_is() {
        let document = parse("x.yaml", "a:\n  b.c: [1, {d: 2}]\n").expect("valid");
        let at = |path: &str| document.root.nearest(path).place.column;
        assert_eq!((at("a.b.c[1].d"), at("a.b.c[1].e"), at("a.b.c[7]"), at("x"), at("")), (16, 12, 8, 1, 1));
    }

    #[test]
    fn a_syntax_error_has_a_place() {
        let error = parse("x.yaml", "a: [1, 2\nb: 3\n").expect_err("invalid");
        assert!(error.place.is_some(), "{error:?}");
    }

    #[test]
    fn a_duplicate_key_is_an_error() {
        assert!(parse("x.yaml", "a: 1\na: 2\n").is_err());
    }

    #[test]
    fn what_yaml_would_retype_is_quoted_on_output() {
        let value = serde_json::json!({"a": "yes", "b": "0644", "c": "1_000", "d": "2001-01-01", "e": ""});
        let text = print(&value);
        // Our own reader is strict about them; Go's is not, so the quotes themselves are what matters.
        for quoted in ["yes", "0644", "1_000", "2001-01-01"] {
            assert!(
                text.contains(&format!("\"{quoted}\"")) || text.contains(&format!("'{quoted}'")),
                "{quoted}: {text}"
            );
        }
        assert_eq!(manifests("x", &text).expect("valid"), [value], "{text}");
    }
}
