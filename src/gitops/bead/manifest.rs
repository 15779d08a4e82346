//! One manifest: whether a file is one, and its object with the values of parameters in it.

use serde_json::Value;

use super::fill::{fill, no_parameter};
use super::parameters::Values;
use super::text_fields::is_text;
use crate::report::Diagnostic;
use crate::spec::yaml::{Data, Document, Key, Node};
use crate::spec::{plain, scalar_text};

/// What a file in a folder of manifests is.
pub enum Form {
    /// A manifest.
    Manifest,
    /// None.
    Other,
    /// What another tool would make manifests of: what it is, and what to do.
    Misplaced(&'static str, &'static str),
}

impl Form {
    /// By its path in the folder. What has another ending Argo CD does not read either (argo-cd
    /// `reposerver/repository`, `manifestFile`: by case, and `.jsonnet` besides).
    pub fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_hidden = path.split('/').any(|part| part.starts_with('.'));
        match name {
            _ if is_hidden => Self::Other,
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => Self::Misplaced(
                "a kustomization, which is not built here",
                "put what `kustomize build` prints into the folder, and the kustomization elsewhere",
            ),
            "Chart.yaml" => Self::Misplaced(
                "a chart, which is not rendered here",
                "name it in `spec.application.chart`, or put what `helm template` prints into the folder",
            ),
            _ if [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)) => Self::Manifest,
            _ => Self::Other,
        }
    }
}

/// The object of a document, on its way to be filled.
pub struct Object<'d> {
    document: &'d Document,
    values: &'d Values,
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
        let text = |name: &str| match &document.root.nearest(name).data {
            Data::Text(text) => text.as_str(),
            _ => "",
        };
        let group = text("apiVersion").rsplit_once('/').map_or("", |(group, _)| group);
        let is_own = !group.contains('.') || group.ends_with(".k8s.io");
        let kind = text("kind");
        Self { document, values, kind, is_own, path: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() }
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
                Ok(value) if is_text(self.kind, self.is_own, &self.path) => scalar_text(&value).into(),
                Ok(value) => value,
                Err(message) => {
                    self.mistakes.push(Diagnostic::error("", message).at(&self.document.source, node.place));
                    Value::Null
                }
            },
            Data::Bool(_) | Data::Number(_) => {
                self.no_text(node);
                plain(node)
            }
            Data::Null => Value::Null,
        }
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
        let path = self.path.join(".").replace(".[]", "[]");
        let message = format!("`{path}` is a text, and `{}` is none to Kubernetes", node.written(source));
        self.mistakes.push(Diagnostic::error("", message).at(source, node.place).hint("put it in quotes"));
    }
}
