//! Where a bundle is played: a folder that stands for `/` of the bundle's image.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::env;
use crate::porter::MIXIN;
use crate::process::TemporaryFolder;
use crate::report::{Failure, Outcome};
use serde_json::Value;

/// The folder of the bundle in its image (`BUNDLE_DIR`).
pub(super) const APP: &str = "/cnab/app";
/// The home of the image's user, in Porter's Dockerfile template.
pub(super) const HOME: &str = "/home/nonroot";

/// A stage, torn down when it is dropped.
#[derive(Debug)]
pub(super) struct Stage {
    root: TemporaryFolder,
    /// The paths of the image that are on the stage.
    paths: Vec<String>,
}

impl Stage {
    /// A copy of the bundle in `folder`, for values that use these paths.
    pub fn set(folder: &Path, paths: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let root = TemporaryFolder::new("bundle")?;
        let absolute = paths.into_iter().filter(|path| path.starts_with('/'));
        let paths = ["/cnab".to_owned(), HOME.to_owned()].into_iter().chain(absolute).collect();
        let stage = Self { root, paths };
        copy(folder, &stage.place(APP))
            .map_err(|error| Failure::failed(format!("failed to copy the bundle {}: {error}", folder.display())))?;
        stage.make_folder(HOME)?;
        Ok(stage)
    }

    /// The folder that stands for `/`.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Where a path of the image is on this machine. Relative ones begin in the bundle's folder (`ResolvePath` in
    /// Porter's `pkg/manifest`).
    pub fn place(&self, path: &str) -> PathBuf {
        match path.strip_prefix('/') {
            Some(inside) => self.root().join(inside),
            None => self.place(APP).join(path),
        }
    }

    /// Makes a folder of the image.
    pub fn make_folder(&self, path: &str) -> Outcome<()> {
        fs::create_dir_all(self.place(path)).map_err(|error| {
            Failure::failed(format!("failed to make the folder {path} of the bundle's image: {error}"))
                .hint(format!("it is {} here; is something of that name in the bundle?", self.place(path).display()))
        })
    }

    /// Writes a file of the image, readable for its owner only, as Porter's drivers do.
    pub fn put(&self, path: &str, bytes: &[u8]) -> Outcome<()> {
        let place = self.place(path);
        let folder = place.parent().unwrap_or(self.root());
        let write = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let mut file = tempfile::NamedTempFile::new_in(folder)?; // which is born with mode 0600
            io::Write::write_all(&mut file, bytes)?;
            file.persist(&place)?;
            Ok(())
        };
        write().map_err(|error| Failure::failed(format!("failed to write {path}: {error}")))
    }

    /// The text with every path of the image where it is on this machine.
    pub fn moved(&self, text: &str) -> String {
        let root = self.root().to_string_lossy();
        let mut moved = String::with_capacity(text.len());
        let mut before = None;
        for (at, character) in text.char_indices() {
            let begins = character == '/' && !before.is_some_and(is_part_of_path);
            if begins && self.paths.iter().any(|path| begins_with_path(&text[at..], path)) {
                moved.push_str(&root);
            }
            moved.push(character);
            before = Some(character);
        }
        moved
    }

    /// The value with every path in its strings moved.
    pub fn moved_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.moved(text).into(),
            Value::Array(items) => items.iter().map(|item| self.moved_value(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.moved_value(value))).collect(),
            other => other.clone(),
        }
    }

    /// Puts a mixin where Porter has it in an image, and tells the path of its runtime.
    pub fn install(&self, mixin: &str) -> Outcome<PathBuf> {
        let runtime = self.place(&format!("{APP}/mixins/{mixin}/runtimes/{mixin}-runtime"));
        if runtime.exists() {
            return Ok(runtime);
        }
        let installed = find(mixin)?;
        let folder = runtime.parent().unwrap_or(self.root());
        let link = || fs::create_dir_all(folder).and_then(|()| symlink(&installed, &runtime));
        link().map_err(|error| Failure::failed(format!("failed to stage the mixin {mixin}: {error}")))?;
        Ok(runtime)
    }
}

/// The runtime of a mixin on this machine. This program is its own mixin when Porter has none.
fn find(mixin: &str) -> Outcome<PathBuf> {
    let home = env::porter_home();
    let place = format!("mixins/{mixin}/runtimes/{mixin}-runtime");
    if let Some(path) = home.as_ref().map(|home| home.join(&place)).filter(|path| path.is_file()) {
        return Ok(path);
    }
    if mixin == MIXIN {
        return std::env::current_exe().map_err(|error| {
            Failure::failed(format!("the mixin {mixin} is this program, which does not find its own file: {error}"))
                .hint(format!("install it as {place} in PORTER_HOME"))
        });
    }
    let place = home.unwrap_or_else(|| PathBuf::from("$PORTER_HOME")).join(&place);
    Err(Failure::failed(format!("the mixin {mixin} is missing; it would be {}", place.display()))
        .hint(format!("run `porter mixin install {mixin}`, or copy its runtime there")))
}

/// Everything but what Porter leaves out too (`.cnab`), and what no bundle reads (`.git`).
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (name, source) = (entry.file_name(), entry.path());
        if name == ".cnab" || name == ".git" {
            continue;
        }
        let (kind, target) = (entry.file_type()?, to.join(name));
        if kind.is_symlink() {
            symlink(fs::read_link(source)?, target)?;
        } else if kind.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(source, target)?;
        }
    }
    Ok(())
}

fn is_part_of_path(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '/' | '.' | '-' | '_' | '~')
}

/// `/cnab/app` begins with `/cnab`, `/cnab-old` does not.
fn begins_with_path(text: &str, path: &str) -> bool {
    text.strip_prefix(path).is_some_and(|rest| {
        let next = rest.chars().next();
        next == Some('/') || !next.is_some_and(is_part_of_path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_the_image_are_moved() {
        let bundle = tempfile::tempdir().expect("a folder");
        let stage = Stage::set(bundle.path(), ["/etc/ca.pem".to_owned(), "relative".to_owned()]).expect("set");
        let root = stage.root().to_string_lossy();
        for (text, expected) in [
            ("/cnab/app/x", format!("{root}/cnab/app/x")),
            ("cat '/home/nonroot/.kube/config' > /etc/ca.pem", {
                format!("cat '{root}/home/nonroot/.kube/config' > {root}/etc/ca.pem")
            }),
            ("https://host/cnab/app", "https://host/cnab/app".to_owned()),
            ("/cnab-old /etc/ca.pem.bak", "/cnab-old /etc/ca.pem.bak".to_owned()),
        ] {
            assert_eq!(stage.moved(text), expected);
        }
    }
}
