//! The one process that owns all others.
//!
//! It lives on one thread, for a reason: the kernel kills a child when the *thread* that
//! spawned it ends. So whatever happens to the supervisor, nothing outlives it.

mod answers;
mod backstages;
mod gitea;
mod guests;
mod hub;
mod servers;
mod shared_api;
mod snapshots;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::future::try_join_all;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::LocalSet;
use tokio::time::sleep;

use crate::build::recipe::{self, Lock};
use crate::build::{self, Modules};
use crate::control;
use crate::description::{self, Description};
use crate::paths::Cache;
use crate::pki::Pki;
use crate::process::Process;
use crate::progress::say;
use answers::Supervised;
use backstages::Backstages;
use gitea::GiteaServer;
use guests::Guests;
use hub::{Base, Hub};
use servers::Servers;
use shared_api::SharedApi;
use snapshots::Snapshots;

/// How often it is looked whether all processes still run.
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
    /// Remove the directory at the end.
    pub temporary: bool,
    /// Also run what the real Porter needs.
    pub porter: bool,
    /// Whose programs are built first; kwok plays the pods of others that are not.
    pub locks: &'static [&'static Lock],
}

impl Serve {
    /// Starts everything, and returns when it is told to end or when a server died.
    pub async fn run(self) -> Result<()> {
        let cache = Cache::locate()?;
        let modules = build::ensure(&cache, self.locks)?;
        let _lock = take(&self.dir)?;
        let result = tokio::select! {
            result = self.start_and_serve(cache, modules) => result,
            reason = self.end() => reason.map(|reason| say(&format!("ends: {reason}"))),
        };
        bury().await;
        if self.temporary && result.is_ok() {
            remove(&self.dir).await;
        }
        result
    }

    async fn start_and_serve(&self, cache: Cache, modules: Modules) -> Result<()> {
        say("starting the git server and the registry");
        let mut servers = Servers::start(&cache, &self.dir, self.porter, self.clusters).await?;
        let pki = Pki::create(&self.dir.join("pki"))?;
        say(&format!(
            "starting {} cluster(s): etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok",
            self.clusters
        ));
        let reach = vec![servers.git.port(), servers.registry.port()];
        let git = servers.git.git.clone();
        let snapshots = Rc::new(Snapshots::below(&self.dir));
        let shared_api = Rc::new(SharedApi::new(&cache, &pki, &self.dir));
        let gitea = Rc::new(GiteaServer::new(&cache, &modules.gitea, &self.dir));
        let base = Base { cache: cache.clone(), modules: modules.clone(), pki, reach, git };
        let guests = Rc::new(Guests::new(&base, &self.dir));
        let starting = (1..=self.clusters).map(|number| Hub::start(number, &self.dir, base.clone()));
        let hubs: Vec<_> = try_join_all(starting).await?.into_iter().map(Rc::new).collect();

        let backstages = Rc::new(Backstages::new(&cache, &self.dir, servers.git.git.clone())?);
        let socket = control::socket(&self.dir);
        let listener = UnixListener::bind(&socket)
            .with_context(|| format!("failed to open {} (is its path too long?)", socket.display()))?;
        let description = Description {
            pid: std::process::id(),
            dir: self.dir.clone(),
            bin: cache.bin_dir(),
            argocd_version: recipe::argocd_version().to_owned(),
            modules,
            git: servers.git.git.clone(),
            registry: servers.registry.host(),
            porter: servers.porter.as_ref().map(|support| support.porter.clone()),
            clusters: hubs.iter().map(|hub| hub.description()).collect(),
        };
        description.write()?;
        say("everything is up");

        let supervised = Supervised {
            hubs: hubs.clone(),
            backstages,
            snapshots,
            shared_api: Rc::clone(&shared_api),
            gitea: Rc::clone(&gitea),
            guests,
        };
        let serve = async {
            tokio::select! {
                result = answers::answer(&listener, supervised) => result,
                result = shared_api.watch_over() => result,
                result = gitea.watch_over() => result,
                result = servers.watch_over() => result,
                result = first_failure(&hubs) => result,
            }
        };
        LocalSet::new().run_until(serve).await
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

/// Waits until the servers that were killed just now are buried, which the runtime does meanwhile: only so does what
/// they have cost count as ours.
async fn bury() {
    for _ in 0..20 {
        let children = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
        if children.trim().is_empty() {
            return;
        }
        sleep(PULSE / 2).await;
    }
}

/// Removes the directory of servers that were killed just now.
async fn remove(dir: &Path) {
    for _ in 0..50 {
        // One of them may write a last file while we are at it.
        if fs::remove_dir_all(dir).is_ok() || !dir.exists() {
            return;
        }
        sleep(PULSE / 2).await;
    }
    say(&format!("failed to remove {}", dir.display()));
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
    for name in [
        "clusters",
        "git",
        "registry",
        "pki",
        "logs",
        "porter",
        "backstage",
        "snapshots",
        "api",
        "gitea",
        "guests",
        "bundles",
    ] {
        let path = dir.join(name);
        if path.exists() {
            fs::remove_dir_all(&path).with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(lock)
}

/// An error when one of the processes has ended.
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
            hub.check()?;
        }
        sleep(PULSE).await;
    }
}
