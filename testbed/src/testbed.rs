//! What a test holds: a supervisor of its own, or the one that a developer has running.

use std::env;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::backstage::Backstage;
use crate::build::backstage::Backend;
use crate::build::{older, recipe};
use crate::cluster::Cluster;
use crate::control::{self, Mode, Request, Response};
use crate::description::{self, ClusterDescription, Description};
use crate::faults::{FaultProxy, Protocols};
use crate::git::Git;
use crate::gitea::Gitea;
use crate::paths::Cache;
use crate::pki::Pki;
use crate::process::tail;
use crate::program;
use crate::progress::say;
use crate::repository::Repository;

/// The environment variable that names the directory of a running testbed for tests to use.
pub const DIR_VARIABLE: &str = "BACKSTACK_TESTBED_DIR";

/// The environment variable that makes a test's testbed leave its files and logs behind.
pub const KEEP_VARIABLE: &str = "BACKSTACK_TESTBED_KEEP";

/// Longer than each of the deadlines within it, so that the one that passes is the one that says what it waited for.
const START_DEADLINE: Duration = Duration::from_secs(240);
const PAUSE: Duration = Duration::from_millis(50);

/// A running testbed. It ends when this is dropped, and also when the process that holds it is
/// killed: the supervisor reads from a pipe whose other end is here.
#[derive(Debug)]
pub struct Testbed {
    description: Description,
    supervisor: Option<Supervisor>,
}

/// A supervisor that belongs to this process.
#[derive(Debug)]
struct Supervisor {
    child: Child,
    _dir: Option<TempDir>,
}

impl Testbed {
    /// Starts a testbed with so many clusters in a temporary directory and waits until it is
    /// up; fills the cache first when it has to. Blocks.
    ///
    /// When `BACKSTACK_TESTBED_DIR` names a running testbed, that one is used instead.
    pub fn start(clusters: usize) -> Result<Self> {
        match env::var_os(DIR_VARIABLE) {
            Some(dir) => {
                // It may have been started with fewer programs than a test asks for.
                program::fill_cache(&program::find()?)?;
                Self::attach(Path::new(&dir))
            }
            None => Self::start_own(clusters),
        }
    }

    /// Like [`Testbed::start`], but never uses one that runs: for who ends or counts what is in it.
    pub fn start_own(clusters: usize) -> Result<Self> {
        Self::start_with(clusters, &[])
    }

    /// Like [`Testbed::start_own`], with the store and the configuration for the real Porter, which
    /// has to be on `PATH`; see [`Description::porter`]. In one home the mixin and an installation of a name are
    /// there once, so nobody shares it.
    pub fn start_with_porter(clusters: usize) -> Result<Self> {
        Self::start_with(clusters, &["--porter"])
    }

