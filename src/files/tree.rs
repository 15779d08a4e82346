//! Files by path: what the hub repository is made of.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::blob::Blob;
use crate::report::{Failure, Outcome};
use crate::yaml;

/// Digests by path.
pub type Digests = BTreeMap<String, String>;
/// The paths of files that may be run.
pub type Executables = BTreeSet<String>;

/// Files by path, ordered by path. A path is relative, with `/` between its parts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, Blob>,
}

impl Tree {
    /// Adds a file. Two files of one path, and paths that git could not keep, are errors.
    pub fn insert(&mut self, path: impl Into<String>, file: impl Into<Blob>) -> Outcome<()> {
        let path = path.into();
        if !is_plain(&path) {
            return Err(Failure::failed(format!("`{path}` cannot be the path of a file in a git repository")));
        }
        match self.files.insert(path.clone(), file.into()) {
            None => Ok(()),
            Some(_) => Err(Failure::failed(format!("two different things want to be the file `{path}`"))),
        }
    }

    /// Adds a value as a YAML file.
    pub fn insert_yaml<T: Serialize>(&mut self, path: impl Into<String>, value: &T) -> Outcome<()> {
        self.insert(path, yaml::print(value))
    }

    /// Adds every file of another tree below a folder.
    pub fn insert_below(&mut self, folder: &str, tree: &Self) -> Outcome<()> {
        tree.iter().try_for_each(|(path, file)| self.insert(format!("{folder}/{path}"), file))
    }

    /// The files below a folder, by their paths in it.
    #[must_use]
    pub fn below(&self, folder: &str) -> Self {
        let inside = |(path, file): (&String, &Blob)| {
            Some((path.strip_prefix(folder)?.strip_prefix('/')?.to_owned(), file.clone()))
        };
        Self { files: self.files.iter().filter_map(inside).collect() }
    }

    /// Puts a file in the place of one that may be there.
    pub(crate) fn replace(&mut self, path: &str, file: Blob) {
        self.files.insert(path.to_owned(), file);
    }

    /// Writes other bytes to a file, which may be run or not as before.
    pub(crate) fn rewrite(&mut self, path: &str, bytes: Vec<u8>) {
        self.files.entry(path.to_owned()).or_default().bytes = bytes.into();
    }

    /// The same files, none of which may be run.
    #[must_use]
    pub(crate) fn without_modes(mut self) -> Self {
        self.files.values_mut().for_each(|file| file.is_executable = false);
        self
    }

    /// A file, to be changed.
    pub(super) fn get_mut(&mut self, path: &str) -> Option<&mut Blob> {
        self.files.get_mut(path)
    }

    /// Takes a file out.
    pub(crate) fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    /// The bytes of a file.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.files.get(path).map(|file| &**file)
    }

    /// Whether a file is there that may be run.
    #[must_use]
    pub fn is_executable(&self, path: &str) -> bool {
        self.files.get(path).is_some_and(|file| file.is_executable)
    }

    /// The text of a file.
    pub fn text(&self, path: &str) -> Outcome<&str> {
        let bytes = self.get(path).ok_or_else(|| Failure::failed(format!("`{path}` is missing")))?;
        std::str::from_utf8(bytes).map_err(|_| Failure::failed(format!("`{path}` is not text in UTF-8")))
    }

    /// The files, ordered by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Blob)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are no files.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The digest of every file.
    #[must_use]
    pub fn digests(&self) -> Digests {
        self.iter().map(|(path, bytes)| (path.to_owned(), sha256(bytes))).collect()
    }

    /// The files that may be run.
    #[must_use]
    pub fn executables(&self) -> Executables {
        self.iter().filter(|(_, file)| file.is_executable).map(|(path, _)| path.to_owned()).collect()
    }
}

/// `sha256:` and the hexadecimal digest of the bytes.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

/// The digest as `sha256sum` prints it.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The digest of what comes piece by piece.
#[derive(Default)]
pub(crate) struct Sha256Of(Sha256);

impl Sha256Of {
    /// The next piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// `sha256:` and the hexadecimal digest of all pieces.
    pub fn told(self) -> String {
        format!("sha256:{}", hex(&self.0.finalize()))
    }
}

/// What git keeps, and what the stream format of `git fast-import` takes without quotes.
pub(crate) fn is_plain(path: &str) -> bool {
    !path.starts_with('"')
        && !path.contains(['\n', '\0', '\\'])
        && path.split('/').all(|part| !part.is_empty() && part != "." && part != ".." && !is_dot_git(part))
}

fn is_dot_git(part: &str) -> bool {
    part.eq_ignore_ascii_case(".git")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_once() {
        let mut tree = Tree::default();
        tree.insert("a/b.yaml", "one").expect("free");
        assert!(tree.insert("a/b.yaml", "two").is_err());
    }

    #[test]
    fn paths_that_leave_the_repository_are_refused() {
        for path in ["", "/etc/passwd", "a/../../b", "./a", "a//b", ".git/config", "a/.GIT/x", "\"a", "a\nb"] {
            assert!(Tree::default().insert(path, "x").is_err(), "{path}");
        }
    }

    #[test]
    fn digests_are_those_of_sha256sum() {
        assert_eq!(sha256(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
