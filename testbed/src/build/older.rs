//! Builds older versions of peers, for those who ask for them only.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::modules::download;
use super::recipe::{CROSSPLANE_MODULE, OLDER, OLDER_CROSSPLANE_MODULE, pinned_by};
use super::{go, lock, recipe};
use crate::paths::Cache;
use crate::progress::Step;

/// The modules that hold more than code.
const MODULES: [&str; 2] = [OLDER_CROSSPLANE_MODULE, CROSSPLANE_MODULE];

/// Makes sure that the older versions are there.
pub fn ensure(cache: &Cache) -> Result<()> {
    fetch(cache)?;
    let older = cache.older();
    let _lock = lock(&older)?;
    go::ensure(&older, OLDER)
}

/// Makes sure that their modules are there: manifests and resource definitions need no build.
pub fn fetch(cache: &Cache) -> Result<()> {
    let older = cache.older();
    let _lock = lock(&older)?;
    recipe::write(&older, OLDER)?;
    if MODULES.iter().all(|it| module(cache, it).is_some()) {
        return Ok(());
    }
    let step = Step::begin("fetching Go modules");
    let mut dirs = BTreeMap::new();
    for name in MODULES {
        let lock = OLDER.iter().copied().find(|lock| pinned_by(&[*lock], name).is_some());
        let lock = lock.with_context(|| format!("no lock pins {name}"))?;
        dirs.insert(name, download(&lock.dir(&older), name, &step)?);
    }
    let file = file(&older);
    fs::write(&file, serde_json::to_vec_pretty(&dirs)?)
        .with_context(|| format!("failed to write {}", file.display()))?;
    step.end("fetched Go modules");
    Ok(())
}

/// The unpacked module of an older version, if it was asked for.
#[must_use]
pub fn module(cache: &Cache, name: &str) -> Option<PathBuf> {
    let text = fs::read(file(&cache.older())).ok()?;
    let mut dirs: BTreeMap<String, PathBuf> = serde_json::from_slice(&text).ok()?;
    dirs.remove(name).filter(|dir: &PathBuf| Path::is_dir(dir))
}

fn file(older: &Cache) -> PathBuf {
    older.root().join("modules.json")
}
