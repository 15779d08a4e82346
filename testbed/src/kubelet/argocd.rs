//! A pod of Argo CD: its parts find each other by ports that we choose.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Container, Pod};

use super::part::{Part, Probe, Wiring};
use super::place::Place;
use super::refusal::Refusal;
use super::{Services, Shared, env, logs};
use crate::ports::Port;
use crate::process::{self, Process};
use crate::{artifact, loopback};

/// The variable by which a part is told where its redis is.
const REDIS_ADDRESS: &str = "REDIS_SERVER";

/// Such a pod.
pub struct ArgoCd {
    part: Part,
    place: Place,
    shared: Arc<Shared>,
    pod: Pod,
    services: Option<Arc<Services>>,
    wiring: Option<Wiring>,
    /// Held for the whole life: a restarted process keeps its addresses.
    ports: Vec<Port>,
}

impl ArgoCd {
    /// The pod; nothing is made yet.
    pub fn new(shared: Arc<Shared>, part: Part, pod: Pod) -> Self {
        let place = Place::of(Arc::clone(&shared.host), part, &pod);
        Self { part, place, shared, pod, services: None, wiring: None, ports: Vec::new() }
    }

    /// The file that the process writes to.
    pub fn log(&self) -> &PathBuf {
        &self.place.log
    }

    /// Prepares everything that the part needs, and starts it.
    pub async fn start(&mut self) -> Result<Process, Refusal> {
        let container = self.container()?;
        let image = Refusal::pull(artifact::identify(container.image.as_deref().unwrap_or_default()).await)?;
        Refusal::pull(self.part.refuses_image(&image).map_or(Ok(()), Err))?;
        let services = self.shared.services(&self.place.namespace).await?;
        let mut wiring = self.wiring(&services)?;
        self.wiring = Some(wiring);
        self.place.prepare().await?;
        self.place.mount(&self.pod, &container).await?;
        self.place.init().await?;
        let env = env::resolve(&self.shared.host.client, &self.pod, &container)
            .await
            .map_err(|message| Refusal { reason: "CreateContainerConfigError", message })?;
        wiring.redis = services.redis_at(env.get(REDIS_ADDRESS).map(String::as_str)).port();
        self.services = Some(services);
        process::note(&self.place.log, &logs::beginning(&self.place.namespace, &self.place.pod, &container.name))?;
        Ok(Process::spawn(&self.place.spec(&container, &wiring, env)?)?)
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

    /// Whether the process answers its probe.
    pub async fn is_up(&self) -> bool {
        match self.wiring.as_ref().map(|wiring| self.part.probe(wiring)) {
            None => false,
            Some(Probe::Healthz(port)) => matches!(loopback::get_status(port, "/healthz").await, Ok(200)),
            Some(Probe::Accepts(port)) => loopback::accepts(port).await,
        }
    }

    /// Puts the process behind its service, or takes it away.
    pub fn announce(&self, ready: bool) {
        if let Some(services) = &self.services
            && let Some(service) = services.of(self.part)
            && let Some(port) = self.wiring.as_ref().and_then(|wiring| self.part.serves(wiring))
        {
            service.set_ready(port, ready);
        }
    }

    /// Removes what was made for the pod.
    pub fn clear(&self) {
        self.place.clear();
    }
}
