//! The files of a version under `dist/`, and the feed over all versions that lie there.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result};
use jiff::Timestamp;
use semver::Version;
use sha2::{Digest as _, Sha256};

use crate::MIXIN;
use crate::feed::{self, Entry};
use crate::sign;

/// The digests of the other files, as `sha256sum --check` reads them.
const DIGESTS: &str = "SHA256SUMS";

/// A release in the making.
#[derive(Debug)]
pub struct Release<'r> {
    /// The folder that is laid out, `dist`.
    pub dist: &'r Path,
    /// The version, with its `v`.
    pub version: &'r str,
    /// When its commit was made; every file carries this date.
    pub date: Timestamp,
}

impl Release<'_> {
    /// Starts anew: what lay there for this version is gone.
    pub fn clear(&self) -> Result<()> {
        let folder = self.folder();
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder).with_context(|| format!("failed to make {}", folder.display()))
    }

    /// Adds the program for a platform (`linux-amd64`).
    pub fn add_program(&self, platform: &str, program: &[u8]) -> Result<()> {
        self.add(&format!("{MIXIN}-{platform}"), program, 0o755)
    }

    /// Adds the bill of materials.
    pub fn add_materials(&self, text: &str) -> Result<()> {
        self.add(&format!("{MIXIN}.cdx.json"), text.as_bytes(), 0o644)
    }

    /// Adds the manual: the pages of a folder as one archive, to be unpacked in a folder `man1` of `MANPATH`.
    pub fn add_manual(&self, pages: &Path) -> Result<()> {
        let mut archive = tar::Builder::new(Vec::new());
        for name in names(pages)? {
            let page = fs::read(pages.join(&name)).with_context(|| format!("failed to read {name}"))?;
            let mut header = tar::Header::new_gnu();
            header.set_size(page.len().try_into()?);
            header.set_mode(0o644);
            header.set_mtime(self.date.as_second().try_into()?);
            archive.append_data(&mut header, &name, page.as_slice())?;
        }
        self.add(&format!("{MIXIN}.man.tar"), &archive.into_inner()?, 0o644)
    }

    /// Adds the digests of what was added before.
    pub fn add_digests(&self) -> Result<()> {
        let mut digests = String::new();
        for name in names(&self.folder())? {
            let digest = Sha256::digest(fs::read(self.folder().join(&name))?);
            digests.extend(digest.iter().map(|byte| format!("{byte:02x}")));
            digests.extend(["  ", &name, "\n"]);
        }
        self.add(DIGESTS, digests.as_bytes(), 0o644)
    }

    /// Signs the digests, and with them all files.
    pub fn sign(&self, key: &Path) -> Result<()> {
        let signature = sign::sign(&self.folder().join(DIGESTS), key, &format!("{MIXIN} {}", self.version))?;
        self.finish(&signature, 0o644)
    }

    fn add(&self, name: &str, content: &[u8], mode: u32) -> Result<()> {
        let path = self.folder().join(name);
        fs::write(&path, content).with_context(|| format!("failed to write {}", path.display()))?;
        self.finish(&path, mode)
    }

    /// Gives a file its mode and the date of the commit.
    fn finish(&self, path: &Path, mode: u32) -> Result<()> {
        let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(self.date.as_second())?);
        let finish = || {
            fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
            File::options().append(true).open(path)?.set_modified(date)
        };
        finish().with_context(|| format!("failed to set mode and date of {}", path.display()))
    }

    fn folder(&self) -> PathBuf {
        self.dist.join("mixins").join(MIXIN).join(self.version)
    }
}

/// Writes the feed over all versions in `dist`, the highest first; `url` is where their folders can be downloaded.
///
/// The date of a version is that of its files, so versions laid out earlier keep theirs.
pub fn write_feed(dist: &Path, url: &str) -> Result<()> {
    let mixin = dist.join("mixins").join(MIXIN);
    let mut versions: Vec<(Version, Entry)> = Vec::new();
    for folder in names(&mixin)? {
        let number = folder.strip_prefix('v').and_then(|number| Version::parse(number).ok());
        let number = number.with_context(|| format!("{} is no version", mixin.join(&folder).display()))?;
        versions.push((number, entry(&mixin, folder)?));
    }
    versions.sort_by(|(a, _), (b, _)| b.cmp(a));
    let entries: Vec<Entry> = versions.into_iter().map(|(_, entry)| entry).collect();
    let path = dist.join("mixins/atom.xml");
    fs::write(&path, feed::render(&entries, url)).with_context(|| format!("failed to write {}", path.display()))
}

fn entry(mixin: &Path, version: String) -> Result<Entry> {
    let folder = mixin.join(&version);
    let mut programs = names(&folder)?;
    programs.retain(|name| name.starts_with(&format!("{MIXIN}-")));
    let mut updated = Timestamp::UNIX_EPOCH;
    for program in &programs {
        updated = updated.max(fs::metadata(folder.join(program))?.modified()?.try_into()?);
    }
    Ok(Entry { version, updated: Timestamp::from_second(updated.as_second())?, programs })
}

/// The names of what lies in a folder, in order.
fn names(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("failed to read {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let name = entry?.file_name();
        names.push(name.into_string().ok().with_context(|| format!("a name in {} is no text", folder.display()))?);
    }
    names.sort();
    Ok(names)
}
