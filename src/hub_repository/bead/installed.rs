//! The beads that a hub repository holds. Pure.

use std::collections::BTreeMap;

use crate::document::{Bead, read_bead_as_it_is};
use crate::files::Snapshot;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::report::{Failure, Outcome};

/// The installed beads by name, each with its parts.
pub type Beads = BTreeMap<String, Installed>;

/// A bead that a hub repository holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Installed {
    /// Its document.
    pub bead: Bead,
    /// The names of its parts, in the order of their files.
    pub parts: Vec<String>,
}

/// The beads that a repository holds.
pub fn installed(there: &Snapshot) -> Outcome<Beads> {
    let mut beads = Beads::new();
    for (path, bytes) in there {
        let (Some(name), Some(bytes)) = (bead_of(path), bytes) else { continue };
        let text = std::str::from_utf8(bytes).map_err(|_| Failure::failed(format!("{path} is not text in UTF-8")))?;
        let bead = read_bead_as_it_is(&format!("{path} of the hub repository"), text)?;
        let part = |path: &String| match RepoFile::of(path) {
            Some(RepoFile::Bead(of, BeadFile::Application(part))) if of == name => Some(part.to_owned()),
            _ => None,
        };
        let parts = there.keys().filter_map(part).collect();
        beads.insert(name.to_owned(), Installed { bead, parts });
    }
    Ok(beads)
}

/// The name of the bead whose document this is.
#[must_use]
pub fn bead_of(path: &str) -> Option<&str> {
    match RepoFile::of(path) {
        Some(RepoFile::Bead(name, BeadFile::Document)) => Some(name),
        _ => None,
    }
}
