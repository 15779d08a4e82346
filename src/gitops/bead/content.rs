//! What a bead brings: the manifests of its folders, with the values of its parameters in them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::gitops::tree::Tree;
use crate::object::{self, str_at};
use crate::report::{Diagnostic, Failure, Outcome, Place, Source};
use crate::spec::yaml::{self, Data, Node, Reader};
use crate::spec::{Bead, plain, scalar_text};

/// What opens a parameter in a manifest. Any other `${` is the manifest's own.
const OPEN: &str = "${ parameters.";

/// The values of a bead's parameters by name.
pub type Values = BTreeMap<String, Value>;

/// One object of a bead, and where its author wrote it.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The object, parameters filled in.
    pub object: Value,
    /// The file.
    pub source: Arc<Source>,
    /// The place of the object in the file.
    pub place: Place,
}

impl Piece {
    /// An object that no author wrote.
    pub(super) fn rendered(object: Value) -> Self {
        let source = Source { name: "bead.yaml".to_owned(), text: String::new() };
        Self { object, source: Arc::new(source), place: Place { line: 1, column: 1, start: 0, end: 0 } }
    }

    /// The place of the value at a dotted path, or as near as there is.
    pub(super) fn place_of(&self, path: &str) -> Place {
        let documents = yaml::documents(&self.source.name, &self.source.text, Reader::Kubernetes).unwrap_or_default();
        let document = documents.iter().find(|it| it.root.place == self.place);
        document.map_or(self.place, |it| it.root.nearest(path).place)
    }

    /// A mistake about the object, at its place.
    #[must_use]
    pub fn mistake(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error("", message).at(&self.source, self.place)
    }

    /// The string at a pointer, or the empty string.
    #[must_use]
    pub fn text(&self, pointer: &str) -> &str {
        str_at(&self.object, pointer)
    }

    /// The group of its kind; empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        object::group(&self.object)
    }

    /// Kind and name, for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", object::kind(&self.object), object::name(&self.object))
    }
}

