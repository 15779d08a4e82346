//! kind, the program: as much of it as works where there is no container engine.

use std::path::PathBuf;

use anyhow::Result;

use crate::build::{self, recipe};
use crate::paths::Cache;

/// Finds it; builds it first when it has to. Blocks.
pub fn ensure() -> Result<PathBuf> {
    let cache = Cache::locate()?;
    build::ensure(&cache, &[&recipe::KIND])?;
    Ok(cache.bin("kind"))
}
