//! The directories of Go modules that hold more than code: Argo CD's manifests, kwok's stages,
//! the charts of Crossplane and Kyverno. They stay where Go unpacked them; only their places are remembered.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::attend;
use super::go::go;
use super::recipe::{self, Lock};
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
    /// provider-kubernetes: `package`.
    pub provider_kubernetes: PathBuf,
    /// function-patch-and-transform: `package`.
    pub patch_and_transform: PathBuf,
    /// Kyverno: `charts/kyverno`.
    pub kyverno: PathBuf,
    /// Kyverno's newer API: `charts/kyverno-api`.
    pub kyverno_api: PathBuf,
    /// Gitea: `templates`, `options`, `public`.
    pub gitea: PathBuf,
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
        let from = |lock: &Lock, module| download(&lock.dir(cache), module, &step);
        let modules = Self {
            argocd: from(&recipe::PEERS, recipe::ARGOCD_MODULE)?,
            kwok: from(&recipe::PEERS, recipe::KWOK_MODULE)?,
            crossplane: from(&recipe::CROSSPLANE, recipe::CROSSPLANE_MODULE)?,
            provider_kubernetes: from(&recipe::PACKAGES, recipe::PROVIDER_MODULE)?,
            patch_and_transform: from(&recipe::FUNCTIONS, recipe::PATCH_AND_TRANSFORM_MODULE)?,
            kyverno: from(&recipe::KYVERNO, recipe::KYVERNO_MODULE)?,
            kyverno_api: from(&recipe::KYVERNO, recipe::KYVERNO_API_MODULE)?,
            gitea: from(&recipe::GITEA, recipe::GITEA_MODULE)?,
        };
        fs::write(&file, serde_json::to_vec_pretty(&modules)?)
            .with_context(|| format!("failed to write {}", file.display()))?;
        step.end("fetched Go modules");
        Ok(modules)
    }

    fn remembered(file: &Path) -> Option<Self> {
        let known: Self = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
        known.all().iter().all(|dir| dir.is_dir()).then_some(known)
    }

    fn all(&self) -> [&PathBuf; 8] {
        let Self { argocd, kwok, crossplane, provider_kubernetes, patch_and_transform, kyverno, kyverno_api, gitea } =
            self;
        [argocd, kwok, crossplane, provider_kubernetes, patch_and_transform, kyverno, kyverno_api, gitea]
    }
}

/// The directory of a module, after Go has fetched and verified it.
pub(super) fn download(lock: &Path, module: &str, step: &Step) -> Result<PathBuf> {
    let mut command = go(lock)?;
    command.args(["mod", "download", "-json", module]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("failed to start go")?;
    // What it says is short: nobody has to read it meanwhile.
    attend(&mut child, || {
        step.tick(module);
        Ok(())
    })?;
    let output = child.wait_with_output().context("failed to read what go says")?;
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
