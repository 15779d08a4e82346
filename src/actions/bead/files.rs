//! A bead bundle on disk: the document, the folders that it names, and the downloads that its lock pins.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::gitops::bead::{BeadInput, Values};
use crate::gitops::{Assets, Tree, read_folder};
use crate::report::{Failure, Outcome};
use crate::spec::{self, Bead, Lock, Resolved, Scalars};

/// The name of the document in the folder of its bundle.
pub const DOCUMENT: &str = "bead.yaml";

/// The files of a bead bundle.
pub struct BeadFiles {
    pub bead: Bead,
    files: Tree,
    assets: Assets,
}

impl BeadFiles {
    /// Reads the bundle in a folder.
    pub fn read(folder: &Path) -> Outcome<Self> {
        Self::read_document(&folder.join(DOCUMENT))
    }

    /// Reads the bundle in the folder of a document.
    pub fn read_document(path: &Path) -> Outcome<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let bead = spec::read_bead(&path.display().to_string(), &text_of(path)?)?;
        let mut files = Tree::default();
        let mut seen = Vec::new();
        for named in bead.folders() {
            let place = folder.join(named);
            if !place.is_dir() {
                return Err(Failure::usage(format!("{} names the folder {named}, which is not there", path.display()))
                    .hint(format!("make {}", place.display())));
            }
            if !seen.contains(&named) {
                files.insert_below(named.trim_start_matches("./").trim_end_matches('/'), &read_folder(&place)?)?;
                seen.push(named);
            }
        }
        Ok(Self { bead, files, assets: assets(folder)? })
    }

    /// What the bead is rendered from, for a hub.
    pub fn input(&self, parameters: Values, hub: Resolved) -> BeadInput {
        let (bead, files, assets) = (self.bead.clone(), self.files.clone(), self.assets.clone());
        BeadInput { bead, files, assets, parameters, hub, depth: 0 }
    }
}

/// A bundle without pinned downloads has no lock.
fn assets(folder: &Path) -> Outcome<Assets> {
    let path: PathBuf = folder.join("lock.yaml");
    if !path.exists() {
        return Ok(Assets::default());
    }
    let lock = spec::read::<Lock>(&path.display().to_string(), &text_of(&path)?, Scalars::Strict)?;
    Assets::load(&folder.join("assets"), &lock)
}

/// Parameters as the command line gives them.
pub fn parameters(given: &[String]) -> Outcome<Values> {
    given
        .iter()
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or_else(|| {
                Failure::usage(format!("the parameter `{pair}` has no value")).hint("write --param NAME=VALUE")
            })?;
            Ok((name.to_owned(), Value::from(value)))
        })
        .collect()
}

fn text_of(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Failure::usage(format!("cannot read {}: {error}", path.display()))
            .hint("name the folder of a bead bundle; `backstack bead new NAME` writes one")
    })
}
