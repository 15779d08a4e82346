//! One cluster with its kubelet, as the supervisor keeps it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio::sync::Mutex;

use super::snapshots::Saved;
use crate::build::Modules;
use crate::control::{Mode, PodProcess};
use crate::control_plane::ControlPlane;
use crate::description::ClusterDescription;
use crate::git::Git;
use crate::kubelet::network::Network;
use crate::kubelet::part::Part;
use crate::kubelet::{Host, Kubelet};
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::Ports;
use crate::progress::{say, seconds};
use crate::repository;
use crate::snapshot::Snapshot;

/// What all clusters of a testbed have in common.
#[derive(Clone)]
pub struct Base {
    pub cache: Cache,
    pub modules: Modules,
    pub pki: Pki,
    /// The ports of servers that pods may reach besides their API server.
    pub reach: Vec<u16>,
    /// Where the repositories of the clusters are.
    pub git: Git,
}

/// A cluster that tests take in turn.
pub struct Hub {
    number: usize,
    dir: PathBuf,
    kubeconfig: PathBuf,
    host: Arc<Host>,
    git: Git,
    state: Mutex<State>,
}

struct State {
    control_plane: ControlPlane,
    kubelet: Option<Kubelet>,
    /// Whether somebody may have written to it since the last reset.
    used: bool,
    mode: Mode,
}

impl Hub {
    /// Starts a cluster below `dir/clusters`.
    pub async fn start(number: usize, dir: &Path, base: Base) -> Result<Self> {
        let Base { cache, modules, pki, reach, git } = base;
        let started = std::time::Instant::now();
        let dir = dir.join("clusters").join(number.to_string());
        let ports = Ports::reserve()?;
        let (mut network, doors) = Network::open(&dir.join("net"), &ports, &reach).await?;
        let control_plane = ControlPlane::start(&cache, &modules, &pki, &dir, &ports, &network)
            .await
            .with_context(|| format!("failed to start cluster {number}"))?;
        network.serve(doors, control_plane.client().clone(), control_plane.port())?;
        say(&format!("cluster {number} is up after {}", seconds(started.elapsed())));
        let host = Arc::new(Host {
            cache,
            modules,
            pki,
            // Asked for now: it may be built anew while we run.
            testbed: std::env::current_exe().context("failed to find this program")?,
            client: control_plane.client().clone(),
            api_port: control_plane.port(),
            kubelet_port: control_plane.kubelet_port(),
            dir: dir.clone(),
            ports,
            network,
        });
        let mode = Mode::default();
        let state = State { kubelet: Some(Kubelet::start(Arc::clone(&host), mode)), control_plane, used: false, mode };
        Ok(Self { number, kubeconfig: dir.join("kubeconfig"), dir, host, git, state: Mutex::new(state) })
    }

    /// What clients need to know of it.
    pub fn description(&self) -> ClusterDescription {
        ClusterDescription { number: self.number, dir: self.dir.clone(), kubeconfig: self.kubeconfig.clone() }
    }

    /// An error when one of its servers has died.
    pub fn check(&self) -> Result<()> {
        // Whoever works on it meets a dead server by himself, and the others are looked at meanwhile.
        let Ok(mut state) = self.state.try_lock() else { return Ok(()) };
        super::check(state.control_plane.processes()).with_context(|| format!("cluster {} is broken", self.number))
    }

    /// Makes it clean, or what was recorded, and plays its pods in this mode.
    pub async fn prepare(&self, mode: Mode, from: Option<&Saved>) -> Result<()> {
        let mut state = self.state.lock().await;
        if state.used || state.mode != mode {
            self.restart(&mut state, mode).await?;
        }
        state.used = true;
        match from {
            Some(saved) => self.become_like(&mut state, saved).await,
            None => repository::renew(&self.repository()),
        }
    }

    async fn become_like(&self, state: &mut State, saved: &Saved) -> Result<()> {
        let started = std::time::Instant::now();
        repository::copy(&saved.repository, &self.repository())?;
        let (theirs, ours) = (self.git.reader_of(saved.snapshot.cluster), self.git.reader_of(self.number));
        let snapshot = saved.snapshot.clone().with_user(&theirs.username, &ours.username);
        state.control_plane.become_like(&snapshot).await?;
        state.control_plane.until_pods_are_ready(&snapshot.webhooks).await?;
        say(&format!("cluster {} was made from a snapshot in {}", self.number, seconds(started.elapsed())));
        Ok(())
    }

    /// What has become of it.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let state = self.state.lock().await;
        Ok(Snapshot { cluster: self.number, ..state.control_plane.snapshot().await? })
    }

    /// The directory of its repository.
    pub fn repository(&self) -> PathBuf {
        self.git.dir_of(self.number)
    }

    /// Ends what plays its pods; its servers end when it is dropped.
    pub async fn end(&self) {
        if let Some(kubelet) = self.state.lock().await.kubelet.take() {
            kubelet.stop().await;
        }
    }

    /// Puts it back to its baseline; its processes are gone when this returns.
    pub async fn reset(&self) -> Result<()> {
        let mut state = self.state.lock().await;
        self.restart(&mut state, Mode::default()).await?;
        state.used = false;
        Ok(())
    }

    async fn restart(&self, state: &mut State, mode: Mode) -> Result<()> {
        let started = std::time::Instant::now();
        // First the processes: whatever still runs would write into the clean cluster.
        if let Some(kubelet) = state.kubelet.take() {
            kubelet.stop().await;
        }
        state.control_plane.reset().await?;
        state.kubelet = Some(Kubelet::start(Arc::clone(&self.host), mode));
        state.mode = mode;
        say(&format!("cluster {} was reset in {}", self.number, seconds(started.elapsed())));
        Ok(())
    }

    /// The processes that play pods.
    pub async fn processes(&self) -> Vec<PodProcess> {
        let state = self.state.lock().await;
        state.kubelet.as_ref().map(Kubelet::processes).unwrap_or_default()
    }

    /// Where a part of Argo CD is reached.
    pub async fn service_port(&self, namespace: &str, part: Part) -> Result<u16> {
        let state = self.state.lock().await;
        let kubelet = state.kubelet.as_ref().context("the cluster is being reset")?;
        kubelet.service_port(namespace, part).await
    }
}
