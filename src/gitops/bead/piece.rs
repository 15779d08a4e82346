//! One object of a bead, on its way into the hub repository.

use std::sync::Arc;

use serde_json::Value;

use crate::object::{self, kind, name, str_at};
use crate::report::{Diagnostic, Place, Source};
use crate::spec::is_dns_label;
use crate::spec::labels::is_subdomain;
use crate::spec::yaml::Node;

/// Where a file begins.
pub(super) const START: Place = Place { line: 1, column: 1, start: 0, end: 0 };

/// One object of a bead, and where its author wrote it.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The object, parameters filled in.
    pub object: Value,
    /// The file.
    pub source: Arc<Source>,
    /// The place of the object in the file.
    pub place: Place,
    /// The object as it is written; none of one that no author wrote.
    pub(super) written: Option<Arc<Node>>,
}

impl Piece {
    /// An object that no author wrote.
    pub(super) fn rendered(object: Value) -> Self {
        let source = Source { name: "bead.yaml".to_owned(), text: String::new() };
        Self::of(object, Arc::new(source), START)
    }

    /// An object of a text, of whose values no places are known.
    pub(super) fn of(object: Value, source: Arc<Source>, place: Place) -> Self {
        Self { object, source, place, written: None }
    }

    /// The place of the value at a dotted path, or as near as there is.
    pub(super) fn place_of(&self, path: &str) -> Place {
        self.written.as_ref().map_or(self.place, |it| it.nearest(path).place)
    }

    /// What keeps its name from being one: roles are named by any part of a path, everything else by a DNS name (Kubernetes
    /// documentation, "Object Names and IDs").
    pub(super) fn wrong_name(&self) -> Option<Diagnostic> {
        let name = self.text("/metadata/name");
        let (is_right, expected) = match (self.group(), self.text("/kind")) {
            (_, "IPAddress") => (true, ""),
            ("rbac.authorization.k8s.io", _) => {
                (![".", ".."].contains(&name) && !name.contains(['/', '%']), "anything without `/` and `%`")
            }
            ("", "Namespace" | "Service") => (is_dns_label(name), "lower-case letters, digits and `-`, at most 63"),
            _ => (
                is_subdomain(name),
                "lower-case letters, digits, `-` and `.`, with a letter or digit at both ends of each part",
            ),
        };
        let message = format!("`{name}` cannot be the name of an object of kind {}", self.text("/kind"));
        let mistake = Diagnostic::error("metadata.name", message);
        (!is_right).then(|| mistake.at(&self.source, self.place_of("metadata.name")).hint(expected))
    }

    /// Whether no author wrote it.
    pub(super) fn is_rendered(&self) -> bool {
        self.source.text.is_empty()
    }

    /// Its place, for people.
    pub(super) fn origin(&self) -> String {
        format!("{}:{}:{}", self.source.name, self.place.line, self.place.column)
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
        format!("{} {}", kind(&self.object), name(&self.object))
    }
}

/// One object a file. Objects of one kind and name in several namespaces are told apart by them.
pub(super) fn file_name(object: &Value) -> String {
    let namespace = str_at(object, "/metadata/namespace");
    let separator = if namespace.is_empty() { "" } else { "." };
    let file_of = name(object).replace(':', "_");
    format!("{}-{file_of}{separator}{namespace}.yaml", kind(object).to_lowercase())
}
