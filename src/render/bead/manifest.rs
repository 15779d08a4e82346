//! One manifest: whether a file is one, and its object with the values of parameters in it.

use serde_json::Value;

use super::fill::{fill, names_in, no_parameter, other_notation};
use super::foreign::{RENDER_CHART, word_of_helm};
use super::parameters::Values;
use super::text_fields::{Wanted, is_text, wanted};
use crate::document::scalar_text;
use crate::report::Diagnostic;
use crate::schema::plain;
use crate::words::is_of_kubernetes;
use crate::yaml::{Data, Document, Key, Node};

/// What a file in a folder of manifests is.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// A manifest, or what another tool makes some of.
    Manifest,
    /// Hidden, or in a hidden folder.
    Hidden,
    /// None of these.
    Other,
}

impl Form {
    /// By its path in the folder. What has another ending Argo CD does not read either (argo-cd
    /// `reposerver/repository`, `manifestFile`: by case, and `.jsonnet` besides).
    pub fn of(path: &str) -> Self {
        match path.rsplit('/').next().unwrap_or(path) {
            _ if path.split('/').any(|part| part.starts_with('.')) => Self::Hidden,
            "Kustomization" => Self::Manifest,
            name if [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) => Self::Manifest,
            _ => Self::Other,
        }
    }
}

/// The text of a field of a document, or the empty one.
pub fn field<'d>(root: &'d Node, name: &str) -> &'d str {
    let Data::Map(entries) = &root.data else { return "" };
    match entries.iter().find(|(key, _)| key.text == name).map(|(_, value)| &value.data) {
        Some(Data::Text(text)) => text,
        _ => "",
    }
}

/// The object of a document, on its way to be filled.
pub struct Object<'d> {
    document: &'d Document,
    values: &'d Values,
    group: &'d str,
    kind: &'d str,
    /// Whether it is one of Kubernetes' own, so that its fields are known.
    is_own: bool,
    path: Vec<&'d str>,
    /// What is wrong.
    pub mistakes: Vec<Diagnostic>,
    /// What may not be meant.
    pub warnings: Vec<Diagnostic>,
}

