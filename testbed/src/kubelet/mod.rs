//! Plays the kubelet for Argo CD, Crossplane and Kyverno: their pods run as processes on the host.
//!
//! Such a pod that lands on the node gets its image checked, its init containers run, its
//! environment resolved, its service account's token, a process, probes, and a status that
//! tells the truth about all of it. Whatever the cluster does with its pods – a rollout, a
//! scale to zero, a deleted namespace – happens to the processes. All other pods are kwok's.
//!
//! Argo CD's parts are called with ports and addresses of our choice ([`part`]). Every other pod is run as it is written
//! ([`image`] says of which images), on a loopback of its own ([`inside`]), and the [`network`] leads to it. What an
//! image in a registry on loopback is, says the registry ([`crate::artifact`]).

mod account;
mod argocd;
mod container;
mod env;
pub mod image;
pub mod inside;
mod logs;
pub mod network;
pub mod part;
mod place;
mod plain;
mod pod;
mod probe;
mod refusal;
mod service;
pub mod stages;
mod status;
mod volume;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, pin_mut};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchEvent, WatchParams};
use kube::{Api, Client, ResourceExt};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::build::Modules;
use crate::control::{Mode, PodProcess};
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::Ports;
use crate::progress::say;
use image::Image;
use network::Network;
use part::Part;
use service::Service;

/// How long a process has to end by itself when its pod goes.
const GRACE: Duration = Duration::from_secs(10);
/// How long to wait before watching again after the API server hung up.
const RETRY: Duration = Duration::from_millis(200);

/// The label that makes a pod fail, with how it does.
pub const LABEL: &str = "testbed/pod";

/// What every pod of one cluster needs to run.
pub struct Host {
    /// The built programs.
    pub cache: Cache,
    /// What lies beside them in their images.
    pub modules: Modules,
    /// Who signs for the API server.
    pub pki: Pki,
    /// This program, which also runs inside of pods.
    pub testbed: PathBuf,
    /// A client with all rights.
    pub client: Client,
    /// The API server's port.
    pub api_port: u16,
    /// The port on which the kubelet answers the API server.
    pub kubelet_port: u16,
    /// Where pods have their homes and logs.
    pub dir: PathBuf,
    /// Where their ports come from.
    pub ports: Ports,
    /// How they find each other.
    pub network: Network,
}

/// How a pod is played.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    /// As a part of Argo CD.
    ArgoCd(Part),
    /// As it is written.
    Plain,
}

impl Role {
    fn of(pod: &Pod) -> Option<Self> {
        let part = pod.labels().get(Part::LABEL).and_then(|label| Part::from_label(label));
        part.map(Self::ArgoCd).or_else(|| Image::runs(pod).then_some(Self::Plain))
    }
}

/// What the pods of one Deployment have in common in their names, for the log's.
fn stem(pod: &Pod) -> String {
    let name = pod.metadata.generate_name.clone().unwrap_or_else(|| pod.name_any());
    let stem = name.trim_end_matches('-');
    let hash = pod.labels().get("pod-template-hash").map(|hash| format!("-{hash}"));
    hash.and_then(|hash| stem.strip_suffix(&hash)).unwrap_or(stem).to_owned()
}

/// The folder of a pod, by its UID as a kubelet has it: one of a `StatefulSet` is made anew under its name while the process of the
/// former one is still ending.
fn home(host: &Host, pod: &Pod) -> PathBuf {
    host.dir.join("pods").join(pod.uid().unwrap_or_default())
}

/// The kubelet of one cluster.
pub struct Kubelet {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    logs: JoinHandle<()>,
    shared: Arc<Shared>,
}

impl Kubelet {
    /// Starts to watch the cluster's pods.
    #[must_use]
    pub fn start(host: Arc<Host>, mode: Mode) -> Self {
        let (stop, stopped) = oneshot::channel();
        let shared = Arc::new(Shared { host, mode, services: tokio::sync::Mutex::default(), table: Mutex::default() });
        let player = Player { shared: Arc::clone(&shared), pods: BTreeMap::new(), lives: JoinSet::new() };
        let logs = tokio::spawn(answer_for_logs(Arc::clone(&shared)));
        Self { stop, task: tokio::spawn(player.play(stopped)), logs, shared }
    }

    /// The processes as they are now.
    #[must_use]
    pub fn processes(&self) -> Vec<PodProcess> {
        self.shared.table().values().cloned().collect()
    }

    /// Kills all processes and waits until they are gone.
    pub async fn stop(self) {
        // A player that has already ended has nothing left to stop.
        let _ = self.stop.send(());
        self.logs.abort();
        let _ = self.task.await;
    }

    /// The port on which a part is reached in a namespace.
    pub async fn service_port(&self, namespace: &str, part: Part) -> Result<u16> {
        let services = self.shared.services(namespace).await?;
        services.of(part).map(Service::port).with_context(|| format!("{} serves nobody", part.label()))
    }
}

async fn answer_for_logs(shared: Arc<Shared>) {
    if let Err(error) = logs::serve(shared).await {
        say(&format!("the logs of pods cannot be asked for: {error:#}"));
    }
}

