//! A bead bundle on disk: the document, the folders that it names, and the downloads that its lock pins.

use std::path::Path;

use serde_json::Value;

use crate::document::{ApiVersion, Asset, AssetForm, Bead, HubClaims, ImageMap, Lock, LockKind, Resolved, VersionStep};
use crate::files::Tree;
use crate::hub_repository::bead::REVISION;
use crate::porter::relocation_map;
use crate::render;
use crate::render::bead::{BeadInput, Values};
use crate::report::{Diagnostic, Failure, Outcome};
use crate::run::text_of;
use crate::vendor::{AssetContent, Assets, asset_path, read_folder};
use crate::yaml::{self, Reader};

/// The name of the document in the folder of its bundle.
pub const DOCUMENT: &str = "bead.yaml";
/// Where the manifest of a hook is to be.
const HOOK: &str = "`manifest` of a hook is a file of the bundle";
/// Where a file of a bead bundle is to be.
const IN_A_BUNDLE: &str = "name the folder of a bead bundle; `backstack bead new NAME` writes one";

/// The files of a bead bundle.
pub struct BeadFiles {
    pub bead: Bead,
    /// The document, by its name and text.
    document: (String, String),
    /// The downloads that are not there, each with its version; an empty chart stands in the place of one.
    pub missing: Vec<String>,
    files: Tree,
    assets: Assets,
    /// What its lock knows of steps from version to version.
    pub steps: Vec<VersionStep>,
    /// Where its images are, when the bundle was copied.
    pub relocation: Option<ImageMap>,
}

impl BeadFiles {
    /// Reads the bundle in a folder.
    pub fn read(folder: &Path) -> Outcome<Self> {
        Self::read_document(&folder.join(DOCUMENT))
    }

    /// Reads the bundle in the folder of a document.
    pub fn read_document(path: &Path) -> Outcome<Self> {
        let folder = folder_of(path);
        let (document, bead) = text_and_bead(path)?;
        let files = files_beside(folder, &document.0, &bead)?;
        let lock = lock(folder)?;
        let assets = Assets::load(&folder.join("assets"), &lock)?;
        let relocation = relocation_map()?;
        Ok(Self { bead, document, missing: Vec::new(), files, assets, steps: lock.steps, relocation })
    }

    /// Reads the bundle in a folder where downloads may be missing.
    pub fn read_what_is_there(folder: &Path) -> Outcome<Self> {
        let (document, bead) = text_and_bead(&folder.join(DOCUMENT))?;
        Self::read_beside(folder, document, bead)
    }

    /// The same for a document that was read before, by its name and text.
    pub fn read_beside(folder: &Path, document: (String, String), bead: Bead) -> Outcome<Self> {
        let files = files_beside(folder, &document.0, &bead)?;
        let downloads = folder.join("assets");
        let lock = lock(folder)?;
        let steps = lock.steps.clone();
        let is_there = |asset: &Asset| downloads.join(asset_path(asset)).exists();
        let (there, missing): (Vec<Asset>, Vec<Asset>) = lock.assets.into_iter().partition(is_there);
        let mut assets = Assets::load(&downloads, &Lock { assets: there, ..lock })?;
        for asset in missing.iter().filter(|asset| asset.form == AssetForm::Chart) {
            assets.insert(&asset.name, AssetContent::Chart(Tree::default()));
        }
        let missing = missing.into_iter().map(|asset| format!("{} {}", asset.name, asset.version)).collect();
        Ok(Self { bead, document, missing, files, assets, steps, relocation: None })
    }

    /// What the bead is rendered from, for a hub. Fails where the document has parameters that cannot be filled in.
    pub fn input(&self, parameters: Values, hub: Resolved, claims: Option<HubClaims>) -> Outcome<BeadInput> {
        render::bead::placeholders(&self.bead, &self.document.0, &self.document.1)?;
        let (bead, files, assets) = (self.bead.clone(), self.files.clone(), self.assets.clone());
        let relocation = self.relocation.clone();
        Ok(BeadInput { bead, files, assets, parameters, hub, claims, depth: 0, relocation, revision: REVISION })
    }

    /// What is said of a value of the document, at its place.
    pub fn placed(&self, said: Diagnostic) -> Diagnostic {
        let (name, text) = &self.document;
        let Ok(document) = yaml::parse(name, text, Reader::Kubernetes) else { return said };
        let place = document.root.nearest(&said.path).place;
        said.at(&document.source, place)
    }

    /// What Backstage would refuse of the entities on a hub with such claims.
    pub fn wrong_entities(&self, claims: Option<&HubClaims>) -> Option<Failure> {
        render::bead::entities(&self.bead, &self.files, claims).err()
    }
}

/// The document alone: what shows or removes a bead needs nothing of what brings it.
pub fn document(path: &Path) -> Outcome<Bead> {
    crate::document::read_bead_as_it_is(&path.display().to_string(), &text_of(path, IN_A_BUNDLE)?)
}

fn folder_of(document: &Path) -> &Path {
    document.parent().unwrap_or(Path::new(""))
}

fn text_and_bead(path: &Path) -> Outcome<((String, String), Bead)> {
    let (name, text) = (path.display().to_string(), text_of(path, IN_A_BUNDLE)?);
    let bead = crate::document::read_bead(&name, &text)?;
    Ok(((name, text), bead))
}

/// The folders and files that the document of this name names.
fn files_beside(folder: &Path, document: &str, bead: &Bead) -> Outcome<Tree> {
    let mut files = Tree::default();
    let mut seen = Vec::new();
    for named in bead.folders() {
        let place = folder.join(named);
        if !place.is_dir() {
            return Err(Failure::usage(format!("{document} names the folder {named}, which is not there"))
                .hint(format!("make {}", place.display())));
        }
        if !seen.contains(&named) {
            files.insert_below(named.trim_start_matches("./").trim_end_matches('/'), &read_folder(&place)?)?;
            seen.push(named);
        }
    }
    for named in bead.hook_files() {
        let inside = named.trim_start_matches("./");
        if files.get(inside).is_none() {
            files.insert(inside, text_of(&folder.join(named), HOOK)?)?;
        }
    }
    Ok(files)
}

/// A bundle without pinned downloads may have no lock.
fn lock(folder: &Path) -> Outcome<Lock> {
    let path = folder.join("lock.yaml");
    if !path.exists() {
        return Ok(Lock {
            api_version: ApiVersion::V1Alpha1,
            kind: LockKind::Lock,
            assets: Vec::new(),
            steps: Vec::new(),
        });
    }
    crate::document::read_lock(&path.display().to_string(), &text_of(&path, IN_A_BUNDLE)?)
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
