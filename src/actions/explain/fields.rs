//! Fields by their path: `bead.application.chart`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::action;
use super::shape::Field;
use crate::document::scalar_text;
use crate::porter::schema::{BEAD_SCHEMA, HUB_SCHEMA, LOCK_SCHEMA, step_schema};
use crate::report::{Failure, Outcome};
use crate::schema::closest;

/// How deep a list of all fields goes.
const DEEPEST: usize = 12;
/// The key of a document below which most of it is; a path may leave it out.
const SPEC: &str = "spec";

/// What people write, by the word that a path begins with.
pub struct Document {
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    schema: Option<&'static str>,
}

pub const DOCUMENTS: [Document; 4] = [
    Document { name: "hub", about: "hub.yaml: what a hub is made of", schema: Some(HUB_SCHEMA) },
    Document { name: "bead", about: "bead.yaml: what a bead is made of", schema: Some(BEAD_SCHEMA) },
    Document { name: "lock", about: "lock.yaml: what is pinned", schema: Some(LOCK_SCHEMA) },
    Document { name: "step", about: "what stands under `backstack:` in porter.yaml; step.ACTION too", schema: None },
];

impl Document {
    /// The document that a path is in.
    pub fn of(path: &str) -> Option<Self> {
        let word = path.split(['.', '[']).next().unwrap_or(path);
        DOCUMENTS.into_iter().find(|it| it.name == word)
    }

    /// Its schema.
    pub fn schema(&self) -> Outcome<Value> {
        match self.schema {
            Some(text) => serde_json::from_str(text).map_err(|error| Failure::failed(error.to_string())),
            None => Ok(step_schema()),
        }
    }
}

/// How a path may go on that ends with `.`, each with what it means. What has fields below ends with `.` again.
pub fn continued(path: &str) -> Vec<(String, String)> {
    let Some(document) = Document::of(path) else { return Vec::new() };
    let Ok(schema) = document.schema() else { return Vec::new() };
    let mut keys = keys_of(path);
    take_action(&document, &mut keys);
    let root = Field::root(&schema);
    let Ok((field, _)) = find(&document, root, &keys) else { return Vec::new() };
    let mut below = field.fields();
    if keys.is_empty() {
        below.extend(field_of(root, SPEC).map(Field::fields).unwrap_or_default()); // a path may leave it out
    }
    let offered = below.into_iter().map(|(name, field)| {
        let dot = if field.fields().is_empty() { "" } else { "." };
        (format!("{path}{name}{dot}"), first_sentence(field))
    });
    offered.collect()
}

/// Every field of every document by its path, with what it means.
pub fn all() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for document in DOCUMENTS {
        if let Ok(schema) = document.schema() {
            below(document.name, Field::root(&schema), 1, &mut found);
        }
    }
    let mut known = BTreeSet::new();
    found.retain(|(path, _)| known.insert(path.clone())); // a field may have several shapes
    found
}

fn below(path: &str, field: Field<'_>, depth: usize, found: &mut Vec<(String, String)>) {
    if depth > DEEPEST {
        return;
    }
    for (name, field) in field.fields() {
        // A path may leave it out, and is shorter without.
        let path = if depth == 1 && name == SPEC { path.to_owned() } else { format!("{path}.{name}") };
        if depth > 1 || name != SPEC {
            found.push((path.clone(), first_sentence(field)));
        }
        below(&path, field, depth + 1, found);
        if let Some(entry) = field.entry() {
            below(&format!("{path}.KEY"), entry, depth + 2, found);
        }
    }
}

fn first_sentence(field: Field<'_>) -> String {
    let meaning = one_line(field.meaning());
    meaning.split_once(". ").map_or(meaning.as_str(), |(first, _)| first).trim_end_matches('.').to_owned()
}

