//! One object of a claims repository.

use std::sync::Arc;

use serde_json::Value;

use crate::object::str_at;
use crate::report::{Diagnostic, Place, Source};
use crate::schema::plain;
use crate::yaml::Node;

/// One object that people order, and where they have written it.
#[derive(Debug, Clone)]
pub struct Order {
    /// The object.
    pub object: Value,
    /// The file.
    pub source: Arc<Source>,
    root: Node,
}

impl Order {
    /// The object of a node.
    pub(super) fn of(source: &Arc<Source>, root: Node) -> Self {
        Self { object: plain(&root), source: Arc::clone(source), root }
    }

    /// The value as it is written.
    pub(super) fn root(&self) -> &Node {
        &self.root
    }

    /// The value at a dotted path of plain keys.
    pub(super) fn at(&self, path: &str) -> Option<&Node> {
        path.split('.').try_fold(&self.root, |node, name| node.get(name))
    }

    /// The place of the value at a path, or as near as there is.
    #[must_use]
    pub fn place_of(&self, path: &str) -> Place {
        self.root.nearest(path).place
    }

    /// A mistake about the value at a path.
    #[must_use]
    pub fn mistake(&self, path: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(path, message).at(&self.source, self.place_of(path))
    }

    /// The text at a pointer, or the empty one.
    pub(super) fn text(&self, pointer: &str) -> &str {
        str_at(&self.object, pointer)
    }

    /// Its kind with its group and version, as Kubernetes' tools write it.
    #[must_use]
    pub fn group_version_kind(&self) -> String {
        format!("{}, Kind={}", self.text("/apiVersion"), self.text("/kind"))
    }
}
