//! Where a bundle is played: a folder that stands for `/` of the bundle's image.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use super::inside;
use super::links::{self, Leads};
use crate::env;
use crate::porter::MIXIN;
use crate::process::TemporaryFolder;
use crate::report::{Failure, Outcome};

/// The folder of the bundle in its image (`BUNDLE_DIR`).
pub(super) const APP: &str = "/cnab/app";
/// The home of the image's user, in Porter's Dockerfile template.
pub(super) const HOME: &str = "/home/nonroot";

/// What is on every stage.
const IMAGE: [&str; 2] = ["/cnab", HOME];

/// A link in a bundle's folder, by its path there, and its target.
pub type Link = (PathBuf, PathBuf);

/// The links in a bundle's folder that lead out of it. The image would not have what they lead to.
pub fn links_out_of(folder: &Path) -> io::Result<Vec<Link>> {
    links::out_of(folder, &IMAGE)
}

/// Whether a path of the image, or one in the bundle's folder, leads over a link of that folder.
#[must_use]
pub fn leads_over(path: &str, link: &Path) -> bool {
    in_root(path).starts_with(in_root(APP).join(link))
}

/// A stage.
#[derive(Debug)]
pub(super) struct Stage {
    root: PathBuf,
    /// Where the root is a folder of our own, it is torn down when the stage is dropped.
    own: Option<TemporaryFolder>,
    /// The paths of the image that are on the stage.
    paths: Vec<String>,
    /// The links that lead out of the bundle.
    left_out: Vec<Link>,
}

impl Stage {
    /// A copy of the bundle in `folder`, for values that use these paths. Links that lead out of it are left out, unless
    /// one of the paths leads over it.
    pub fn set(folder: &Path, paths: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let own = TemporaryFolder::new("bundle")?;
        let stage = Self::set_in(own.path(), folder, paths)?;
        Ok(Self { own: Some(own), ..stage })
    }

