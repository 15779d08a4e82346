//! A new render over what the repository holds, file by file. Pure.
//!
//! The base is what the last render wrote (`lock.yaml` of the repository), so an edit by people can be told from
//! an old file of ours. A removed file is an edit like any other. What nobody else touched follows the render;
//! what only people touched stays; what both changed differently is a conflict, and then nothing is written.
//!
//! Whether a file may be run is told apart in the same way, beside its bytes: who makes a file of ours executable has not
//! edited it, and keeps that when we write it anew.
//!
//! The new lock records what was rendered, also for files that people edited. So the digests of the lock are
//! always those of the last render, and a second run finds nothing to do.

use std::collections::{BTreeMap, BTreeSet};

use super::blob::Blob;
use super::tree::{Digests, Executables, Tree, sha256};

/// What a repository holds: every path, with the regular files that matter here.
pub type Snapshot = BTreeMap<String, Option<Blob>>;

/// What the last render wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base {
    /// The digest of every file.
    pub files: Digests,
    /// Those that it made executable.
    pub executable: Executables,
}

/// One difference that a commit makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileChange {
    /// What is done to the file.
    pub kind: ChangeKind,
    /// Its path.
    pub path: String,
}

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was not there.
    Add,
    /// It was there with other content.
    Update,
    /// It is not rendered any more.
    Remove,
}

/// A path that cannot be written without losing something, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The path.
    pub path: String,
    /// What stands there.
    pub reason: &'static str,
}

/// The outcome of a merge without conflicts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// What a commit changes; empty when the repository is as it should be.
    pub changes: Vec<FileChange>,
    /// Our files as they are after the commit, people's edits included.
    pub tree: Tree,
}

/// Puts `ours` over `theirs`, which began as `base`.
pub fn merge(base: &Base, theirs: &Snapshot, ours: &Tree) -> Result<Merged, Vec<Conflict>> {
    let mut merged = Merged { changes: Vec::new(), tree: ours.clone() };
    let mut conflicts = Vec::new();
    let paths: BTreeSet<&str> =
        ours.iter().map(|(path, _)| path).chain(base.files.keys().map(String::as_str)).collect();
    // A file of ours that goes with this render is in nobody's way.
    let goes = |path: &str, file: &Option<Blob>| {
        ours.get(path).is_none() && file.as_ref().is_some_and(|file| Some(&sha256(file)) == base.files.get(path))
    };
    let stays: BTreeSet<&str> =
        theirs.iter().filter(|(path, file)| !goes(path, file)).map(|(path, _)| path.as_str()).collect();
    for path in paths {
        let change = match decide(path, base.files.get(path), theirs, ours.get(path), &stays) {
            Ok(Decision::Write(kind)) => Some(kind),
            Ok(Decision::Leave) => None,
            Ok(Decision::Keep(theirs)) => {
                match theirs {
                    Some(bytes) => merged.tree.rewrite(path, bytes.to_owned()),
                    None => merged.tree.remove(path),
                }
                None
            }
            Err(reason) => {
                conflicts.push(Conflict { path: path.to_owned(), reason });
                None
            }
        };
        let has_other_mode = merge_mode(path, base, theirs, &mut merged.tree);
        let change = change.or(has_other_mode.then_some(ChangeKind::Update));
        merged.changes.extend(change.map(|kind| FileChange { kind, path: path.to_owned() }));
    }
    if conflicts.is_empty() { Ok(merged) } else { Err(conflicts) }
}

/// Leaves the mode that people gave a file, unless ours is another one than in the last render. Says whether it changes in the
/// repository. There are two modes, so both sides cannot have changed it differently.
fn merge_mode(path: &str, base: &Base, theirs: &Snapshot, merged: &mut Tree) -> bool {
    let (Some(Some(theirs)), Some(ours)) = (theirs.get(path), merged.get_mut(path)) else { return false };
    if ours.is_executable == base.executable.contains(path) {
        ours.is_executable = theirs.is_executable;
    }
    ours.is_executable != theirs.is_executable
}

enum Decision<'a> {
    /// Ours is committed (or, for a removal, theirs goes).
    Write(ChangeKind),
    /// Nothing to do.
    Leave,
    /// Theirs stays: an edit, or a removal.
    Keep(Option<&'a [u8]>),
}

fn decide<'a>(
    path: &str,
    base: Option<&String>,
    theirs: &'a Snapshot,
    ours: Option<&[u8]>,
    stays: &BTreeSet<&str>,
) -> Result<Decision<'a>, &'static str> {
    let there = match theirs.get(path) {
        Some(Some(file)) => Some(&**file),
        Some(None) if ours.is_some() => return Err("is a link or a submodule there"),
        Some(None) => return Ok(Decision::Leave), // we have never written one, so it is not ours to remove
        None => None,
    };
    let Some(ours) = ours else {
        return match there {
            None => Ok(Decision::Leave),
            Some(bytes) if Some(&sha256(bytes)) == base => Ok(Decision::Write(ChangeKind::Remove)),
            Some(_) => Err("was edited here and is no longer rendered"),
        };
    };
    let is_new_to_us = base.is_none();
    let we_changed = base != Some(&sha256(ours));
    match there {
        Some(bytes) if bytes == ours => Ok(Decision::Leave),
        None if is_new_to_us && in_the_way(path, stays) => Err("needs a folder where there is a file, or the reverse"),
        None if is_new_to_us => Ok(Decision::Write(ChangeKind::Add)),
        None if we_changed => Err("was removed here and changed by the bundle"),
        None => Ok(Decision::Keep(None)),
        Some(_) if is_new_to_us => Err("was there before and is not ours"),
        Some(bytes) if Some(&sha256(bytes)) == base => Ok(Decision::Write(ChangeKind::Update)),
        Some(_) if we_changed => Err("was edited here and changed by the bundle"),
        Some(bytes) => Ok(Decision::Keep(Some(bytes))),
    }
}

