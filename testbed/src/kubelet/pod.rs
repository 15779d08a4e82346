//! The life of one pod as a process on the host.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{DeleteParams, Preconditions};
use kube::{Api, ResourceExt};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::argocd::ArgoCd;
use super::plain::Plain;
use super::refusal::Refusal;
use super::status::{self, State};
use super::{Role, Shared, logs};
use crate::control::{Mode, PodProcess};
use crate::process::{self, Process};

/// A kubelet asks every ten seconds where a manifest says nothing; tests wait for what it finds.
const PROBE_PAUSE: Duration = Duration::from_millis(100);
/// A kubelet begins with ten seconds and goes up to five minutes, which tests need not sit out.
const FIRST_BACKOFF: Duration = Duration::from_millis(300);
const LAST_BACKOFF: Duration = Duration::from_secs(5);
/// How long the API server may be away when a pod is to be taken out of it.
const BURIAL: Duration = Duration::from_secs(10);
const CRASHED: &str = "CrashLoopBackOff";
/// The exit code that a kubelet tells of a process that a signal has ended.
const KILLED: i32 = 137;

/// Runs the pod until it is told to stop, with so much grace.
pub async fn live(shared: Arc<Shared>, role: Role, pod: Pod, mut stopped: watch::Receiver<Option<Duration>>) {
    let mut life = Life::new(shared, role, pod);
    tokio::select! {
        // An error means that the kubelet is gone, which ends the pod as well.
        _ = stopped.wait_for(Option::is_some) => {}
        () = life.run() => {}
    }
    let grace = (*stopped.borrow()).unwrap_or_default();
    let (shared, pod) = (Arc::clone(&life.shared), life.pod.clone());
    life.end(grace).await;
    if !grace.is_zero() {
        bury(shared, pod).await;
    }
}

/// Takes a pod that is being deleted out of the cluster, as a kubelet does once nothing of it runs. Who waits for the pod to be
/// gone may rely on it: what a process of it wrote a moment later would be nobody's.
pub async fn bury(shared: Arc<Shared>, pod: Pod) {
    let api: Api<Pod> = Api::namespaced(shared.host.client.clone(), &pod.namespace().unwrap_or_default());
    let exactly = Preconditions { uid: pod.uid(), resource_version: None };
    let now = DeleteParams { grace_period_seconds: Some(0), preconditions: Some(exactly), ..DeleteParams::default() };
    let until_gone = async {
        loop {
            match api.delete(&pod.name_any(), &now).await {
                // Gone, or another one has its name.
                Ok(_) => return,
                Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => return,
                Err(_) => sleep(PROBE_PAUSE).await,
            }
        }
    };
    // With the cluster its pods are gone, too.
    let _ = timeout(BURIAL, until_gone).await;
}

/// What a pod is on the host.
enum Body {
    ArgoCd(ArgoCd),
    Plain(Plain),
}

impl Body {
    fn new(shared: &Arc<Shared>, role: Role, pod: Pod) -> Self {
        match role {
            Role::ArgoCd(part) => Self::ArgoCd(ArgoCd::new(Arc::clone(shared), part, pod)),
            Role::Plain => Self::Plain(Plain::new(Arc::clone(&shared.host), pod)),
        }
    }

    fn log(&self) -> &PathBuf {
        match self {
            Self::ArgoCd(pod) => pod.log(),
            Self::Plain(pod) => &pod.log,
        }
    }

    /// `None`: nothing of it can run here.
    async fn start(&mut self) -> Result<Option<Process>, Refusal> {
        match self {
            Self::ArgoCd(pod) => pod.start().await.map(Some),
            Self::Plain(pod) => pod.start().await,
        }
    }

    async fn is_up(&self) -> bool {
        match self {
            Self::ArgoCd(pod) => pod.is_up().await,
            Self::Plain(pod) => pod.is_up().await,
        }
    }

    fn announce(&self, ready: bool) {
        match self {
            Self::ArgoCd(pod) => pod.announce(ready),
            Self::Plain(pod) => pod.announce(ready),
        }
    }

    fn clear(&self) {
        match self {
            Self::ArgoCd(pod) => pod.clear(),
            Self::Plain(pod) => pod.clear(),
        }
    }
}

struct Life {
    shared: Arc<Shared>,
    pod: Pod,
    body: Body,
    process: Option<Process>,
    state: Option<State>,
    restarts: u32,
}

impl Life {
    fn new(shared: Arc<Shared>, role: Role, pod: Pod) -> Self {
        Self { body: Body::new(&shared, role, pod.clone()), shared, pod, process: None, state: None, restarts: 0 }
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
        let Some(process) = self.body.start().await? else {
            // Ready at once, and at its end as soon, as kwok has its pods.
            self.set(State::Ready).await;
            if self.ends_for_good() {
                self.set(State::Ended { code: 0 }).await;
            }
            return std::future::pending().await;
        };
        self.process = Some(process);
        self.set(State::Starting).await;
        let (status, message) = self.attend().await?;
        let end = logs::end(&self.pod.namespace().unwrap_or_default(), &self.pod.name_any());
        process::note(self.body.log(), &end)?;
        self.body.announce(false);
        self.process = None;
        if self.ends_for_good() {
            self.set(State::Ended { code: status.code().unwrap_or(KILLED) }).await;
            return std::future::pending().await;
        }
        self.restarts += 1;
        Err(Refusal { reason: CRASHED, message })
    }

    /// Whether its end is the end of the pod, as that of a Job's.
    fn ends_for_good(&self) -> bool {
        self.pod.spec.as_ref().is_some_and(|spec| spec.restart_policy.as_deref() == Some("Never"))
    }

    /// Watches over the process until it ends, and tells how.
    async fn attend(&mut self) -> Result<(ExitStatus, String)> {
        let mut ready = false;
        loop {
            let process = self.process.as_mut().context("no process to attend")?;
            tokio::select! {
                status = process.wait() => {
                    let status = status?;
                    return Ok((status, process.obituary(status).to_string()));
                }
                is_up = self.body.is_up(), if !ready => {
                    if is_up {
                        ready = true;
                        self.body.announce(true);
                        self.set(State::Ready).await;
                    } else {
                        sleep(PROBE_PAUSE).await;
                    }
                }
            }
        }
    }

    async fn end(mut self, grace: Duration) {
        self.body.announce(false);
        if let Some(process) = self.process.take() {
            process.stop(grace).await;
        }
        self.shared.table().remove(&self.key());
        self.body.clear();
    }

    /// Tells the cluster and our own table how the pod is, when that is news.
    async fn set(&mut self, state: State) {
        self.shared.table().insert(
            self.key(),
            PodProcess {
                namespace: self.pod.namespace().unwrap_or_default(),
                pod: self.pod.name_any(),
                pid: self.process.as_ref().and_then(Process::id),
                state: state.word().to_owned(),
                log: self.body.log().clone(),
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
            let _ = process::note(self.body.log(), &format!("{} waits: {reason}: {message}", self.pod.name_any()));
        }
        let written = status::write(&self.shared.host.client, &self.pod, &state, self.restarts).await;
        // Not remembered when it was not written, so that the next attempt writes it again.
        self.state = written.is_ok().then_some(state);
    }

    /// Not its name: the next one of a `StatefulSet` has the same, and may be there already.
    fn key(&self) -> String {
        self.pod.uid().unwrap_or_default()
    }
}