impl<'d> Object<'d> {
    /// The object of a document.
    pub fn of(document: &'d Document, values: &'d Values) -> Self {
        let group = field(&document.root, "apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let is_own = is_of_kubernetes(group);
        let kind = field(&document.root, "kind");
        Self { document, values, group, kind, is_own, path: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() }
    }

    /// The value of a node below the path that is being walked.
    pub fn filled(&mut self, node: &'d Node) -> Value {
        match &node.data {
            Data::List(items) => {
                let mut below = |item| self.below("[]", item);
                items.iter().map(&mut below).collect()
            }
            Data::Map(entries) => entries
                .iter()
                .map(|(key, value)| {
                    self.key(key);
                    (key.text.clone(), self.below(&key.text, value))
                })
                .collect(),
            Data::Text(text) => match fill(text, self.values) {
                Ok(value) => {
                    self.of_others(text, node);
                    let is_filled = value != *text;
                    self.typed(value, is_filled, node)
                }
                Err(message) => {
                    self.mistakes.push(Diagnostic::error("", message).at(&self.document.source, node.place));
                    Value::Null
                }
            },
            Data::Bool(_) | Data::Number(_) => {
                self.no_text(node);
                self.typed(plain(node), false, node)
            }
            Data::Null => Value::Null,
        }
    }

    /// The value with the type that its field takes, as far as what is filled in can have it.
    fn typed(&mut self, value: Value, is_filled: bool, node: &Node) -> Value {
        if is_filled && is_text(self.kind, self.is_own, &self.path) {
            return scalar_text(&value).into();
        }
        let Some(wanted) = wanted(self.group, self.kind, &self.path) else { return value };
        let read = match (&value, wanted) {
            (Value::Number(_), Wanted::Number | Wanted::Port | Wanted::Share) | (Value::Bool(_), Wanted::Flag) => {
                return value;
            }
            (Value::String(text), Wanted::Port | Wanted::Share) if text.parse::<i64>().is_err() => return value,
            (Value::String(text), Wanted::Number | Wanted::Port | Wanted::Share) => {
                text.parse::<i64>().ok().map(Value::from)
            }
            (Value::String(text), Wanted::Flag) => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        match (read, is_filled) {
            (Some(read), true) => read,
            (None, true) => {
                self.wrong_value(wanted, node);
                value
            }
            (read, false) => {
                self.wrong_type(wanted, &value, read.is_some(), node);
                value
            }
        }
    }

    /// The value may be made up, and says little of the one that comes.
    fn wrong_value(&mut self, wanted: Wanted, node: &Node) {
        let Data::Text(text) = &node.data else { return };
        let (path, (what, kind)) = (self.dotted(), described(wanted));
        let names = names_in(text, self.values).join("`, `");
        let message = format!("`{path}` is {what}, and what `{names}` puts there is not to Kubernetes");
        let warning = Diagnostic::warning("", message).at(&self.document.source, node.place);
        self.warnings.push(warning.hint(format!("let the parameter be of the type `{kind}`")));
    }

    fn wrong_type(&mut self, wanted: Wanted, value: &Value, is_quoted: bool, node: &Node) {
        let (path, (what, _)) = (self.dotted(), described(wanted));
        let is_either = matches!(wanted, Wanted::Port | Wanted::Share);
        let (shown, not) = (scalar_text(value), if is_either { "neither" } else { "not" });
        let shown = if is_quoted && is_either { format!("\"{shown}\"") } else { shown };
        let message = format!("`{path}` is {what}, and `{shown}` is {not} to Kubernetes");
        let mistake = Diagnostic::error("", message).at(&self.document.source, node.place);
        self.mistakes.push(match word_of_helm(&shown) {
            Some(_) => {
                mistake.hint("a parameter is written `${ parameters.NAME }`; what is between `{{` and `}}` is for Helm")
            }
            None if is_quoted => mistake.hint("take it out of the quotes"),
            None => mistake,
        });
    }

    /// What others would fill in stays as it is. Files within a manifest may be for others.
    fn of_others(&mut self, text: &str, node: &Node) {
        if text.contains('\n') {
            return;
        }
        let mut warn = |message: String, hint: String| {
            self.warnings.push(Diagnostic::warning("", message).at(&self.document.source, node.place).hint(hint));
        };
        if let Some((word, name)) = other_notation(text, self.values) {
            warn(format!("`{word}` stays as it is"), format!("a parameter is written `${{ parameters.{name} }}`"));
        }
        if let Some(word) = word_of_helm(text) {
            let message = format!("`{word}` is for Helm, and no manifest is rendered by it: it stays as it is");
            warn(message, RENDER_CHART.to_owned());
        }
    }

    fn dotted(&self) -> String {
        self.path.join(".").replace(".[]", "[]")
    }

    fn below(&mut self, step: &'d str, node: &'d Node) -> Value {
        self.path.push(step);
        let value = self.filled(node);
        self.path.pop();
        value
    }

    /// A key such as `on` is `true` to Kubernetes, which nobody means.
    fn key(&mut self, key: &Key) {
        let source = &self.document.source;
        if let Err(message) = no_parameter(&key.text, self.values) {
            self.mistakes.push(Diagnostic::error("", message).at(source, key.place));
        }
        let written = source.text.get(key.place.start..key.place.end).unwrap_or_default();
        let is_word = ["true", "false"].contains(&key.text.as_str()) && !written.eq_ignore_ascii_case(&key.text);
        if is_word && written.chars().all(char::is_alphabetic) {
            let message = format!("the key `{written}` is `{}` to Kubernetes", key.text);
            self.warnings.push(Diagnostic::warning("", message).at(source, key.place).hint("put it in quotes"));
        }
    }

    /// What is no text where Kubernetes takes nothing else.
    fn no_text(&mut self, node: &Node) {
        let is_known = self.is_own || self.path.first() == Some(&"metadata");
        if !is_known || !is_text(self.kind, self.is_own, &self.path) {
            return;
        }
        let source = &self.document.source;
        let path = self.dotted();
        let message = format!("`{path}` is a text, and `{}` is none to Kubernetes", node.written(source));
        self.mistakes.push(Diagnostic::error("", message).at(source, node.place).hint("put it in quotes"));
    }
}

/// What a field takes, and the type of a parameter that is such.
fn described(wanted: Wanted) -> (&'static str, &'static str) {
    match wanted {
        Wanted::Number => ("a whole number", "integer"),
        Wanted::Flag => ("true or false", "boolean"),
        Wanted::Port => ("the number of a port, or its name", "integer"),
        Wanted::Share => ("a whole number, or a share such as `25%`", "integer"),
    }
}
