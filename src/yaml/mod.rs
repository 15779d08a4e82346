//! YAML in and out: the only room that names the YAML crates.
//!
//! The crate parses; what a scalar is, what `<<` means and what is refused is decided here, by the rules of the program
//! that reads the same text next ([`Reader`]). [`parse`] and [`documents`] keep the place of every key and value, for
//! what people write; [`manifests`] gives plain JSON values.

mod aliases;
mod blanks;
mod bounds;
mod core;
mod edit;
mod events;
mod go;
mod mended;
mod number;
mod plain;
mod print;
mod refusal;
mod scalar;
mod strict;
mod syntax;
mod timestamp;
mod tree;

use std::sync::Arc;

use serde_json::{Number, Value};

use events::Events;
use mended::Mended;

use crate::report::{Diagnostic, Failure, Outcome, Place, Source};

pub use edit::{Edit, changed};
pub(super) use go::old_bool;
pub use print::print;

/// Whose rules a text is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// kubectl, Helm and Argo CD: `sigs.k8s.io/yaml`, which is go-yaml v2 and JSON behind it.
    Kubernetes,
    /// Porter: go-yaml v3.
    Porter,
    /// Backstage's catalog: `yaml` of npm, YAML 1.2.
    Backstage,
}

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
    /// `true` or `false`, and what else its reader takes for them.
    Bool(bool),
    /// A number; integral floats are integers.
    Number(Number),
    /// A string.
    Text(String),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order of the text, without keys that occur twice.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping with its place.
#[derive(Debug, Clone)]
pub struct Key {
    /// The key.
    pub text: String,
    /// Where it stands; of one that came by `<<`, where that is.
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

    /// The characters of a scalar as they are written: `1.10`, which is the number 1.1.
    #[must_use]
    pub fn written<'s>(&self, source: &'s Source) -> &'s str {
        let place = self.alias.unwrap_or(self.place);
        source.text.get(place.start..place.end).unwrap_or_default()
    }

    /// The characters of a word like `yes`, `y` or `1_000`, which Go's reader takes for a boolean or a number, and YAML
    /// 1.2 for a text.
    #[must_use]
    pub fn word<'s>(&self, source: &'s Source) -> Option<&'s str> {
        let is_taken = matches!(self.data, Data::Bool(_) | Data::Number(_));
        let is_plain = |written: &&str| !written.starts_with(['"', '\'']) && core::plain(written) == plain::Plain::Text;
        Some(self.written(source)).filter(|_| is_taken).filter(is_plain)
    }

    fn into_value(self) -> Value {
        match self.data {
            Data::Null => Value::Null,
            Data::Bool(value) => Value::Bool(value),
            Data::Number(value) => Value::Number(value),
            Data::Text(value) => Value::String(value),
            Data::List(items) => items.into_iter().map(Self::into_value).collect(),
            Data::Map(entries) => entries.into_iter().map(|(key, value)| (key.text, value.into_value())).collect(),
        }
    }
}

/// Reads the one document of a text with the place of every value. The error is one mistake, with its place.
pub fn parse(name: &str, text: &str, reader: Reader) -> Result<Document, Box<Diagnostic>> {
    let mut all = read(name, text, reader, Count::One, document)?;
    Ok(all.remove(0))
}

/// Reads all documents of a text with the place of every value. Empty ones are null.
pub fn documents(name: &str, text: &str, reader: Reader) -> Result<Vec<Document>, Box<Diagnostic>> {
    read(name, text, reader, Count::Any, document)
}

/// Reads all documents of a manifest as JSON values, as kubectl and Argo CD do; empty documents are left out.
pub fn manifests(name: &str, text: &str) -> Outcome<Vec<Value>> {
    // Values with their places take several times the memory of the text, so there are those of one document at a time.
    let value = |_: &Arc<Source>, root: Node| root.into_value();
    let all = read(name, text, Reader::Kubernetes, Count::Any, value).map_err(|mistake| {
        let at = mistake.place.map(|place| format!(" at line {}, column {}", place.line, place.column));
        Failure::usage(format!("{name}: {}{}", mistake.message, at.unwrap_or_default()))
    })?;
    Ok(all.into_iter().filter(|value| !value.is_null()).collect())
}

fn document(source: &Arc<Source>, root: Node) -> Document {
    Document { source: Arc::clone(source), root }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    One,
    Any,
}

/// Reads the documents of a text, and makes something of each.
fn read<T>(
    name: &str,
    text: &str,
    reader: Reader,
    count: Count,
    of: impl Fn(&Arc<Source>, Node) -> T,
) -> Result<Vec<T>, Box<Diagnostic>> {
    bounds::check(name, text, reader)?;
    let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
    let mut mended = Mended::of(&source.text);
    loop {
        let mut events = Events::of(&source, &mended, reader);
        let found = read_events(&source, &mut events, reader, count, mended.is_lenient, &of);
        let slips = events.slips();
        if !mended.takes(&slips) {
            return match found {
                // The limit of what is read again is passed.
                Ok(_) if !slips.is_empty() => {
                    let place = Place { line: 1, column: 1, start: 0, end: 0 };
                    let message = "too many texts within brackets end in a `:`; put them in quotes";
                    Err(no_yaml(&source, place, message).into())
                }
                found => found,
            };
        }
    }
}

fn read_events<T>(
    source: &Arc<Source>,
    events: &mut Events<'_>,
    reader: Reader,
    count: Count,
    is_lenient: bool,
    of: &impl Fn(&Arc<Source>, Node) -> T,
) -> Result<Vec<T>, Box<Diagnostic>> {
    let mut budget = bounds::Budget::default();
    let mut found = Vec::new();
    while let Some(items) = events.next_document()? {
        refusal::check(source, &items, reader, is_lenient)?;
        if count == Count::One && !found.is_empty() {
            let mistake = no_yaml(source, items.place, "a second document begins here, and one is expected");
            return Err(mistake.hint("a file holds one document; write the other into a file of its own").into());
        }
        let root = tree::build(source, &items, reader, &mut budget)?;
        drop(items);
        found.push(of(source, root));
    }
    if count == Count::One && found.is_empty() {
        let place = Place { line: 1, column: 1, start: 0, end: 0 };
        found.push(of(source, Node { place, alias: None, data: Data::Null }));
    }
    Ok(found)
}

/// Whether a text without quotes is a text to Go's readers, whichever of them.
#[must_use]
pub fn is_text_to_go(text: &str) -> bool {
    go::plain(Reader::Porter, text) == plain::Plain::Text && old_bool(text).is_none()
}

fn no_yaml(source: &Arc<Source>, place: Place, message: impl AsRef<str>) -> Diagnostic {
    Diagnostic::error("", format!("not valid YAML: {}", message.as_ref())).at(source, place)
}
