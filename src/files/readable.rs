//! Files of a repository, read as the objects in them. Pure.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::Value;

use super::merge::Snapshot;
use crate::yaml;

/// What Argo CD reads of a folder (argo-cd `reposerver/repository/repository.go`, `manifestFile`).
const READ: [&str; 3] = [".yaml", ".yml", ".json"];

/// The files of a repository, and those among them that could not be read.
pub struct Files<'s> {
    snapshot: &'s Snapshot,
    unread: RefCell<BTreeSet<String>>,
}

impl<'s> Files<'s> {
    /// These files.
    #[must_use]
    pub fn of(snapshot: &'s Snapshot) -> Self {
        Self { snapshot, unread: RefCell::default() }
    }

    /// All of them.
    pub fn snapshot(&self) -> &'s Snapshot {
        self.snapshot
    }

    /// Their paths.
    pub fn paths(&self) -> impl Iterator<Item = &'s str> {
        self.snapshot.keys().map(String::as_str)
    }

    /// The objects of a file. One that people have broken has none, and is remembered.
    pub fn objects(&self, path: &str) -> Vec<Value> {
        let Some(Some(bytes)) = self.snapshot.get(path).filter(|_| READ.iter().any(|end| path.ends_with(end))) else {
            return Vec::new();
        };
        yaml::manifests(path, &String::from_utf8_lossy(bytes)).unwrap_or_else(|_| {
            self.unread.borrow_mut().insert(path.to_owned());
            Vec::new()
        })
    }

    /// Those that could not be read so far.
    pub fn unread(&self) -> BTreeSet<String> {
        self.unread.borrow().clone()
    }
}
