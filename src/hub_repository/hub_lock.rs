//! `lock.yaml` of the hub repository: what the last render wrote, so that the next one can tell people's edits
//! from its own files.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::layout::LOCK_FILE;
use crate::document::{ApiVersion, Asset};
use crate::files::{Base, Digests, Executables, Tree, sha256};
use crate::report::{Failure, Outcome};
use crate::schema::{Scalars, read};

/// Images by what they are called where they were published, and by what they are called in the hub repository.
pub type HubImages = BTreeMap<String, String>;

/// What the hub repository was rendered from, and every file that was rendered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HubLock {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this document.
    pub kind: HubLockKind,
    /// The version of the tool.
    pub tool: String,
    /// The UID of the cluster's `kube-system` namespace: a hub repository belongs to one cluster.
    pub cluster_uid: String,
    /// The upstream parts.
    pub assets: Vec<LockedAsset>,
    /// The images of the hub by what they are called where they were published, each with what the files call it. They
    /// differ where the bundle was installed from a copy in another registry.
    #[serde(default, skip_serializing_if = "HubImages::is_empty")]
    pub images: HubImages,
    /// Every rendered file but this one, with the digest of what was rendered. A file with another digest has
    /// been edited by people since.
    pub files: Digests,
    /// Those of them that were rendered executable.
    #[serde(default, skip_serializing_if = "Executables::is_empty")]
    pub executable: Executables,
}

/// The kind of this document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum HubLockKind {
    /// The lock of a hub repository; a bundle's is a `Lock`.
    HubLock,
}

/// An upstream part by version and digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockedAsset {
    /// The name in the bundle's lock.
    pub name: String,
    /// The version.
    pub version: String,
    /// The digest, as in the bundle's lock.
    pub sha256: String,
}

impl HubLock {
    /// The lock of a rendered tree.
    #[must_use]
    pub fn of(files: &Tree, assets: &[Asset], cluster_uid: &str, images: HubImages) -> Self {
        let locked = |asset: &Asset| LockedAsset {
            name: asset.name.clone(),
            version: asset.version.clone(),
            sha256: asset.sha256.clone(),
        };
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: HubLockKind::HubLock,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            cluster_uid: cluster_uid.to_owned(),
            assets: assets.iter().filter(|asset| !asset.form.is_run()).map(locked).collect(),
            images,
            files: files.digests(),
            executable: files.executables(),
        }
    }

    /// Reads the lock in a tree.
    pub fn in_tree(tree: &Tree) -> Outcome<Self> {
        Self::read(tree.text(LOCK_FILE)?.as_bytes())
    }

    /// What was rendered, but for this file.
    #[must_use]
    pub fn rendered(&self) -> Base {
        Base { files: self.files.clone(), executable: self.executable.clone() }
    }

    /// The digest of everything that was rendered.
    #[must_use]
    pub fn render_digest(&self) -> String {
        let lines = self.files.iter().map(|(path, digest)| format!("{digest} {path}\n"));
        let modes = self.executable.iter().map(|path| format!("executable {path}\n"));
        sha256(lines.chain(modes).collect::<String>().as_bytes())
    }

    /// Reads the document.
    pub fn read(text: &[u8]) -> Outcome<Self> {
        let text = std::str::from_utf8(text).map_err(|_| Failure::usage("lock.yaml is not text in UTF-8"))?;
        read("lock.yaml of the hub repository", text, Scalars::Strict)
    }
}
