//! The manifests of a folder's documents that are files of their own: of a bead its folders, of both the Jobs of hooks.

use std::path::Path;

use super::references::Unread;
use super::text_file::{Role, TextFile};
use crate::document::{Bead, Hub};
use crate::input;
use crate::vendor::read_folder;
use crate::yaml::{self, Reader};

/// Manifests, and the files and folders that could not be read.
#[derive(Debug, Default)]
pub struct Manifests {
    /// A document each: a file may have several.
    pub files: Vec<TextFile>,
    /// What nobody looked at.
    pub unread: Vec<Unread>,
}

impl Manifests {
    /// Takes those of a bead: all but the entities for Backstage, which are none.
    pub fn take_bead(&mut self, dir: &Path, bead: &Bead) {
        let entities = bead.spec.backstage.as_ref().and_then(|it| it.entities.as_deref());
        for folder in bead.folders().into_iter().filter(|it| Some(*it) != entities) {
            let prefix = folder.trim_start_matches("./").trim_end_matches('/');
            let Ok(tree) = read_folder(&dir.join(folder)) else {
                self.note(folder);
                continue;
            };
            let names = tree.iter().map(|(path, _)| format!("{prefix}/{path}"));
            let manifests = names.filter(|name| [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end)));
            manifests.for_each(|name| self.take(dir, &name));
        }
        bead.hook_files().for_each(|name| self.take(dir, name.trim_start_matches("./")));
    }

    /// Takes those of a hub.
    pub fn take_hub(&mut self, dir: &Path, hub: &Hub) {
        let hooks = hub.spec.components.iter().flat_map(|it| &it.hooks);
        hooks.filter_map(|it| it.manifest.as_deref()).for_each(|name| self.take(dir, name.trim_start_matches("./")));
    }

    fn take(&mut self, dir: &Path, name: &str) {
        if self.files.iter().any(|it| it.name == name) {
            return; // by another document, or under another key
        }
        let shown = dir.join(name).display().to_string();
        let read = input::text_of(&dir.join(name)).ok();
        let Some(documents) = read.and_then(|text| yaml::documents(&shown, &text, Reader::Kubernetes).ok()) else {
            return self.note(name);
        };
        let file = |document| TextFile { name: name.to_owned(), role: Role::Manifest, document };
        self.files.extend(documents.into_iter().map(file));
    }

    fn note(&mut self, name: &str) {
        let why = "it cannot be read as manifests";
        self.unread.push(Unread { name: name.to_owned(), kind: "manifests", at: name.to_owned(), why });
    }
}
