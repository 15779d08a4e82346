//! What stands in other files: `{$text: ./openapi.yaml}`, `{$json: …}`, `{$yaml: …}`.
//!
//! Source: `PlaceholderProcessor` of `@backstage/plugin-catalog-backend` 4.0.5.

use std::sync::Arc;

use serde_json::Value;

use super::form::{Mistakes, entries, is_left_to_a_resolver, not_looked_at};
use super::target::{Target, lead};
use crate::files::Tree;
use crate::report::Diagnostic;
use crate::yaml::{self, Data, Document, Key, Node, Reader};

/// The entity with the contents of the files that it names in their places. What another resolver or another address
/// would give stays as it is.
pub fn filled(document: &Document, file: &str, files: &Tree, all: &mut Mistakes) -> Document {
    let root = node(&document.root, "", &Folder { file, files }, all);
    Document { source: Arc::clone(&document.source), root }
}

struct Folder<'a> {
    file: &'a str,
    files: &'a Tree,
}

fn node(here: &Node, path: &str, folder: &Folder<'_>, all: &mut Mistakes) -> Node {
    if is_left_to_a_resolver(here) {
        let (key, value) = &entries(here).unwrap_or_default()[0];
        return placeholder(key, value, path, folder, all)
            .map_or_else(|| here.clone(), |data| Node { place: here.place, alias: here.alias, data });
    }
    let data = match &here.data {
        Data::List(items) => {
            let items = items.iter().enumerate();
            Data::List(items.map(|(index, item)| node(item, &format!("{path}[{index}]"), folder, all)).collect())
        }
        // With a `$` among several keys it is no placeholder, and nothing inside is one.
        Data::Map(pairs) if !pairs.iter().any(|(key, _)| key.text.starts_with('$')) => {
            let dot = if path.is_empty() { "" } else { "." };
            let below = |(key, value): &(Key, Node)| {
                (key.clone(), node(value, &format!("{path}{dot}{}", key.text), folder, all))
            };
            Data::Map(pairs.iter().map(below).collect())
        }
        other => other.clone(),
    };
    Node { place: here.place, alias: here.alias, data }
}

/// What a placeholder stands for, as far as it is known; what is left to others is told.
fn placeholder(key: &Key, value: &Node, path: &str, folder: &Folder<'_>, all: &mut Mistakes) -> Option<Data> {
    let path = format!("{path}.{}", key.text);
    if !["$text", "$json", "$yaml"].contains(&key.text.as_str()) {
        let message =
            format!("what `{}` stands for was not looked at: Backstage by itself has no such resolver", key.text);
        all.warn(key.place, Diagnostic::warning(&path, message));
        return None;
    }
    let Data::Text(written) = &value.data else {
        all.expected(value, &path, "the address of a file");
        return None;
    };
    let file = match lead(folder.file, written) {
        Target::File(file) => file,
        Target::Outside => {
            all.say(value, &path, format!("`{written}` leads out of the folder of entities"));
            return None;
        }
        _ => {
            all.warn(value.place, not_looked_at(&path, written));
            return None;
        }
    };
    let Some(bytes) = folder.files.get(&file) else {
        all.say(value, &path, format!("`{written}` is not there: no file {file} in the folder of entities"));
        return None;
    };
    let text = String::from_utf8_lossy(bytes);
    match key.text.as_str() {
        "$text" => Some(Data::Text(text.into_owned())),
        "$json" => match serde_json::from_str(&text) {
            Ok(json) => Some(placed(json, value).data),
            Err(error) => {
                all.say(value, &path, format!("{file} is no JSON: {error}"));
                None
            }
        },
        _ => match yaml::documents(&file, &text, Reader::Backstage) {
            Ok(documents) if documents.len() == 1 => documents.into_iter().next().map(|one| one.root.data),
            Ok(documents) => {
                all.say(value, &path, format!("{file} has {} documents, and `$yaml` takes one", documents.len()));
                None
            }
            Err(mistake) => {
                all.found.push(*mistake);
                None
            }
        },
    }
}

/// A value at the place of the placeholder.
fn placed(json: Value, at: &Node) -> Node {
    let data = match json {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(value),
        Value::Number(value) => Data::Number(value),
        Value::String(value) => Data::Text(value),
        Value::Array(items) => Data::List(items.into_iter().map(|item| placed(item, at)).collect()),
        Value::Object(map) => {
            let key = |text| Key { text, place: at.place };
            Data::Map(map.into_iter().map(|(name, value)| (key(name), placed(value, at))).collect())
        }
    };
    Node { place: at.place, alias: at.alias, data }
}