/// Whether writing the path would replace a file by a folder or a folder by a file.
fn in_the_way(path: &str, stays: &BTreeSet<&str>) -> bool {
    let folder = format!("{path}/");
    let is_a_folder = stays.range(folder.as_str()..).next().is_some_and(|next| next.starts_with(&folder));
    let below_a_file = path.match_indices('/').any(|(end, _)| stays.contains(&path[..end]));
    is_a_folder || below_a_file
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One file `f`: what the last render, the repository and the new render hold.
    fn one(base: Option<&str>, theirs: Option<&str>, ours: Option<&str>) -> Result<Merged, Vec<Conflict>> {
        let files = base.map(|text| ("f".to_owned(), sha256(text.as_bytes()))).into_iter().collect();
        let base = Base { files, ..Base::default() };
        let theirs = theirs.map(|text| ("f".to_owned(), Some(text.into()))).into_iter().collect();
        let mut tree = Tree::default();
        if let Some(text) = ours {
            tree.insert("f", text).expect("free");
        }
        merge(&base, &theirs, &tree)
    }

    #[test]
    fn every_case_of_one_file() {
        use ChangeKind::{Add, Remove, Update};
        let (a, b, c) = (Some("a"), Some("b"), Some("c"));
        for (base, theirs, ours, change, left) in [
            (None, None, a, Some(Add), a),
            (None, a, a, None, a),
            (a, a, a, None, a),
            (a, a, b, Some(Update), b),
            (a, b, b, None, b),
            (a, b, a, None, b),
            (a, None, a, None, None),
            (a, None, None, None, None),
            (a, a, None, Some(Remove), None),
        ] {
            let merged = one(base, theirs, ours).unwrap_or_else(|all| panic!("{base:?} {theirs:?} {ours:?}: {all:?}"));
            let case = format!("{base:?} {theirs:?} {ours:?}");
            assert_eq!(merged.changes.first().map(|change| change.kind), change, "{case}");
            assert_eq!(merged.tree.get("f"), left.map(str::as_bytes), "{case}");
        }
        for (base, theirs, ours) in [(None, b, a), (a, b, c), (a, None, b), (a, b, None)] {
            assert!(one(base, theirs, ours).is_err(), "{base:?} {theirs:?} {ours:?}");
        }
    }

    /// What the last render, the repository and the new render hold is executable, with these bytes in the new render.
    fn mode(base: bool, theirs: bool, ours: bool, bytes: &str) -> (Option<ChangeKind>, bool) {
        let file = |bytes: &str, is_executable| Blob { is_executable, ..bytes.into() };
        let mut tree = Tree::default();
        tree.insert("f", file("a", base)).expect("free");
        let base = Base { files: tree.digests(), executable: tree.executables() };
        let theirs = Snapshot::from([("f".to_owned(), Some(file("a", theirs)))]);
        tree.replace("f", file(bytes, ours));
        let merged = merge(&base, &theirs, &tree).unwrap_or_else(|all| panic!("{all:?}"));
        (merged.changes.first().map(|change| change.kind), merged.tree.is_executable("f"))
    }

    #[test]
    fn a_mode_that_people_set_stays_and_one_that_we_change_comes() {
        for bytes in ["a", "b"] {
            let rewritten = (bytes == "b").then_some(ChangeKind::Update);
            for (base, theirs, ours) in
                [(false, true, false), (true, false, true), (false, true, true), (true, false, false)]
            {
                assert_eq!(mode(base, theirs, ours, bytes), (rewritten, theirs), "{base} {theirs} {ours} {bytes}");
            }
            for (base, ours) in [(false, true), (true, false)] {
                assert_eq!(mode(base, base, ours, bytes), (Some(ChangeKind::Update), ours), "{base} {ours} {bytes}");
            }
        }
    }

    #[test]
    fn links_and_files_in_the_place_of_folders_are_conflicts() {
        for (there, wanted) in [("f", "f"), ("f", "f/g"), ("f/g", "f")] {
            let mut tree = Tree::default();
            tree.insert(wanted, "x").expect("free");
            let theirs = Snapshot::from([(there.to_owned(), None)]);
            assert!(merge(&Base::default(), &theirs, &tree).is_err(), "{there} and {wanted}");
        }
    }

    #[test]
    fn our_own_file_may_become_a_folder_and_the_reverse() {
        for (before, after) in [("chart/x", "chart/x/y.yaml"), ("chart/x/y.yaml", "chart/x")] {
            let files = Digests::from([(before.to_owned(), sha256(b"old"))]);
            let base = Base { files, ..Base::default() };
            let mut tree = Tree::default();
            tree.insert(after, "new").expect("free");
            let ours = Snapshot::from([(before.to_owned(), Some("old".into()))]);
            assert_eq!(merge(&base, &ours, &tree).expect("no conflict").changes.len(), 2, "{before} -> {after}");
            let edited = Snapshot::from([(before.to_owned(), Some("edited".into()))]);
            assert!(merge(&base, &edited, &tree).is_err(), "{before} -> {after}");
        }
    }
}
