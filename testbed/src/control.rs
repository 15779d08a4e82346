//! How clients talk to the supervisor: one line of JSON each way over a socket in its directory.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};

use crate::gitea::Gitea;

/// Longer than all deadlines of a reset and of what is made of the cluster after it.
const PATIENCE: Duration = Duration::from_secs(600);

/// What a client asks for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Request {
    /// Make the cluster fit for a new user: clean, and with Argo CD's pods played so.
    Prepare {
        /// The cluster's number.
        cluster: usize,
        /// Whether Argo CD's pods run.
        mode: Mode,
        /// The snapshot that it begins with, instead of its first minute.
        from: Option<String>,
    },
    /// Remember what the cluster and its repository are now.
    Record {
        /// The cluster's number.
        cluster: usize,
        /// The name of the snapshot; an older one of this name is forgotten.
        name: String,
    },
    /// List the names of the snapshots.
    Snapshots,
    /// Where is the API server that everybody shares? It is started for the first who asks.
    SharedApi,
    /// Where is Gitea? It is started for the first who asks.
    Gitea,
    /// Kill what runs for the cluster and put it back to its baseline.
    Reset {
        /// The cluster's number.
        cluster: usize,
    },
    /// List the processes that play pods.
    Processes {
        /// The cluster's number.
        cluster: usize,
    },
    /// On which port is this part of Argo CD reached?
    Service {
        /// The cluster's number.
        cluster: usize,
        /// Argo CD's namespace.
        namespace: String,
        /// The part's label.
        part: String,
    },
    /// Start a cluster that ends when it is asked to.
    StartCluster {
        /// Its name.
        name: String,
        /// Whether it has a node and pods; if not, it is an API server alone.
        whole: bool,
    },
    /// End it, with its data. None of this name is as good.
    StopCluster {
        /// Its name.
        name: String,
    },
    /// List the names of these clusters.
    Clusters,
    /// Start a backend of Backstage.
    StartBackstage {
        /// The only location of its catalog.
        location: String,
    },
    /// End one.
    StopBackstage {
        /// Its port.
        port: u16,
    },
}

/// Whether the pods that can run do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub enum Mode {
    /// They are processes, and ready when these are.
    #[default]
    Real,
    /// They are ready at once and nothing runs, for tests that only apply manifests.
    Pretend,
}

/// One process that plays a pod.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub struct PodProcess {
    /// The pod's namespace.
    pub namespace: String,
    /// The pod's name.
    pub pod: String,
    /// Its process, if one runs at the moment.
    pub pid: Option<u32>,
    /// `Running`, or why it does not run, in a kubelet's words.
    pub state: String,
    /// Where it writes.
    pub log: PathBuf,
}

/// What the supervisor answers.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub enum Response {
    /// It is done.
    Done,
    /// Names.
    Names(Vec<String>),
    /// A kubeconfig.
    Kubeconfig(PathBuf),
    /// The processes.
    Processes(Vec<PodProcess>),
    /// Gitea.
    Gitea(Box<Gitea>),
    /// The port.
    Port(u16),
    /// The backend that was started.
    Backstage(Running),
    /// It cannot be done.
    Failed(String),
}

/// How a running backend is reached.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Running {
    /// Its port on the loopback address.
    pub port: u16,
    /// Who shows it may ask for everything.
    pub token: String,
    /// Its log.
    pub log: PathBuf,
}

/// The socket of the testbed in `dir`.
#[must_use]
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Asks the supervisor and waits for its answer.
pub fn ask(dir: &Path, request: &Request) -> Result<Response> {
    let mut stream =
        UnixStream::connect(socket(dir)).with_context(|| format!("no testbed answers in {}", dir.display()))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = String::new();
    BufReader::new(stream)
        .read_line(&mut answer)
        .with_context(|| format!("the testbed did not answer to {request:?}"))?;
    match serde_json::from_str(&answer).context("the testbed answered nonsense")? {
        Response::Failed(why) => Err(anyhow!(why)),
        response => Ok(response),
    }
}
