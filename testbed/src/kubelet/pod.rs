//! The life of one pod as a process on the host.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, Pod};
use tokio::sync::watch;
use tokio::time::sleep;

use super::env;
use super::part::{Part, Probe, Wiring};
use super::place::Place;
use super::status::{self, State};
use super::{Mode, PodProcess, Services, Shared};
use crate::loopback;
use crate::ports::Port;
use crate::process::{self, Process};

const PROBE_PAUSE: Duration = Duration::from_millis(100);
const FIRST_BACKOFF: Duration = Duration::from_millis(300);
const LAST_BACKOFF: Duration = Duration::from_secs(5);
const CRASHED: &str = "CrashLoopBackOff";

/// Runs the pod until it is told to stop, with so much grace.
pub async fn live(shared: Arc<Shared>, part: Part, pod: Pod, mut stopped: watch::Receiver<Option<Duration>>) {
    let mut life = Life::new(shared, part, pod);
    tokio::select! {
        // An error means that the kubelet is gone, which ends the pod as well.
        _ = stopped.wait_for(Option::is_some) => {}
        () = life.run() => {}
    }
    let grace = (*stopped.borrow()).unwrap_or_default();
    life.end(grace).await;
}

/// Why a pod does not run.
struct Refusal {
    reason: &'static str,
    message: String,
}

impl From<anyhow::Error> for Refusal {
    fn from(error: anyhow::Error) -> Self {
        Self { reason: "CreateContainerError", message: format!("{error:#}") }
    }
}

struct Life {
    shared: Arc<Shared>,
    part: Part,
    pod: Pod,
    place: Place,
    services: Option<Arc<Services>>,
    wiring: Option<Wiring>,
    /// Held for the whole life: a restarted process keeps its addresses.
    ports: Vec<Port>,
    process: Option<Process>,
    state: Option<State>,
    restarts: u32,
}

impl Life {
    fn new(shared: Arc<Shared>, part: Part, pod: Pod) -> Self {
        Self {
            place: Place::of(Arc::clone(&shared.host), part, &pod),
            shared,
            part,
            pod,
            services: None,
            wiring: None,
            ports: Vec::new(),
            process: None,
            state: None,
            restarts: 0,
        }
    }

    async fn run(&mut self) {
        if self.shared.mode == Mode::Pretend {
            self.set(State::Ready).await;
            return std::future::pending().await;
        }
        let mut backoff = FIRST_BACKOFF;
        loop {
            let started = Instant::now();
            if let Err(Refusal { reason, message }) = self.attempt().await {
                self.set(State::Waiting { reason, message }).await;
            }
            if started.elapsed() > 2 * LAST_BACKOFF {
                backoff = FIRST_BACKOFF;
            }
            sleep(backoff).await;
            backoff = (backoff * 2).min(LAST_BACKOFF);
        }
    }

    /// Starts the process and returns when it has ended, or could not be started.
    async fn attempt(&mut self) -> Result<(), Refusal> {
        let container = self.container()?;
        let image = container.image.clone().unwrap_or_default();
        if let Some(message) = self.part.refuses_image(&image) {
            return Err(Refusal { reason: "ImagePullBackOff", message });
        }
        let services = self.shared.services(&self.place.namespace).await?;
        let wiring = self.wiring(&services)?;
        self.services = Some(services);
        self.wiring = Some(wiring);
        self.place.prepare().await?;
        self.place.init().await?;
        let env = env::resolve(&self.shared.host.client, &self.pod, &container)
            .await
            .map_err(|message| Refusal { reason: "CreateContainerConfigError", message })?;

        process::note(&self.place.log, &format!("starts for pod {}/{}", self.place.namespace, self.place.pod))?;
        self.process = Some(Process::spawn(&self.place.spec(&container, &wiring, env)?)?);
        self.set(State::Starting).await;
        let message = self.attend(self.part.probe(&wiring)).await?;
        self.announce(false);
        self.process = None;
        self.restarts += 1;
        Err(Refusal { reason: CRASHED, message })
    }

    /// Watches over the process until it ends, and tells how.
    async fn attend(&mut self, probe: Probe) -> Result<String> {
        let mut ready = false;
        loop {
            let process = self.process.as_mut().context("no process to attend")?;
            tokio::select! {
                status = process.wait() => return Ok(process.obituary(status?).to_string()),
                answers = answers(probe), if !ready => {
                    if answers {
                        ready = true;
                        self.announce(true);
                        self.set(State::Ready).await;
                    } else {
                        sleep(PROBE_PAUSE).await;
                    }
                }
            }
        }
    }

    async fn end(mut self, grace: Duration) {
        self.announce(false);
        if let Some(process) = self.process.take() {
            process.stop(grace).await;
        }
        self.shared.table().remove(&self.key());
        self.place.clear();
    }

    fn container(&self) -> Result<Container> {
        let containers = self.pod.spec.as_ref().map(|spec| spec.containers.as_slice());
        let containers = containers.unwrap_or_default();
        containers
            .iter()
            .find(|container| container.name == self.part.container())
            .or(containers.first())
            .cloned()
            .context("the pod has no container")
    }

    fn wiring(&mut self, services: &Services) -> Result<Wiring> {
        while self.ports.len() < 3 {
            self.ports.push(self.shared.host.ports.take()?);
        }
        let mut own = [0; 3];
        for (number, port) in own.iter_mut().zip(&self.ports) {
            *number = port.number();
        }
        Ok(Wiring { own, redis: services.redis.port(), repo_server: services.repo_server.port() })
    }

    /// Puts the process behind its service, or takes it away.
    fn announce(&self, ready: bool) {
        if let Some(services) = &self.services
            && let Some(service) = services.of(self.part)
            && let Some(port) = self.wiring.as_ref().and_then(|wiring| self.part.serves(wiring))
        {
            service.set_ready(port, ready);
        }
    }

    /// Tells the cluster and our own table how the pod is, when that is news.
    async fn set(&mut self, state: State) {
        self.shared.table().insert(
            self.key(),
            PodProcess {
                namespace: self.place.namespace.clone(),
                pod: self.place.pod.clone(),
                pid: self.process.as_ref().and_then(Process::id),
                state: state.word().to_owned(),
            },
        );
        if self.state.as_ref() == Some(&state) {
            return;
        }
        if let State::Waiting { reason, message } = &state
            && *reason != CRASHED
        {
            // Of a crash the log tells more than we do. If this cannot be written, the status
            // still tells.
            let _ = process::note(&self.place.log, &format!("{} waits: {reason}: {message}", self.place.pod));
        }
        let written = status::write(&self.shared.host.client, &self.pod, &state, self.restarts).await;
        // Not remembered when it was not written, so that the next attempt writes it again.
        self.state = written.is_ok().then_some(state);
    }

    fn key(&self) -> String {
        format!("{}/{}", self.place.namespace, self.place.pod)
    }
}

async fn answers(probe: Probe) -> bool {
    match probe {
        Probe::Healthz(port) => {
            matches!(loopback::get_status(port, "/healthz").await, Ok(200))
        }
        Probe::Accepts(port) => loopback::accepts(port).await,
    }
}
