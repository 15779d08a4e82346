//! Builds older versions of peers, for those who ask for them only.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::modules::download;
use super::{go, lock, recipe};
use crate::paths::Cache;
use crate::progress::Step;

/// The file that says where the module of the older Crossplane lies.
const CROSSPLANE: &str = "crossplane-module";

/// Makes sure that the older versions are there.
pub fn ensure(cache: &Cache) -> Result<()> {
    let older = cache.older();
    let _lock = lock(&older)?;
    recipe::write(&older, recipe::OLDER)?;
    let file = older.root().join(CROSSPLANE);
    if crossplane_module(cache).is_none() {
        let step = Step::begin("fetching Go modules");
        let [crossplane, ..] = recipe::OLDER else { return Ok(()) };
        let dir = download(&crossplane.dir(&older), recipe::OLDER_CROSSPLANE_MODULE, &step)?;
        fs::write(&file, dir.as_os_str().as_encoded_bytes())
            .with_context(|| format!("failed to write {}", file.display()))?;
        step.end("fetched Go modules");
    }
    go::ensure(&older, recipe::OLDER)
}

/// The unpacked module of the older Crossplane, with its resource definitions, if it was asked for.
#[must_use]
pub fn crossplane_module(cache: &Cache) -> Option<PathBuf> {
    let text = fs::read_to_string(cache.older().root().join(CROSSPLANE)).ok()?;
    Some(PathBuf::from(text)).filter(|dir| dir.is_dir())
}
