//! What is to be changed in the files of a folder, and how it gets there: all of it or nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::folder::{Folder, LOCK};
use super::text_file::Role;
use crate::document::{read_bead, read_hub, read_lock};
use crate::process::written_beside;
use crate::report::{Diagnostic, Failure, Outcome};
use crate::yaml::{self, Edit, Reader, changed};

/// Where a lock begins that is not there yet.
const NEW_LOCK: &str = "# Pinned downloads: `backstack vendor` brings them into assets/ and refuses anything with another digest.\n\
                        apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets: []\n";

/// The word for what nobody could be asked.
pub const NOT_LOOKED_AT: &str = "not looked at";

/// Changes of files, and what there is to tell of them.
#[derive(Debug, Default)]
pub struct Plan {
    changes: BTreeMap<String, Vec<Edit>>,
    /// Further items of the lock, each as its lines.
    new_items: Vec<Vec<String>>,
    /// What was found, as a word and a line.
    pub told: Vec<(&'static str, String)>,
    /// Pinned references that no file has a place for.
    pub answers: Vec<String>,
}

impl Plan {
    /// A change of a file.
    pub fn change(&mut self, file: &str, change: Edit) {
        self.changes.entry(file.to_owned()).or_default().push(change);
    }

    /// A further item of the lock, as its lines.
    pub fn add_to_lock(&mut self, lines: Vec<String>) {
        if !self.new_items.contains(&lines) {
            self.new_items.push(lines);
        }
    }

    /// Says something.
    pub fn tell(&mut self, word: &'static str, line: impl Into<String>) {
        self.told.push((word, line.into()));
    }

    /// The files that become others, each with its new text, which is as right as the old one was.
    fn texts(&self, folder: &Folder) -> Outcome<Vec<(PathBuf, Option<String>, String)>> {
        let mut texts: Vec<(PathBuf, Option<String>, String)> = Vec::new();
        for file in &folder.files {
            let mut changes = self.changes.get(&file.name).cloned().unwrap_or_default();
            if file.role == Role::Lock && !self.new_items.is_empty() {
                let list = file.document.root.get("assets").unwrap_or(&file.document.root);
                changes.push(file.document.add_items(list, &self.new_items)?);
            }
            if changes.is_empty() {
                continue;
            }
            let path = real(folder.dir.join(&file.name));
            if texts.iter().any(|(known, ..)| *known == path) {
                continue; // another document of a file of manifests, whose changes are those of the whole file
            }
            let old = &file.document.source.text;
            let new = changed(old, &changes)?;
            let shown = path.display().to_string();
            match file.role {
                Role::Lock => read_lock(&shown, &new).map(drop),
                Role::Hub => read_hub(&shown, &new).map(drop),
                Role::Bead => read_bead(&shown, &new).map(drop),
                Role::Porter => right(&shown, yaml::parse(&shown, &new, Reader::Porter)).map(drop),
                Role::Manifest => right(&shown, yaml::documents(&shown, &new, Reader::Kubernetes)).map(drop),
            }
            .map_err(|failure| failure.context("what would be written is not right"))?;
            texts.push((path, Some(old.clone()), new));
        }
        if let Some((name, source)) = &folder.dockerfile
            && let Some(changes) = self.changes.get(name)
        {
            texts.push((real(folder.dir.join(name)), Some(source.text.clone()), changed(&source.text, changes)?));
        }
        if folder.of(Role::Lock).next().is_none() && !self.new_items.is_empty() {
            let empty = right(LOCK, yaml::parse(LOCK, NEW_LOCK, Reader::Kubernetes))?;
            let list = empty.root.get("assets").unwrap_or(&empty.root);
            let new = changed(NEW_LOCK, &[empty.add_items(list, &self.new_items)?])?;
            read_lock(LOCK, &new)?;
            texts.push((folder.dir.join(LOCK), None, new));
        }
        texts.retain(|(_, old, new)| old.as_ref() != Some(new));
        Ok(texts)
    }

    /// Writes all files, and says which. Whatever fails, the folder is as it was.
    pub fn write(&self, folder: &Folder) -> Outcome<Vec<String>> {
        let texts = self.texts(folder)?;
        let mut ready = Vec::new();
        for (path, old, new) in &texts {
            let is_as_read = match old {
                Some(old) => fs::read(path).is_ok_and(|it| it == old.as_bytes()),
                None => !path.exists(),
            };
            if !is_as_read {
                return Err(Failure::failed(format!("{} has changed meanwhile; nothing was written", path.display()))
                    .hint("run it again"));
            }
            ready.push(prepared(path, new).map_err(|error| unwritten(path, &error))?);
        }
        for (index, file) in ready.into_iter().enumerate() {
            if let Err(error) = file.persist(&texts[index].0) {
                texts[..index].iter().for_each(|(path, old, _)| restore(path, old.as_deref()));
                return Err(unwritten(&texts[index].0, &error.error));
            }
        }
        Ok(texts.iter().map(|(path, ..)| path.display().to_string()).collect())
    }
}

/// What was read of a text, or its mistake as that of a document.
fn right<T>(name: &str, read: Result<T, Box<Diagnostic>>) -> Outcome<T> {
    read.map_err(|mistake| Failure::document(name, vec![*mistake]))
}

/// A file beside the one that it will replace, with the same rights.
fn prepared(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let (_, file) = written_beside(path, text.as_bytes())?;
    if let Ok(about) = fs::metadata(path) {
        fs::set_permissions(file.path(), about.permissions())?;
    }
    Ok(file)
}

/// The file that a link leads to: it is replaced, and not the link.
fn real(path: PathBuf) -> PathBuf {
    fs::canonicalize(&path).unwrap_or(path)
}

fn restore(path: &Path, old: Option<&str>) {
    let _ = match old {
        Some(old) => prepared(path, old).and_then(|file| file.persist(path).map(drop).map_err(|it| it.error)),
        None => fs::remove_file(path),
    };
}

fn unwritten(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("failed to write {}: {error}; nothing was changed", path.display()))
        .hint("it is written anew beside itself and renamed: the folder must be one that you may write")
}

#[cfg(test)]
mod tests {
    use super::super::text_file::TextFile;
    use super::*;

    #[test]
    fn what_would_be_broken_is_not_written() {
        let dir = tempfile::tempdir().expect("a folder");
        let (path, text) = (dir.path().join("x.yaml"), "a:\nb: 1\n");
        fs::write(&path, text).expect("written");
        for (role, reader) in [(Role::Porter, Reader::Porter), (Role::Manifest, Reader::Kubernetes)] {
            let document = yaml::parse("x.yaml", text, reader).expect("YAML");
            let files = vec![TextFile { name: "x.yaml".to_owned(), role, document }];
            let folder = Folder { dir: dir.path().to_owned(), files, lock: None, dockerfile: None, unread: Vec::new() };
            let mut plan = Plan::default();
            plan.change("x.yaml", Edit::of(2..2, " ["));
            let failure = plan.write(&folder).expect_err("no YAML");
            assert!(failure.message.starts_with("what would be written is not right: "), "{failure}");
            assert_eq!(fs::read_to_string(&path).expect("there"), text);
        }
    }
}
