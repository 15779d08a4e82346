//! Fields by their name alone: where they are.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::fields::{self, Document};

/// The fields of one name, each by its path and with what it means.
pub struct Places<'n> {
    name: &'n str,
    found: Vec<(String, String)>,
}

impl<'n> Places<'n> {
    /// Looks in every document.
    pub fn of(name: &'n str) -> Self {
        let found = fields::all().into_iter().filter(|(path, _)| last_key(path) == name).collect();
        Self { name, found }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The document and the path, where there is one.
    pub fn only(&self) -> Option<(Document, &str)> {
        match self.found.as_slice() {
            [(path, _)] => Some((Document::of(path)?, path.as_str())),
            _ => None,
        }
    }

    /// All of them, as a list.
    pub fn told(&self) -> String {
        let width = self.found.iter().map(|(path, _)| path.len()).max().unwrap_or_default();
        let mut out = format!("`{}` is the name of several fields:\n", self.name);
        for (path, means) in &self.found {
            let line = format!("  {path:<width$}  {means}");
            let _ = writeln!(out, "{}", line.trim_end()); // to a string: it cannot fail
        }
        out
    }
}

/// The names of all fields.
pub fn names() -> BTreeSet<String> {
    fields::all().iter().map(|(path, _)| last_key(path).to_owned()).collect()
}

fn last_key(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