/// The addresses of one Argo CD.
pub(crate) struct Services {
    redis: Service,
    redis_proxy: Service,
    repo_server: Service,
    server: Service,
}

impl Services {
    fn of(&self, part: Part) -> Option<&Service> {
        match part {
            Part::Redis => Some(&self.redis),
            Part::RedisProxy => Some(&self.redis_proxy),
            Part::RepoServer => Some(&self.repo_server),
            Part::Server => Some(&self.server),
            Part::ApplicationController | Part::ApplicationSetController => None,
        }
    }

    /// The redis that a part asks for by its address; without one it asks for the single one.
    fn redis_at(&self, address: Option<&str>) -> &Service {
        let host = address.and_then(|it| it.split(':').next());
        if host == Some(Part::RedisProxy.label()) { &self.redis_proxy } else { &self.redis }
    }
}

/// What the kubelet and its pods share.
pub(crate) struct Shared {
    host: Arc<Host>,
    mode: Mode,
    services: tokio::sync::Mutex<BTreeMap<String, Arc<Services>>>,
    table: Mutex<BTreeMap<String, PodProcess>>,
}

impl Shared {
    fn table(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, PodProcess>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn services(&self, namespace: &str) -> Result<Arc<Services>> {
        let mut all = self.services.lock().await;
        if let Some(services) = all.get(namespace) {
            return Ok(Arc::clone(services));
        }
        let ports = &self.host.ports;
        let services = Arc::new(Services {
            redis: Service::open(ports).await?,
            redis_proxy: Service::open(ports).await?,
            repo_server: Service::open(ports).await?,
            server: Service::open(ports).await?,
        });
        all.insert(namespace.to_owned(), Arc::clone(&services));
        Ok(services)
    }
}

/// Starts a life for each pod, and ends it.
struct Player {
    shared: Arc<Shared>,
    /// By uid; the sender ends the life, with so much grace.
    pods: BTreeMap<String, watch::Sender<Option<Duration>>>,
    lives: JoinSet<()>,
}

impl Player {
    async fn play(mut self, stopped: oneshot::Receiver<()>) {
        tokio::select! {
            _ = stopped => {}
            () = self.follow_for_ever() => {}
        }
        for stop in self.pods.values() {
            stop.send_replace(Some(Duration::ZERO));
        }
        while self.lives.join_next().await.is_some() {}
    }

    async fn follow_for_ever(&mut self) {
        let mut complained = false;
        loop {
            match self.follow().await {
                Ok(()) => complained = false,
                Err(error) if !complained => {
                    say(&format!("the kubelet lost its watch: {error:#}"));
                    complained = true;
                }
                Err(_) => {}
            }
            sleep(RETRY).await;
        }
    }

    /// One list and one watch, until the API server ends it.
    async fn follow(&mut self) -> Result<()> {
        let api: Api<Pod> = Api::all(self.shared.host.client.clone());
        let list = api.list(&ListParams::default()).await.context("failed to list pods")?;
        let there: Vec<_> = list.items.iter().filter_map(ResourceExt::uid).collect();
        let gone: Vec<_> = self.pods.keys().filter(|uid| !there.contains(uid)).cloned().collect();
        for uid in &gone {
            self.forget(uid);
        }
        let version = list.metadata.resource_version.unwrap_or_default();
        for pod in list.items {
            self.see(pod);
        }

        let events = api.watch(&WatchParams::default(), &version).await.context("failed to watch pods")?;
        pin_mut!(events);
        while let Some(event) = events.next().await {
            match event.context("failed to read a pod's event")? {
                WatchEvent::Added(pod) | WatchEvent::Modified(pod) => self.see(pod),
                WatchEvent::Deleted(pod) => self.forget(&pod.uid().unwrap_or_default()),
                WatchEvent::Bookmark(_) => {}
                // Usually "too old resource version": list again.
                WatchEvent::Error(_) => return Ok(()),
            }
            // Lives that are over are of no interest, but are not to pile up.
            while self.lives.try_join_next().is_some() {}
        }
        Ok(())
    }

    fn see(&mut self, pod: Pod) {
        let uid = pod.uid().unwrap_or_default();
        if pod.metadata.deletion_timestamp.is_some() {
            match self.pods.get(&uid) {
                // It is buried at the end of its life.
                Some(stop) => drop(stop.send_replace(Some(GRACE))),
                // It never began, or is kwok's, which does the same.
                None => drop(self.lives.spawn(pod::bury(Arc::clone(&self.shared), pod))),
            }
            return;
        }
        let scheduled = pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        let (true, Some(role), false) = (scheduled, Role::of(&pod), self.pods.contains_key(&uid)) else {
            return;
        };
        let (stop, stopped) = watch::channel(None);
        self.lives.spawn(pod::live(Arc::clone(&self.shared), role, pod, stopped));
        self.pods.insert(uid, stop);
    }

    fn forget(&mut self, uid: &str) {
        if let Some(stop) = self.pods.remove(uid) {
            stop.send_replace(Some(GRACE));
        }
    }
}
