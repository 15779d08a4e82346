//! Clusters that come and go because a client asks, as one asks a cloud for them: each is made anew, with a UID of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::hub::{Base, Hub};
use crate::apiserver::ApiServer;
use crate::ports::Ports;

/// The numbers of whole ones, beyond those of the testbed's own clusters.
const FIRST_NUMBER: usize = 1000;

/// All that there are.
pub struct Guests {
    base: Base,
    dir: PathBuf,
    running: Mutex<BTreeMap<String, Guest>>,
    /// The ports of all that there were: nobody else answers at the address of one that is gone.
    ports: Mutex<Vec<Ports>>,
}

/// One of them.
enum Guest {
    /// etcd and an API server, for whoever only looks at objects.
    Api(#[expect(dead_code, reason = "it ends when it is dropped")] Box<ApiServer>),
    /// One with nodes and pods.
    Whole(Box<Hub>),
}

impl Guests {
    /// None yet; their files will be below `dir`.
    pub fn new(base: &Base, dir: &Path) -> Self {
        Self { base: base.clone(), dir: dir.join("guests"), running: Mutex::default(), ports: Mutex::default() }
    }

    /// Starts one, and tells where its kubeconfig is.
    pub async fn start(&self, name: &str, whole: bool) -> Result<PathBuf> {
        ensure!(
            name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "{name} is no name of a cluster"
        );
        // Started one at a time: there is one machine for all of them.
        let mut running = self.running.lock().await;
        ensure!(!running.contains_key(name), "there is a cluster {name} already");
        let dir = self.dir.join(name);
        let base = self.base.clone();
        let (guest, kubeconfig) = if whole {
            let hub = Hub::start(FIRST_NUMBER + running.len(), &dir, base).await?;
            let kubeconfig = hub.description().kubeconfig;
            (Guest::Whole(Box::new(hub)), kubeconfig)
        } else {
            let ports = Ports::reserve()?;
            let api = ApiServer::start(&base.cache, &base.pki, &dir, &ports, None).await?;
            self.ports.lock().await.push(ports);
            let kubeconfig = api.kubeconfig.clone();
            (Guest::Api(Box::new(api)), kubeconfig)
        };
        running.insert(name.to_owned(), guest);
        // In one place for both.
        let link = dir.join("config");
        fs::copy(&kubeconfig, &link).with_context(|| format!("failed to write {}", link.display()))?;
        Ok(link)
    }

    /// Ends one, with its data. There is none is as good.
    pub async fn stop(&self, name: &str) {
        let guest = self.running.lock().await.remove(name);
        if let Some(Guest::Whole(hub)) = &guest {
            hub.end().await;
        }
        drop(guest);
        let dir = self.dir.join(name);
        for _ in 0..50 {
            // One of the killed servers may write a last file while we are at it.
            if fs::remove_dir_all(&dir).is_ok() || !dir.exists() {
                return;
            }
            sleep(super::PULSE / 2).await;
        }
    }

    /// Their names.
    pub async fn names(&self) -> Vec<String> {
        self.running.lock().await.keys().cloned().collect()
    }
}
