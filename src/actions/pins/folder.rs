//! What pins something in a folder: the lock, the documents beside it, `porter.yaml` and its Dockerfile.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifests::Manifests;
use super::references::Unread;
use super::text_file::{Role, TextFile};
use crate::bundle::MANIFEST_FILE;
use crate::document::{Asset, Lock, read_bead, read_hub};
use crate::input;
use crate::report::{Failure, Outcome, Source};
use crate::yaml::{self, Node, Reader};

/// The name of the lock.
pub const LOCK: &str = "lock.yaml";
/// Names that a document has by custom: what has one of them and cannot be read is an error.
const BY_CUSTOM: [&str; 3] = [LOCK, "hub.yaml", "bead.yaml"];

/// A folder with pins.
#[derive(Debug)]
pub struct Folder {
    /// Where it is.
    pub dir: PathBuf,
    /// Its documents, by name, and behind them the manifests that they name.
    pub files: Vec<TextFile>,
    /// Its lock; an empty one where it has none.
    pub lock: Option<Lock>,
    /// What its image is made from.
    pub dockerfile: Option<(String, Arc<Source>)>,
    /// Files and folders of manifests that cannot be read.
    pub unread: Vec<Unread>,
}

impl Folder {
    /// Reads the folder. Documents with mistakes are not changed, so that none is made worse.
    pub fn read(dir: &Path) -> Outcome<Self> {
        let mut names = names(dir)?;
        names.sort();
        let mut folder =
            Self { dir: dir.to_owned(), files: Vec::new(), lock: None, dockerfile: None, unread: Vec::new() };
        let mut manifests = Manifests::default();
        for name in names {
            folder.take(name, &mut manifests)?;
        }
        if folder.files.is_empty() {
            return Err(Failure::usage(format!("{} has neither lock.yaml nor a document", dir.display()))
                .hint("give the folder of a hub or of a bead"));
        }
        folder.dockerfile = folder.dockerfile();
        folder.files.extend(manifests.files);
        folder.unread = manifests.unread;
        Ok(folder)
    }

    fn take(&mut self, name: String, manifests: &mut Manifests) -> Outcome<()> {
        let path = self.dir.join(&name);
        let shown = path.display().to_string();
        let is_by_custom = BY_CUSTOM.contains(&name.as_str());
        let text = match input::text_of(&path) {
            Ok(text) => text,
            Err(error) if is_by_custom => return Err(Failure::usage(format!("failed to read {shown}: {error}"))),
            Err(_) => return Ok(()), // some other file of people's own
        };
        if name == MANIFEST_FILE {
            let document = yaml::parse(&shown, &text, Reader::Porter)
                .map_err(|mistake| Failure::document(&shown, vec![*mistake]))?;
            self.files.push(TextFile { name, role: Role::Porter, document });
            return Ok(());
        }
        let document = match yaml::parse(&shown, &text, Reader::Kubernetes) {
            Ok(document) => document,
            Err(mistake) if is_by_custom => return Err(Failure::document(&shown, vec![*mistake])),
            Err(_) => return Ok(()),
        };
        let is_ours =
            document.root.get("apiVersion").and_then(Node::text).is_some_and(|it| it.starts_with("backstack.dev/"));
        let kind = document.root.get("kind").and_then(Node::text).filter(|_| is_ours || is_by_custom);
        let role = match kind {
            Some("Hub") => {
                manifests.take_hub(&self.dir, &read_hub(&shown, &text)?);
                Role::Hub
            }
            Some("Bead") => {
                manifests.take_bead(&self.dir, &read_bead(&shown, &text)?);
                Role::Bead
            }
            _ if name == LOCK => {
                self.lock = Some(crate::document::read_lock(&shown, &text)?);
                Role::Lock
            }
            _ => return Ok(()),
        };
        self.files.push(TextFile { name, role, document });
        Ok(())
    }

    fn dockerfile(&self) -> Option<(String, Arc<Source>)> {
        let porter = self.of(Role::Porter).next()?;
        let name = porter.document.root.get("dockerfile").and_then(Node::text)?.to_owned();
        let path = self.dir.join(&name);
        let text = input::text_of(&path).ok()?;
        Some((name, Arc::new(Source { name: path.display().to_string(), text })))
    }

    /// The documents of a role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(move |it| it.role == role)
    }

    /// The downloads of the lock, each with its file and its item there.
    pub fn assets(&self) -> impl Iterator<Item = (&TextFile, &Asset, &Node)> {
        let assets = self.lock.iter().flat_map(|lock| &lock.assets);
        let items = |file| list_in(file).iter().map(move |node| (file, node));
        assets.zip(self.of(Role::Lock).flat_map(items)).map(|(asset, (file, node))| (file, asset, node))
    }

    /// The documents that name what is locked.
    pub fn documents(&self) -> impl Iterator<Item = &TextFile> {
        self.files.iter().filter(|it| matches!(it.role, Role::Hub | Role::Bead))
    }
}

fn list_in(lock: &TextFile) -> &[Node] {
    lock.document.root.get("assets").map(Node::items).unwrap_or_default()
}

/// The download of the lock that a part takes its chart from.
pub fn locked_chart(part: &Node) -> Option<&str> {
    part.get("chart")?.get("locked")?.text()
}

fn names(dir: &Path) -> Outcome<Vec<String>> {
    let failed = |error| {
        Failure::usage(format!("failed to read the folder {}: {error}", dir.display()))
            .hint("--dir names the folder with lock.yaml and the documents")
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().into_string().unwrap_or_default();
        let is_yaml = Path::new(&name).extension().is_some_and(|it| it == "yaml" || it == "yml");
        if is_yaml && entry.path().is_file() {
            names.push(name);
        }
    }
    Ok(names)
}
