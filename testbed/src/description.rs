//! What a running testbed says about itself: the file `testbed.json` in its directory, which
//! appears when everything is up.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::build::Modules;
use crate::git::Git;
use crate::porter::Porter;

/// The name of the file.
pub const FILE: &str = "testbed.json";

/// Everything that a client needs to know.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Description {
    /// The supervisor's process id.
    pub pid: u32,
    /// The directory of everything.
    pub dir: PathBuf,
    /// The directory of the built programs, fit for `PATH`.
    pub bin: PathBuf,
    /// The version of Argo CD that runs when a cluster asks for it.
    pub argocd_version: String,
    /// The unpacked modules of Argo CD, kwok and Crossplane.
    pub modules: Modules,
    /// The git server.
    pub git: Git,
    /// `HOST:PORT` of the OCI registry.
    pub registry: String,
    /// How the real Porter is used, where it was asked for.
    pub porter: Option<Porter>,
    /// The clusters, the first of which has the number 1.
    pub clusters: Vec<ClusterDescription>,
}

/// One cluster.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ClusterDescription {
    /// Its number, from 1.
    pub number: usize,
    /// Its directory, with the logs of all its processes.
    pub dir: PathBuf,
    /// The administrator's kubeconfig.
    pub kubeconfig: PathBuf,
}

impl Description {
    /// Reads the description of the testbed in `dir`.
    pub fn read(dir: &Path) -> Result<Self> {
        let file = dir.join(FILE);
        let text = fs::read(&file).with_context(|| format!("no testbed runs in {}", dir.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("failed to read {}", file.display()))
    }

    /// Writes it in one piece: whoever sees the file sees all of it. It has passwords in it.
    pub fn write(&self) -> Result<()> {
        let file = self.dir.join(FILE);
        let mut unfinished = tempfile::NamedTempFile::new_in(&self.dir)?;
        serde_json::to_writer_pretty(&mut unfinished, self)?;
        unfinished.persist(&file).with_context(|| format!("failed to write {}", file.display()))?;
        Ok(())
    }
}