/// What a path means, and which fields are below.
pub fn explain(document: &Document, path: &str, recursive: bool) -> Outcome<String> {
    let schema = document.schema()?;
    let mut keys = keys_of(path);
    let mut out = String::new();
    if let Some(action) = take_action(document, &mut keys) {
        write(&mut out, format_args!("a step of {action}:\n{}\n", action::told(&action::named(&action))));
    }
    let (field, whole) = find(document, Field::root(&schema), &keys)?;
    write(&mut out, format_args!("{}\n", title(document, field, &whole)));
    write(&mut out, format_args!("\n{}\n", field.meaning()));
    let words = field.words();
    if !words.is_empty() {
        out.push_str("\nit takes:\n");
        for (word, meaning) in words {
            write(&mut out, format_args!("  {}\n", format!("{word:<12} {}", one_line(meaning)).trim_end()));
        }
    }
    let below = field.fields();
    if below.is_empty() {
        return Ok(out);
    }
    out.push_str("\nfields:\n");
    if recursive {
        tree(&mut out, field, 1);
    } else {
        for (name, field) in below {
            write(&mut out, format_args!("  {name}  ({})\n{}\n", kind(field), indented(field.meaning())));
        }
    }
    Ok(out)
}

/// The action that a path of steps may begin with, taken out of its keys.
fn take_action(document: &Document, keys: &mut Vec<String>) -> Option<String> {
    let action = keys.first().filter(|_| document.schema.is_none())?;
    (!action::named(action).is_empty()).then(|| keys.remove(0))
}

/// `bead.yaml: spec.application.chart  (object, optional)`
fn title(document: &Document, field: Field<'_>, keys: &[String]) -> String {
    let file = if document.schema.is_some() { format!("{}.yaml", document.name) } else { "backstack".to_owned() };
    match keys {
        [] => format!("{file}  (object)"),
        keys => format!("{file}: {}  ({})", keys.join("."), kind(field)),
    }
}

fn kind(field: Field<'_>) -> String {
    let needed = match field.default() {
        _ if field.is_required => "required".to_owned(),
        Some(default) => format!("default {}", scalar_text(default)),
        None => "optional".to_owned(),
    };
    format!("{}, {needed}", field.kind())
}

/// The keys behind the name of the document, without the numbers of lists: errors have them.
fn keys_of(path: &str) -> Vec<String> {
    let keys = path.split('.').skip(1).map(|key| key.split('[').next().unwrap_or(key));
    keys.filter(|key| !key.is_empty()).map(str::to_owned).collect()
}

/// The field of a path, and its whole path.
fn find<'s>(document: &Document, root: Field<'s>, keys: &[String]) -> Outcome<(Field<'s>, Vec<String>)> {
    let (mut field, mut whole) = (root, Vec::new());
    for (index, key) in keys.iter().enumerate() {
        let below = field.fields();
        let named = |name: &str| below.iter().find(|(it, _)| *it == name).map(|(_, field)| *field);
        let in_spec = || named(SPEC).filter(|_| index == 0).map(|spec| (spec, field_of(spec, key)));
        if let Some(next) = named(key) {
            field = next;
        } else if let Some((_, Some(next))) = in_spec() {
            whole.push(SPEC.to_owned());
            field = next;
        } else if let Some(next) = field.entry() {
            field = next;
        } else {
            let spec = in_spec().map(|(spec, _)| spec.fields()).unwrap_or_default();
            let known: Vec<&str> = below.iter().chain(&spec).map(|(name, _)| *name).collect();
            return Err(unknown(document, &whole, key, &known));
        }
        whole.push(key.clone());
    }
    Ok((field, whole))
}

fn field_of<'s>(field: Field<'s>, key: &str) -> Option<Field<'s>> {
    field.fields().into_iter().find(|(name, _)| *name == key).map(|(_, field)| field)
}

fn unknown(document: &Document, whole: &[String], key: &str, known: &[&str]) -> Failure {
    let place = [&[document.name.to_owned()], whole].concat().join(".");
    let failure = Failure::usage(format!("`{place}` has no field `{key}`"));
    match (closest(key, known), known) {
        (Some(best), _) => failure.hint(format!("did you mean `{place}.{best}`?")),
        (None, []) => failure.hint(format!("`{place}` has no fields: it is a value")),
        (None, known) => failure.hint(format!("it has: {}", known.join(", "))),
    }
}

/// Every field below, one a line.
fn tree(out: &mut String, field: Field<'_>, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    for (name, below) in field.fields() {
        write(out, format_args!("{}{name}  ({})\n", "  ".repeat(depth), kind(below)));
        tree(out, below, depth + 1);
        if let Some(entry) = below.entry().filter(|entry| !entry.fields().is_empty()) {
            write(out, format_args!("{}KEY\n", "  ".repeat(depth + 1)));
            tree(out, entry, depth + 2);
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("      {line}")).collect::<Vec<_>>().join("\n")
}

fn write(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text); // to a string: it cannot fail
}