/// The values with which a bead is rendered: those given, else the defaults. All mistakes at once.
pub fn values(bead: &Bead, given: &Values) -> Outcome<Values> {
    let known: Vec<&str> = bead.spec.parameters.iter().map(|it| it.name.as_str()).collect();
    let mut mistakes: Vec<String> = given
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
        .map(|name| format!("the bead has no parameter `{name}`; it has: {}", known.join(", ")))
        .collect();
    let mut values = Values::new();
    for parameter in &bead.spec.parameters {
        let name = &parameter.name;
        match given.get(name).filter(|value| !value.is_null()).or(parameter.shape.default.as_ref()) {
            None => mistakes.push(format!("`{name}` is required and has no default")),
            Some(value) => match retyped(parameter.shape.kind(), value) {
                value if parameter.shape.check(name, &value).is_ok() => _ = values.insert(name.clone(), value),
                value => mistakes.extend(parameter.shape.check(name, &value).err()),
            },
        }
    }
    if mistakes.is_empty() {
        return Ok(values);
    }
    Err(Failure::usage(format!("the parameters do not fit bead {}; nothing was changed", bead.metadata.name))
        .details(mistakes))
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

/// The objects in the YAML files of a folder, with all parameters filled in. Fails with every mistake, each with its
/// place. `files` are those of the bundle.
pub fn pieces(files: &Tree, folder: &str, values: &Values) -> Outcome<Vec<Piece>> {
    let below = format!("{}/", folder.trim_start_matches("./").trim_end_matches('/'));
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    for (path, _) in files.iter().filter(|(path, _)| path.starts_with(&below)) {
        if !is_yaml(path) {
            continue;
        }
        match yaml::documents(path, files.text(path)?, Reader::Kubernetes) {
            Ok(documents) => {
                for document in documents {
                    piece(&document, values, &mut found, &mut mistakes);
                }
            }
            Err(mistake) => mistakes.push(*mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(Failure::document(&below, mistakes));
    }
    if found.is_empty() {
        return Err(Failure::usage(format!("the folder {below} of the bundle has no manifest"))
            .hint("put *.yaml files with Kubernetes objects there"));
    }
    Ok(found)
}

fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|end| end == "yaml" || end == "yml")
}

fn piece(document: &yaml::Document, values: &Values, found: &mut Vec<Piece>, mistakes: &mut Vec<Diagnostic>) {
    let node = &document.root;
    if matches!(node.data, Data::Null) {
        return;
    }
    let before = mistakes.len();
    let object = filled(document, node, values, mistakes);
    let piece = Piece { object, source: Arc::clone(&document.source), place: node.place };
    if piece.object.get("items").is_some_and(Value::is_array) {
        // Argo CD takes the items out of any object, whatever its kind (argo-cd `reposerver/repository`).
        let hint = "write each of its objects as a document of its own, between lines of `---`";
        mistakes.push(piece.mistake("the content is a list, and permissions are those of single objects").hint(hint));
        return;
    }
    for field in ["/apiVersion", "/kind", "/metadata/name"] {
        if mistakes.len() == before && piece.text(field).is_empty() {
            mistakes.push(piece.mistake(format!("the object has no `{}`", field[1..].replace('/', "."))));
        }
    }
    found.push(piece);
}

fn filled(document: &yaml::Document, node: &Node, values: &Values, mistakes: &mut Vec<Diagnostic>) -> Value {
    match &node.data {
        Data::Text(text) if text.contains(OPEN) => fill(text, values).unwrap_or_else(|message| {
            mistakes.push(Diagnostic::error("", message).at(&document.source, node.place));
            Value::Null
        }),
        Data::List(items) => items.iter().map(|item| filled(document, item, values, mistakes)).collect(),
        Data::Map(entries) => {
            entries.iter().map(|(key, value)| (key.text.clone(), filled(document, value, values, mistakes))).collect()
        }
        _ => plain(node),
    }
}

/// Fills parameters into every string of a value (Helm values).
pub fn fill_value(value: &Value, values: &Values) -> Result<Value, String> {
    match value {
        Value::String(text) => fill(text, values),
        Value::Array(items) => items.iter().map(|item| fill_value(item, values)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| Ok((key.clone(), fill_value(value, values)?))).collect(),
        other => Ok(other.clone()),
    }
}

/// Fills parameters into a text that stays one.
pub fn fill_text(text: &str, values: &Values) -> Result<String, String> {
    fill(text, values).map(|value| scalar_text(&value))
}

/// A text that is one parameter takes its type; a parameter inside a text becomes part of it.
fn fill(text: &str, values: &Values) -> Result<Value, String> {
    let value_of = |name: &str| {
        values.get(name).ok_or_else(|| {
            let known: Vec<&str> = values.keys().map(String::as_str).collect();
            format!("the bead has no parameter `{name}`; it has: {}", known.join(", "))
        })
    };
    let whole = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix('}')).filter(|name| !name.contains('}'));
    if let Some(name) = whole {
        return value_of(name.trim()).cloned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(OPEN) {
        let (name, after) =
            behind.split_once('}').ok_or_else(|| format!("`{OPEN}` is opened and never closed by `}}`"))?;
        out.push_str(before);
        out.push_str(&scalar_text(value_of(name.trim())?));
        rest = after;
    }
    out.push_str(rest);
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn values_of(value: &Value) -> Values {
        serde_json::from_value(value.clone()).expect("values")
    }

    #[test]
    fn a_parameter_keeps_its_type_unless_it_is_part_of_a_text() {
        let values = values_of(&json!({"size": 3, "name": "a"}));
        assert_eq!(fill("${ parameters.size }", &values), Ok(json!(3)));
        assert_eq!(fill("x-${ parameters.name }-${ parameters.size }", &values), Ok(json!("x-a-3")));
        assert_eq!(fill("${HOME} ${{ parameters.name }}", &values), Ok(json!("${HOME} ${{ parameters.name }}")));
        assert!(fill("${ parameters.nam }", &values).expect_err("unknown").contains("it has: name, size"));
    }

    #[test]
    fn mistakes_in_manifests_have_their_place() {
        let mut files = Tree::default();
        files
            .insert(
                "app/a.yaml",
                "kind: A\napiVersion: v1\nmetadata: {name: a}\n---\nkind: B\nspec: \"${ parameters.x }\"\n",
            )
            .expect("free");
        let failure = pieces(&files, "app", &Values::new()).expect_err("mistakes");
        let said: Vec<String> = failure.diagnostics.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["app/a.yaml:6:7: the bead has no parameter `x`; it has: "]);
        assert!(pieces(&files, "./other/", &Values::new()).expect_err("empty").message.contains("no manifest"));
    }
}
