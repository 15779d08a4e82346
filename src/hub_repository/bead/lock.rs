//! `beads/<name>/lock.yaml` of the hub repository: what the last render of a bead wrote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::ApiVersion;
use crate::files::{Digests, Executables, Snapshot, Tree};
use crate::hub_repository::HubImages;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::report::{Failure, Outcome};
use crate::schema::{Scalars, read};

/// The revision of the rendering that this program has. The first wrote no namespace; the second denied a bead all kinds of
/// Argo CD's group, and had no file that may be run.
pub const REVISION: u32 = 3;

/// Every file that was rendered for a bead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BeadLock {
    /// The version of this format.
    pub api_version: ApiVersion,
    /// The kind of this document.
    pub kind: BeadLockKind,
    /// The version of the tool.
    pub tool: String,
    /// The revision of the rendering. A version of a bead that is installed keeps it, so that running it again changes
    /// nothing; a new one takes the newest. Default 1, which knew no revisions.
    #[serde(default = "first", skip_serializing_if = "is_first")]
    pub revision: u32,
    /// The images of the bead by what they are called where they were published, each with what the files call it. They
    /// differ where the bundle was installed from a copy in another registry.
    #[serde(default, skip_serializing_if = "HubImages::is_empty")]
    pub images: HubImages,
    /// Every rendered file but this one, with the digest of what was rendered. A file with another digest has been
    /// edited by people since.
    pub files: Digests,
    /// Those of them that were rendered executable.
    #[serde(default, skip_serializing_if = "Executables::is_empty")]
    pub executable: Executables,
}

/// The kind of this document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum BeadLockKind {
    /// The lock of a bead in a hub repository.
    BeadLock,
}

impl BeadLock {
    /// The lock of rendered files, with the images that they name.
    #[must_use]
    pub fn of(files: &Tree, images: HubImages, revision: u32) -> Self {
        Self {
            api_version: ApiVersion::V1Alpha1,
            kind: BeadLockKind::BeadLock,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            revision,
            images,
            files: files.digests(),
            executable: files.executables(),
        }
    }

    /// Reads the document.
    fn read(path: &str, bytes: &[u8]) -> Outcome<Self> {
        let text = std::str::from_utf8(bytes).map_err(|_| Failure::usage(format!("{path} is not text in UTF-8")))?;
        read(&format!("{path} of the hub repository"), text, Scalars::Strict)
    }

    /// The lock of a bead in the hub repository, where it is there.
    pub fn of_bead(bead: &str, there: &Snapshot) -> Outcome<Option<Self>> {
        let path = Self::path(bead);
        let bytes = there.get(&path).and_then(Option::as_deref);
        bytes.map(|bytes| Self::read(&path, bytes)).transpose()
    }

    /// The lock among the files of a bead.
    pub fn in_files(bead: &str, files: &Tree) -> Outcome<Option<Self>> {
        let path = Self::path(bead);
        files.get(&path).map(|bytes| Self::read(&path, bytes)).transpose()
    }

    /// The path of the lock of a bead.
    #[must_use]
    pub fn path(bead: &str) -> String {
        RepoFile::Bead(bead, BeadFile::Lock).path()
    }
}

fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives references")]
fn is_first(revision: &u32) -> bool {
    *revision == first()
}
