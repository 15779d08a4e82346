//! The one process that owns all others.
//!
//! It lives on one thread, for a reason: the kernel kills a child when the *thread* that
//! spawned it ends. So whatever happens to the supervisor, nothing outlives it.

mod hub;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};

use crate::build::{self, Modules, recipe};
use crate::control::{self, Request, Response};
use crate::description::{self, Description};
use crate::git::GitServer;
use crate::loopback;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::ports::Ports;
use crate::process::Process;
use crate::progress::say;
use crate::registry::Registry;
use hub::Hub;

const SERVERS_DEADLINE: Duration = Duration::from_secs(30);
const PULSE: Duration = Duration::from_millis(100);

/// What is to be run, and how long.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The directory of everything; what an earlier testbed left in it is removed.
    pub dir: PathBuf,
    /// How many clusters.
    pub clusters: usize,
    /// End when stdin reaches its end, that is: when whoever started us is gone.
    pub until_eof: bool,
}

impl Serve {
    /// Starts everything, and returns when it is told to end or when a server died.
    pub async fn run(self) -> Result<()> {
        let cache = Cache::locate()?;
        let modules = build::ensure(&cache)?;
        let _lock = take(&self.dir)?;
        tokio::select! {
            result = self.start_and_serve(cache, modules) => result,
            reason = self.end() => {
                say(&format!("ends: {}", reason?));
                Ok(())
            }
        }
    }

    async fn start_and_serve(&self, cache: Cache, modules: Modules) -> Result<()> {
        let ports = Ports::reserve()?;
        let logs = self.dir.join("logs");
        say("starting the git server and the registry");
        let mut git = GitServer::start(&self.dir.join("git"), &logs, &ports)?;
        let mut registry = Registry::start(&self.dir.join("registry"), &logs, &ports)?;
        let pki = Pki::create(&self.dir.join("pki"))?;
        say(&format!(
            "starting {} cluster(s): etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok",
            self.clusters
        ));
        let starting = (1..=self.clusters)
            .map(|number| Hub::start(number, &self.dir, cache.clone(), modules.clone(), pki.clone()));
        let hubs: Vec<_> = futures::future::try_join_all(starting).await?.into_iter().map(Rc::new).collect();
        await_servers(&mut git, &mut registry).await?;

        let listener = UnixListener::bind(control::socket(&self.dir)).with_context(|| {
            format!("failed to open {} (is its path too long?)", control::socket(&self.dir).display())
        })?;
        let description = Description {
            pid: std::process::id(),
            dir: self.dir.clone(),
            bin: cache.bin_dir(),
            argocd_version: recipe::argocd_version().to_owned(),
            modules,
            git: git.git.clone(),
            registry: registry.host(),
            clusters: hubs.iter().map(|hub| hub.description()).collect(),
        };
        description.write()?;
        say("everything is up");

        let local = LocalSet::new();
        local
            .run_until(async {
                tokio::select! {
                    result = answer(listener, &hubs) => result,
                    result = watch_over(git.processes.iter_mut().chain([&mut registry.process])) => result,
                    result = first_failure(&hubs) => result,
                }
            })
            .await
    }

    /// Waits for a reason to end.
    async fn end(&self) -> Result<&'static str> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let stdin_ends = async {
            if self.until_eof {
                // An error means that the thread is gone, and stdin with it.
                let _ = end_of_stdin().await;
            } else {
                std::future::pending::<()>().await;
            }
        };
        Ok(tokio::select! {
            _ = terminate.recv() => "asked to",
            _ = interrupt.recv() => "interrupted",
            () = stdin_ends => "whoever started this is gone",
        })
    }
}

/// Reads stdin on a thread of its own: the runtime's own way would hold up its end.
fn end_of_stdin() -> oneshot::Receiver<()> {
    let (ended, end) = oneshot::channel();
    thread::spawn(move || {
        // What is written to us means nothing, and an error ends it just as well.
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        // Nobody listens when we end for another reason.
        let _ = ended.send(());
    });
    end
}

/// Makes the directory ours and empty.
fn take(dir: &Path) -> Result<File> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("failed to create {}", dir.display()))?;
    let lock = File::create(dir.join("lock")).context("failed to open the lock")?;
    if lock.try_lock().is_err() {
        bail!("a testbed runs in {} already", dir.display());
    }
    for name in [description::FILE, "control.sock"] {
        // Nothing there is the usual case.
        let _ = fs::remove_file(dir.join(name));
    }
    for name in ["clusters", "git", "registry", "pki", "logs", "porter"] {
        let path = dir.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(lock)
}

async fn await_servers(git: &mut GitServer, registry: &mut Registry) -> Result<()> {
    let git_port = git.git.url.rsplit(':').next().unwrap_or_default().parse()?;
    let deadline = Instant::now() + SERVERS_DEADLINE;
    loop {
        let up = matches!(loopback::get_status(git_port, "/healthz").await, Ok(200))
            && matches!(loopback::get_status(registry.port.number(), "/v2/").await, Ok(200));
        if up {
            return Ok(());
        }
        check(git.processes.iter_mut().chain([&mut registry.process]))?;
        ensure!(Instant::now() < deadline, "the git server or the registry does not answer");
        sleep(PULSE / 4).await;
    }
}

/// Returns with an error as soon as one of the processes has ended.
async fn watch_over<'a>(processes: impl IntoIterator<Item = &'a mut Process>) -> Result<()> {
    let mut processes: Vec<_> = processes.into_iter().collect();
    loop {
        check(processes.iter_mut().map(|process| &mut **process))?;
        sleep(PULSE).await;
    }
}

fn check<'a>(processes: impl IntoIterator<Item = &'a mut Process>) -> Result<()> {
    for process in processes {
        if let Some(status) = process.ended()? {
            return Err(process.obituary(status));
        }
    }
    Ok(())
}

async fn first_failure(hubs: &[Rc<Hub>]) -> Result<()> {
    loop {
        for hub in hubs {
            hub.check().await?;
        }
        sleep(PULSE).await;
    }
}

async fn answer(listener: UnixListener, hubs: &[Rc<Hub>]) -> Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("failed to accept a client")?;
        let hubs = hubs.to_vec();
        tokio::task::spawn_local(async move {
            if let Err(error) = converse(stream, &hubs).await {
                say(&format!("a client went wrong: {error:#}"));
            }
        });
    }
}

async fn converse(stream: UnixStream, hubs: &[Rc<Hub>]) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let request = serde_json::from_str(&line).context("not a request")?;
    let response = respond(request, hubs).await.unwrap_or_else(|error| Response::Failed(format!("{error:#}")));
    let mut answer = serde_json::to_vec(&response)?;
    answer.push(b'\n');
    stream.write_all(&answer).await?;
    Ok(())
}

async fn respond(request: Request, hubs: &[Rc<Hub>]) -> Result<Response> {
    let hub = |number: usize| {
        number.checked_sub(1).and_then(|index| hubs.get(index)).with_context(|| format!("there is no cluster {number}"))
    };
    Ok(match request {
        Request::Prepare { cluster, mode } => {
            hub(cluster)?.prepare(mode).await?;
            Response::Done
        }
        Request::Reset { cluster } => {
            hub(cluster)?.reset().await?;
            Response::Done
        }
        Request::Processes { cluster } => Response::Processes(hub(cluster)?.processes().await),
        Request::Service { cluster, namespace, part } => {
            Response::Port(hub(cluster)?.service_port(&namespace, Request::part(&part)?).await?)
        }
    })
}
