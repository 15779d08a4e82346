//! The API server that everybody shares: nothing runs on it, and whoever writes to it has names of their own.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::sync::Mutex;
use tokio::time::sleep;

use crate::apiserver::ApiServer;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::Ports;

/// Not there until somebody asks for it.
pub struct SharedApi {
    cache: Cache,
    pki: Pki,
    dir: PathBuf,
    running: Mutex<Option<ApiServer>>,
}

impl SharedApi {
    /// One whose files will be below `dir`.
    pub fn new(cache: &Cache, pki: &Pki, dir: &Path) -> Self {
        Self { cache: cache.clone(), pki: pki.clone(), dir: dir.join("api"), running: Mutex::default() }
    }

    /// The administrator's kubeconfig; starts the server for the first who asks.
    pub async fn kubeconfig(&self) -> Result<PathBuf> {
        let mut running = self.running.lock().await;
        if let Some(api) = running.as_ref() {
            return Ok(api.kubeconfig.clone());
        }
        let api = ApiServer::start(&self.cache, &self.pki, &self.dir, &Ports::reserve()?, None).await;
        let api = api.context("failed to start the API server that is shared")?;
        let kubeconfig = api.kubeconfig.clone();
        *running = Some(api);
        Ok(kubeconfig)
    }

    /// Returns with an error as soon as it has ended.
    pub async fn watch_over(&self) -> Result<()> {
        loop {
            if let Some(api) = self.running.lock().await.as_mut() {
                super::check(&mut api.servers.processes).context("the API server that is shared is broken")?;
            }
            sleep(super::PULSE).await;
        }
    }
}
