//! A file that names what is pinned, as it is written.

use crate::yaml::{Document, Node};

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `lock.yaml`.
    Lock,
    /// A Hub document.
    Hub,
    /// A Bead document.
    Bead,
    /// `porter.yaml`.
    Porter,
    /// A manifest, in a file that a document names.
    Manifest,
}

/// A document of the folder.
#[derive(Debug)]
pub struct TextFile {
    /// Its name in the folder.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// What is in it.
    pub document: Document,
}

impl TextFile {
    /// What brings charts: the components of a hub, the applications of a bead.
    pub fn parts(&self) -> Vec<&Node> {
        let root = &self.document.root;
        let at = |keys: &[&str]| keys.iter().try_fold(root, |node, key| node.get(key));
        let components = at(&["spec", "components"]).map(Node::items).unwrap_or_default();
        let applications = [at(&["spec", "application"]), at(&["spec", "spokes", "application"])];
        components.iter().chain(applications.into_iter().flatten()).collect()
    }

    /// `hub.yaml:12`
    pub fn at(&self, node: &Node) -> String {
        format!("{}:{}", self.name, node.place.line)
    }
}