    /// The same in a folder that another one tears down.
    pub fn set_in(root: &Path, folder: &Path, paths: impl IntoIterator<Item = String>) -> Outcome<Self> {
        let unread = |error| Failure::usage(format!("failed to read the bundle {}: {error}", folder.display()));
        let left_out = links_out_of(folder).map_err(unread)?;
        let (absolute, relative): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.starts_with('/'));
        let is_used = |link: &Path| absolute.iter().chain(&relative).any(|path| leads_over(path, link));
        let used = left_out.iter().filter(|(link, _)| is_used(link));
        let told: Vec<_> = used.map(|(link, target)| format!("{} -> {}", link.display(), target.display())).collect();
        if !told.is_empty() {
            return Err(Failure::usage("paths of the bundle lead over links out of its folder; nothing was started")
                .details(told)
                .hint("put the files themselves into the bundle: its image would not have what the links lead to"));
        }
        let paths = IMAGE.map(str::to_owned).into_iter().chain(absolute).collect();
        let stage = Self { root: root.to_owned(), own: None, paths, left_out };
        stage
            .copy(folder)
            .map_err(|error| Failure::failed(format!("failed to copy the bundle {}: {error}", folder.display())))?;
        stage.make_folder(HOME)?;
        Ok(stage)
    }

    /// Everything but what Porter leaves out too (`.cnab`), and what no bundle reads (`.git`).
    fn copy(&self, bundle: &Path) -> io::Result<()> {
        let mut folders = vec![(bundle.to_path_buf(), self.place(APP))];
        while let Some((from, to)) = folders.pop() {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(from)? {
                let entry = entry?;
                let (name, source, kind) = (entry.file_name(), entry.path(), entry.file_type()?);
                let target = to.join(&name);
                if name == ".cnab" || name == ".git" {
                    continue;
                }
                if kind.is_dir() {
                    folders.push((source, target));
                } else if kind.is_symlink() {
                    match links::leads(bundle, &source, &IMAGE)? {
                        Leads::Inside(inside) => symlink(inside, target)?,
                        Leads::ToImage(path) => symlink(self.place(&path.to_string_lossy()), target)?,
                        Leads::Out(_) => {}
                    }
                } else if kind.is_file() {
                    fs::copy(source, target)?;
                }
            }
        }
        Ok(())
    }

    /// The links of the bundle that are not on the stage, since they lead out of it.
    pub fn left_out(&self) -> &[Link] {
        &self.left_out
    }

    /// Whether a step that names this path means a file of the stage.
    pub fn has(&self, path: &Path) -> bool {
        let leaves = path.components().any(|part| part == Component::ParentDir);
        let in_app = path.strip_prefix(self.place(APP)).unwrap_or(path).to_string_lossy();
        !leaves
            && (path.is_relative() || path.starts_with(self.root()))
            && !self.left_out.iter().any(|(link, _)| leads_over(&in_app, link))
    }

    /// A line of a mixin with the paths of the image in the place of those of the stage, where these are gone before anybody can
    /// look there. Of a credential its name is told, too, since it came from elsewhere.
    pub fn told(&self, line: &str, credentials: &[(String, String)]) -> String {
        let root = self.root.display().to_string();
        if self.own.is_none() {
            return line.to_owned();
        }
        let mut parts = line.split(&root);
        let mut told = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let is_it = |path: &str| part.strip_prefix(path).is_some_and(|rest| !rest.starts_with(is_part_of_path));
            match credentials.iter().find(|(_, path)| is_it(path)) {
                Some((name, path)) => told.extend([path, " (the credential `", name, "`)", &part[path.len()..]]),
                None if part.starts_with('/') => told.push_str(part),
                None => told.extend([&root, part]),
            }
        }
        told
    }

    /// The folder that stands for `/`.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path of the image is on this machine. Relative ones begin in the bundle's folder (`ResolvePath` in
    /// Porter's `pkg/manifest`).
    pub fn place(&self, path: &str) -> PathBuf {
        self.root().join(in_root(path))
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
        inside::write(self.root(), &in_root(path), bytes).map_err(|error| {
            Failure::usage(format!("failed to write {path} of the bundle's image: {error}"))
                .hint("a file of the image is one below its folder; links are not followed")
        })
    }

    /// Reads a file of the image. `None` when there is none.
    pub fn get(&self, path: &str) -> Outcome<Option<Vec<u8>>> {
        inside::read(self.root(), &in_root(path))
            .map_err(|error| Failure::failed(format!("failed to read {path} of the bundle's image: {error}")))
    }

    /// The text of a partial: the file of this name in the bundle's folder, or with an ending that mustache knows. One
    /// that is not there is empty.
    pub fn partial(&self, name: &str) -> Result<String, String> {
        for ending in ["", ".mustache", ".stache"] {
            let found = self.get(&format!("{name}{ending}")).map_err(|failure| failure.message)?;
            if let Some(bytes) = found {
                return String::from_utf8(bytes).map_err(|_| "is no UTF-8".to_owned());
            }
        }
        Ok(String::new())
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

    /// The runtime of a mixin, where Porter has it in an image.
    pub fn runtime(&self, mixin: &str) -> PathBuf {
        self.place(&format!("{APP}/mixins/{mixin}/runtimes/{mixin}-runtime"))
    }

    /// Puts the mixin of this machine there. What the bundle itself has in that place is no mixin: `porter build` writes
    /// over it, too.
    pub fn install(&self, mixin: &str) -> Outcome<()> {
        let (installed, runtime) = (find(mixin)?, self.runtime(mixin));
        let own = self.place(&format!("{APP}/mixins/{mixin}"));
        let clear = || match fs::symlink_metadata(&own) {
            Ok(found) if found.is_dir() => fs::remove_dir_all(&own),
            Ok(_) => fs::remove_file(&own),
            Err(_) => Ok(()),
        };
        let folder = runtime.parent().unwrap_or(self.root());
        let link = || clear().and_then(|()| fs::create_dir_all(folder)).and_then(|()| symlink(&installed, &runtime));
        link().map_err(|error| Failure::failed(format!("failed to stage the mixin {mixin}: {error}")))
    }
}

/// A path of the image, from its root.
pub(super) fn in_root(path: &str) -> PathBuf {
    match path.strip_prefix('/') {
        Some(inside) => PathBuf::from(inside),
        None => Path::new(APP.trim_start_matches('/')).join(path),
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

    #[test]
    fn a_line_has_no_path_that_is_gone_before_it_is_read() {
        let bundle = tempfile::tempdir().expect("a folder");
        let stage = Stage::set(bundle.path(), []).expect("set");
        let root = stage.root().display().to_string();
        let credentials = [("kubeconfig".to_owned(), "/home/nonroot/.kube/config".to_owned())];
        for (line, told) in [
            ("by R/home/nonroot/.kube/config", "by /home/nonroot/.kube/config (the credential `kubeconfig`)"),
            ("R/home/nonroot/.kube/config.bak: gone", "/home/nonroot/.kube/config.bak: gone"),
            ("R/cnab/app and R/cnab/app/hub.yaml", "/cnab/app and /cnab/app/hub.yaml"),
            ("R-2/x", "R-2/x"),
            ("nothing of it", "nothing of it"),
        ] {
            let (line, expected) = (line.replace('R', &root), told.replace('R', &root));
            assert_eq!(stage.told(&line, &credentials), expected);
        }
        let kept = tempfile::tempdir().expect("a folder");
        let stage = Stage::set_in(kept.path(), bundle.path(), []).expect("set");
        let line = format!("{}/x", kept.path().display());
        assert_eq!(stage.told(&line, &[]), line, "somebody else tears it down");
    }
}
