//! The directories of Go modules that hold more than code: Argo CD's manifests, kwok's stages,
//! Crossplane's chart. They stay where Go unpacked them; only their places are remembered.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::go::go;
use super::recipe;
use crate::paths::Cache;
use crate::progress::Step;

/// Where the unpacked modules lie.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Modules {
    /// Argo CD: `manifests/install.yaml` and more.
    pub argocd: PathBuf,
    /// kwok: its stages.
    pub kwok: PathBuf,
    /// Crossplane: `cluster/charts/crossplane`, `cluster/crds`.
    pub crossplane: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Download {
    dir: PathBuf,
}

impl Modules {
    /// Takes the remembered places if all are still there, else has Go fetch and verify them.
    pub fn ensure(cache: &Cache) -> Result<Self> {
        let file = cache.root().join("modules.json");
        if let Some(known) = Self::remembered(&file) {
            return Ok(known);
        }
        let step = Step::begin("fetching Go modules");
        let peers = recipe::peers_dir(cache);
        let modules = Self {
            argocd: download(&peers, recipe::ARGOCD_MODULE)?,
            kwok: download(&peers, recipe::KWOK_MODULE)?,
            crossplane: download(&recipe::charts_dir(cache), recipe::CROSSPLANE_MODULE)?,
        };
        fs::write(&file, serde_json::to_vec_pretty(&modules)?)
            .with_context(|| format!("failed to write {}", file.display()))?;
        step.end("fetched Go modules");
        Ok(modules)
    }

    fn remembered(file: &Path) -> Option<Self> {
        let known: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        [&known.argocd, &known.kwok, &known.crossplane].iter().all(|dir| dir.is_dir()).then_some(known)
    }
}

fn download(lock: &Path, module: &str) -> Result<PathBuf> {
    let output = go(lock)?.args(["mod", "download", "-json", module]).output().context("failed to start go")?;
    if !output.status.success() {
        bail!(
            "failed to fetch {module}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let download: Download =
        serde_json::from_slice(&output.stdout).with_context(|| format!("go says nothing of use about {module}"))?;
    Ok(download.dir)
}
