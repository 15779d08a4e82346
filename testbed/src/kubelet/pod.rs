//! The life of one pod as a process on the host.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Container, Pod, ServiceAccount};
use kube::api::PostParams;
use kube::{Api, ResourceExt};
use tokio::sync::watch;
use tokio::time::sleep;

use super::env::{self, Env};
use super::part::{Part, Probe, Wiring};
use super::status::{self, State};
use super::{Mode, PodProcess, Services, Shared};
use crate::loopback;
use crate::paths::{find_program, path_with};
use crate::ports::Port;
use crate::process::{self, Process, Spec};

const PROBE_PAUSE: Duration = Duration::from_millis(100);
const FIRST_BACKOFF: Duration = Duration::from_millis(300);
const LAST_BACKOFF: Duration = Duration::from_secs(5);
const CRASHED: &str = "CrashLoopBackOff";
const TOKEN_SECONDS: i64 = 7 * 24 * 3600;

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
    namespace: String,
    home: PathBuf,
    log: PathBuf,
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
        let namespace = pod.namespace().unwrap_or_default();
        let dir = &shared.host.dir;
        Self {
            home: dir.join("pods").join(format!("{namespace}_{}", pod.name_any())),
            log: dir.join("logs").join(format!("{}.log", part.label())),
            shared,
            part,
            pod,
            namespace,
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
        let services = self.shared.services(&self.namespace).await?;
        let wiring = self.wiring(&services)?;
        self.services = Some(services);
        self.wiring = Some(wiring);
        self.prepare().await?;
        self.init().await?;
        let env = env::resolve(&self.shared.host.client, &self.pod, &container)
            .await
            .map_err(|message| Refusal { reason: "CreateContainerConfigError", message })?;

        process::note(&self.log, &format!("starts for pod {}/{}", self.namespace, self.pod.name_any()))?;
        self.process = Some(Process::spawn(&self.spec(&container, &wiring, env)?)?);
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
        // Made by us and of no use to anybody; a rest of it does no harm.
        let _ = fs::remove_dir_all(&self.home);
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

    /// Makes the pod's home, with the kubeconfig of its service account in it: what Argo CD may
    /// do in the cluster is what its roles say, no more.
    async fn prepare(&self) -> Result<()> {
        let host = &self.shared.host;
        for dir in ["tmp", "tls", "ssh", "gpg", "plugins", "static"] {
            let dir = self.home.join(dir);
            fs::create_dir_all(&dir).with_context(|| format!("failed to create {}", dir.display()))?;
        }
        let account = self.pod.spec.as_ref().and_then(|spec| spec.service_account_name.as_deref());
        let request = TokenRequest {
            spec: TokenRequestSpec { expiration_seconds: Some(TOKEN_SECONDS), ..Default::default() },
            ..Default::default()
        };
        let token = Api::<ServiceAccount>::namespaced(host.client.clone(), &self.namespace)
            .create_token_request(account.unwrap_or("default"), &PostParams::default(), &request)
            .await
            .context("failed to get a token for the pod's service account")?
            .status
            .context("the API server gave no token")?
            .token;
        let config = host.pki.token_kubeconfig(host.api_port, &self.namespace, &token)?;
        fs::write(self.kubeconfig(), serde_json::to_vec(&config)?)?;
        Ok(())
    }

    /// Redis' password is made by its init container, and everybody else waits for it. The
    /// other init containers only copy programs around.
    async fn init(&self) -> Result<()> {
        if self.part != Part::Redis {
            return Ok(());
        }
        let mut spec = Spec::new("redis-initial-password", self.shared.host.cache.bin("argocd"), &self.home)
            .args(["admin", "redis-initial-password"]);
        spec.log.clone_from(&self.log);
        spec.env = Some(self.base_env().into_iter().collect());
        let mut process = Process::spawn(&spec)?;
        let status = process.wait().await?;
        ensure!(status.success(), process.obituary(status));
        Ok(())
    }

    fn spec(&self, container: &Container, wiring: &Wiring, mut env: Env) -> Result<Spec> {
        let program = match self.part {
            Part::Redis => find_program(self.part.program()).context("redis-server is gone")?,
            _ => self.shared.host.cache.bin(self.part.program()),
        };
        let own: Vec<_> = container.args.iter().flatten().map(|arg| env::expand(arg, &env)).collect();
        // The image's entrypoint takes the program as the first argument; redis has its own.
        let skip = usize::from(self.part != Part::Redis);
        env.extend(self.base_env());
        // The program takes this value for the *name* of a flag (argo-cd v3.6.1).
        env.remove("ARGOCD_SERVER_METRICS_LISTEN_ADDRESS");
        let mut spec = Spec::new(self.part.label(), program, &self.home)
            .args(own.into_iter().skip(skip))
            .args(self.part.args(wiring, &self.namespace, &self.home));
        spec.log.clone_from(&self.log);
        spec.env = Some(env.into_iter().collect());
        spec.cwd = Some(self.home.clone());
        Ok(spec)
    }

    fn base_env(&self) -> Env {
        let home = |path: &str| self.home.join(path).display().to_string();
        [
            ("PATH", path_with(&self.shared.host.cache.bin_dir())),
            ("HOME", home("")),
            ("TMPDIR", home("tmp")),
            ("HOSTNAME", self.pod.name_any()),
            ("KUBECONFIG", self.kubeconfig().display().to_string()),
            // Makes https://kubernetes.default.svc mean the server of KUBECONFIG.
            ("ARGOCD_FAKE_IN_CLUSTER", "true".to_owned()),
            ("ARGOCD_GPG_ENABLED", "false".to_owned()),
            ("ARGOCD_GNUPGHOME", home("gpg")),
            ("ARGOCD_TLS_DATA_PATH", home("tls")),
            ("ARGOCD_SSH_DATA_PATH", home("ssh")),
            ("ARGOCD_PLUGINSOCKFILEPATH", home("plugins")),
            ("HELM_CACHE_HOME", home("helm")),
            ("HELM_CONFIG_HOME", home("helm")),
            ("HELM_DATA_HOME", home("helm")),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn kubeconfig(&self) -> PathBuf {
        self.home.join("kubeconfig")
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
                namespace: self.namespace.clone(),
                pod: self.pod.name_any(),
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
            let _ = process::note(&self.log, &format!("{} waits: {reason}: {message}", self.pod.name_any()));
        }
        let written = status::write(&self.shared.host.client, &self.pod, &state, self.restarts).await;
        // Not remembered when it was not written, so that the next attempt writes it again.
        self.state = written.is_ok().then_some(state);
    }

    fn key(&self) -> String {
        format!("{}/{}", self.namespace, self.pod.name_any())
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
