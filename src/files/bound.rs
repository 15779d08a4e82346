//! How much a pinned download may be, before anybody has looked at its digest.

use std::fmt;

use crate::document::{Asset, AssetForm};

/// What a download may have in bytes, where the lock does not say. The largest manifests and charts have a few million.
const LARGEST_DOWNLOAD: u64 = 64 << 20;
/// What may be in it when it is unpacked.
const LARGEST_CONTENT: u64 = 128 << 20;
/// What a program or a provider may have, which come packed or not. Those of the largest clouds have some hundred million.
const LARGEST_PROGRAM: u64 = 1 << 30;
/// The largest file of it.
const LARGEST_FILE: u64 = 32 << 20;
/// How many files and folders may be in it.
const MOST_FILES: usize = 10_000;
/// A chart is text, which is packed by ten or twenty.
const MOST_PACKED: u64 = 200;

/// A bound for the content of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// All files together, in bytes.
    pub bytes: u64,
    /// Each file, in bytes.
    pub file: u64,
    /// How many files and folders.
    pub files: usize,
    /// By what it may have been packed, when it is an archive.
    pub ratio: u64,
}

impl Default for Bound {
    fn default() -> Self {
        Self { bytes: LARGEST_CONTENT, file: LARGEST_FILE, files: MOST_FILES, ratio: MOST_PACKED }
    }
}

impl Bound {
    /// The one of an asset: its size, where the lock pins it.
    #[must_use]
    pub fn of(asset: &Asset) -> Self {
        match asset.size.or(asset.form.is_run().then_some(LARGEST_PROGRAM)) {
            Some(size) => Self { bytes: size, file: size, ratio: u64::MAX, ..Self::default() },
            None => Self::default(),
        }
    }

    /// The one of an executable in the archive of a program, whose digest is known to be the pinned one.
    #[must_use]
    pub fn of_executable() -> u64 {
        LARGEST_PROGRAM
    }

    /// What may be downloaded of an asset, in bytes. All but charts is kept as it is downloaded.
    #[must_use]
    pub fn of_download(asset: &Asset) -> u64 {
        match asset.form {
            AssetForm::Chart => asset.download.as_ref().map_or(LARGEST_DOWNLOAD, |download| download.size),
            AssetForm::Manifest => {
                let pinned = asset.download.as_ref().map(|download| download.size);
                pinned.or(asset.size).unwrap_or(LARGEST_DOWNLOAD)
            }
            AssetForm::Program | AssetForm::Provider => asset.size.unwrap_or(LARGEST_PROGRAM),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes, {} in a file, or {} files and folders", self.bytes, self.file, self.files)
    }
}
