//! What people have looked at and found to be no secret: `spec.notSecret` of a document.

use std::collections::BTreeSet;

/// The marks of a document, and which of them are of use.
#[derive(Debug)]
pub struct Marks<'d> {
    all: &'d [String],
    used: BTreeSet<&'d str>,
}

impl<'d> Marks<'d> {
    /// The marks of a document.
    #[must_use]
    pub fn of(all: &'d [String]) -> Self {
        Self { all, used: BTreeSet::new() }
    }

    /// Whether this name is marked.
    pub fn excuse(&mut self, name: &str) -> bool {
        let marked = self.all.iter().map(String::as_str).find(|mark| *mark == name);
        self.used.extend(marked);
        marked.is_some()
    }

    /// The marks that have excused nothing.
    #[must_use]
    pub fn unused(&self) -> Vec<String> {
        self.all.iter().filter(|mark| !self.used.contains(mark.as_str())).cloned().collect()
    }
}