    fn start_with(clusters: usize, flags: &[&str]) -> Result<Self> {
        let program = program::find()?;
        program::fill_cache(&program)?;
        let guard = tempfile::Builder::new()
            .prefix("backstack-testbed-")
            .tempdir()
            .context("failed to make a directory for the testbed")?;
        let dir = guard.path().to_owned();
        let mut command = Command::new(&program);
        command
            .args(["serve", "--until-eof", "--clusters", &clusters.to_string(), "--dir"])
            .arg(&dir)
            .args(flags)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(dir.join("supervisor.log"))?)
            // An interrupt on the terminal is for whoever holds the testbed, which ends after them.
            .process_group(0);
        let guard = if env::var_os(KEEP_VARIABLE).is_some() {
            say(&format!("the testbed's files stay in {}", guard.keep().display()));
            None
        } else {
            // A test's statics are never dropped, so the supervisor has to do it as well.
            command.arg("--temporary");
            Some(guard)
        };
        let mut child = command.spawn().with_context(|| format!("failed to start {}", program.display()))?;
        let description = await_ready(&dir, &mut child, |_| {})?;
        Ok(Self { description, supervisor: Some(Supervisor { child, _dir: guard }) })
    }

    /// Uses the testbed that runs in `dir`, and leaves it running.
    pub fn attach(dir: &Path) -> Result<Self> {
        Ok(Self { description: Description::read(dir)?, supervisor: None })
    }

    /// The last words of a supervisor of ours that has ended by itself, as it does when a server has.
    pub fn obituary(&mut self) -> Result<Option<String>> {
        let Some(supervisor) = &mut self.supervisor else { return Ok(None) };
        let ended = supervisor.child.try_wait().context("failed to ask after the supervisor")?;
        Ok(ended.map(|status| {
            format!("the testbed ended ({status}):\n{}", tail(&self.description.dir.join("supervisor.log"), 20))
        }))
    }

    /// Everything about it.
    #[must_use]
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Takes a cluster, waiting until one is free. Argo CD runs in it when it is asked to.
    pub async fn lease(&self) -> Result<Cluster> {
        self.lease_with(Mode::Real, None).await
    }

    /// Takes a cluster in which Argo CD's pods are ready at once and nothing runs, for tests
    /// that only look at objects.
    pub async fn lease_pretending(&self) -> Result<Cluster> {
        self.lease_with(Mode::Pretend, None).await
    }

    /// Takes a cluster that is what [`Cluster::record`] recorded under this name, with its repository; its pods are ready.
    pub async fn lease_recorded(&self, name: &str) -> Result<Cluster> {
        self.lease_with(Mode::Real, Some(name.to_owned())).await
    }

    /// Lets one caller at a time, of all processes, find out whether this was recorded, and record it if not: nobody
    /// else comes here while the guard lives. Blocks.
    pub fn recording(&self, name: &str) -> Result<(bool, File)> {
        let dir = &self.description.dir;
        let guard = File::create(dir.join(format!("recording-{name}"))).context("failed to open a lock")?;
        guard.lock().context("failed to wait for a lock")?;
        match control::ask(dir, &Request::Snapshots)? {
            Response::Names(names) => Ok((names.iter().any(|it| it == name), guard)),
            other => bail!("unexpected answer {other:?}"),
        }
    }

    /// The administrator's kubeconfig of an API server that everybody shares and on which nothing runs. Whoever writes to it
    /// takes a namespace, and names, of their own. Blocks while the first who asks has it started.
    pub fn shared_api(&self) -> Result<PathBuf> {
        match control::ask(&self.description.dir, &Request::SharedApi)? {
            Response::Kubeconfig(kubeconfig) => Ok(kubeconfig),
            other => bail!("unexpected answer {other:?}"),
        }
    }

    /// A way to the API server of this kubeconfig, one of the testbed's, on which requests can go wrong.
    pub fn fault_proxy(&self, kubeconfig: &Path, protocols: Protocols) -> Result<FaultProxy> {
        FaultProxy::before(kubeconfig, &Pki::at(&self.description.dir.join("pki")), protocols)
    }

    async fn lease_with(&self, mode: Mode, from: Option<String>) -> Result<Cluster> {
        let (description, lease) = self.next_free().await?;
        let testbed = self.description.dir.clone();
        let request = Request::Prepare { cluster: description.number, mode, from };
        let dir = testbed.clone();
        tokio::task::spawn_blocking(move || control::ask(&dir, &request))
            .await
            .context("the preparation was broken off")??;
        let repository = Repository::of_cluster(&self.description.git, description.number);
        Ok(Cluster { testbed, description, repository, _lease: lease })
    }

    /// Takes the next cluster that is free, those who wait one after the other.
    async fn next_free(&self) -> Result<(ClusterDescription, File)> {
        let queue = File::create(self.description.dir.join("queue")).context("failed to open a lock")?;
        let _turn = tokio::task::spawn_blocking(move || queue.lock().map(|()| queue))
            .await
            .context("the wait for a cluster was broken off")?
            .context("failed to wait for a cluster")?;
        loop {
            if let Some(free) = self.try_lock()? {
                return Ok(free);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn try_lock(&self) -> Result<Option<(ClusterDescription, File)>> {
        for cluster in &self.description.clusters {
            let file = File::create(cluster.dir.join("lease"))
                .with_context(|| format!("cluster {} is gone", cluster.number))?;
            if file.try_lock().is_ok() {
                return Ok(Some((cluster.clone(), file)));
            }
        }
        Ok(None)
    }

    /// Makes an empty repository on the git server.
    pub fn repository(&self) -> Result<Repository> {
        Repository::create(&self.description.git)
    }

    /// Starts a backend of Backstage whose catalog is these files on the repository's branch, such as `catalog/*.yaml`;
    /// installs it first when it has to. Blocks.
    pub fn backstage(&self, repository: &Repository, files: &str) -> Result<Backstage> {
        Backend::ensure(&Cache::locate()?)?;
        Backstage::start(&self.description.dir, repository.file_url(files))
    }

    /// A real forge that everybody shares; whoever uses it takes an account of their own. Blocks while the first who asks has
    /// it started.
    pub fn gitea(&self) -> Result<Gitea> {
        match control::ask(&self.description.dir, &Request::Gitea)? {
            Response::Gitea(gitea) => Ok(*gitea),
            other => bail!("unexpected answer {other:?}"),
        }
    }

    /// The git server.
    #[must_use]
    pub fn git(&self) -> &Git {
        &self.description.git
    }

    /// `HOST:PORT` of the OCI registry, which speaks plain HTTP and knows no passwords.
    #[must_use]
    pub fn registry(&self) -> &str {
        &self.description.registry
    }

    /// The directory of the built programs: kubectl, helm, argocd and more.
    #[must_use]
    pub fn bin(&self) -> &Path {
        &self.description.bin
    }

    /// The directory of the programs of older versions, such as `crank-1.20`, once `testbed build --older` has built them.
    pub fn older_bin(&self) -> Result<PathBuf> {
        Ok(Cache::locate()?.older().bin_dir())
    }

    /// The unpacked Go module of the Crossplane before its second version, with its resource definitions in `cluster/crds`.
    pub fn older_crossplane_module(&self) -> Result<PathBuf> {
        let cache = Cache::locate()?;
        older::fetch(&cache)?;
        older::module(&cache, recipe::OLDER_CROSSPLANE_MODULE).context("the module was not fetched")
    }

    /// The unpacked Go module of Argo CD, with its `manifests/install.yaml`.
    #[must_use]
    pub fn argocd_module(&self) -> &Path {
        &self.description.modules.argocd
    }

    /// The unpacked Go module of Crossplane, with its chart in `cluster/charts/crossplane`.
    #[must_use]
    pub fn crossplane_module(&self) -> &Path {
        &self.description.modules.crossplane
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It has nothing to save and kills its children, so it is gone in a moment.
        let _ = self.child.wait();
    }
}

impl Drop for Testbed {
    fn drop(&mut self) {
        self.supervisor.take();
    }
}

/// Waits until the testbed in `dir` is up; `tick` gets the supervisor's last words meanwhile.
pub fn await_ready(dir: &Path, supervisor: &mut Child, tick: impl Fn(&str)) -> Result<Description> {
    let deadline = Instant::now() + START_DEADLINE;
    let log = dir.join("supervisor.log");
    loop {
        if dir.join(description::FILE).exists() {
            return Description::read(dir);
        }
        let words = last_words(&log).unwrap_or_default();
        if let Some(status) = supervisor.try_wait().context("failed to ask after the supervisor")? {
            bail!("the testbed did not start ({status}):\n{}", std::fs::read_to_string(&log)?);
        }
        if Instant::now() > deadline {
            bail!("the testbed is not up after {START_DEADLINE:?}; it was {words}");
        }
        tick(&words);
        thread::sleep(PAUSE);
    }
}

fn last_words(log: &Path) -> io::Result<String> {
    let text = std::fs::read_to_string(log)?;
    Ok(text.lines().next_back().unwrap_or_default().to_owned())
}
