//! Installs Backstage's backend from npm packages, for those who ask for it only.
//!
//! Its versions and checksums stand in `peers/backstage/package-lock.json`, and so does Node's: npm may come with any.
//! Nothing is compiled, and no package runs anything while it is installed.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use super::{run, system};
use crate::paths::{Cache, find_program};

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../../peers/backstage/", $name)))
    };
}

const FILES: &[(&str, &str)] = &[
    file!("package.json"),
    file!("package-lock.json"),
    file!("main.js"),
    file!("sqlite/package.json"),
    file!("sqlite/index.js"),
];

/// The installed backend.
#[derive(Clone, Debug)]
pub struct Backend {
    dir: PathBuf,
}

impl Backend {
    /// Where it is, or will be: beside the caches of the other programs, since its pins are its own.
    #[must_use]
    pub fn locate(cache: &Cache) -> Self {
        let mut digest = Sha256::new();
        for (_, text) in FILES {
            digest.update(text);
        }
        let [a, b, c, d, ..] = <[u8; 32]>::from(digest.finalize());
        Self { dir: cache.beside(&format!("backstage-{:08x}", u32::from_be_bytes([a, b, c, d]))) }
    }

    /// Installs it when it is not there yet. An interrupted installation begins anew, with what npm has fetched.
    pub fn ensure(cache: &Cache) -> Result<()> {
        let dir = Self::locate(cache).dir;
        if dir.exists() {
            return Ok(());
        }
        system::ensure(system::BACKSTAGE)?;
        let _lock = super::lock(cache)?;
        if dir.exists() {
            return Ok(());
        }
        let unfinished = dir.with_extension("unfinished");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).context("failed to clear an unfinished installation")?;
        }
        for (name, text) in FILES {
            let file = unfinished.join(name);
            let parent = file.parent().context("a file has a directory")?;
            fs::create_dir_all(parent)
                .and_then(|()| fs::write(&file, text))
                .with_context(|| format!("failed to write {}", file.display()))?;
        }
        let npm = find_program("npm").context("npm is not installed")?;
        let mut command = Command::new(npm);
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&unfinished);
        let log = cache.root().join("build-backstage.log");
        run(&command, &log, "installing Backstage", "installed Backstage")?;
        fs::rename(&unfinished, &dir).with_context(|| format!("failed to rename to {}", dir.display()))
    }

    /// The pinned Node.
    #[must_use]
    pub fn node(&self) -> PathBuf {
        let arch = if ARCH == "aarch64" { "arm64" } else { "x64" };
        self.dir.join(format!("node_modules/node-linux-{arch}/bin/node"))
    }

    /// Where it has to be started: it looks for its packages from there.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}
