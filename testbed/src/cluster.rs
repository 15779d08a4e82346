//! A cluster that a test has to itself.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use kube::Client;

use crate::apiserver;
use crate::control::{self, Mode, PodProcess, Request, Response};
use crate::description::ClusterDescription;
use crate::kubelet::part::Part;
use crate::progress::say;
use crate::repository::Repository;

/// A leased cluster: as new when it is taken, and put back when it is dropped.
///
/// Dropping blocks for some tenths of a second: when it returns, no process of Argo CD runs
/// for this cluster any more.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) testbed: PathBuf,
    pub(crate) description: ClusterDescription,
    pub(crate) repository: Repository,
    /// Held by the kernel's word: a killed test gives its cluster back.
    pub(crate) _lease: File,
}

impl Cluster {
    /// Its number among the testbed's clusters.
    #[must_use]
    pub fn number(&self) -> usize {
        self.description.number
    }

    /// The administrator's kubeconfig; the file carries its certificates and can be copied.
    #[must_use]
    pub fn kubeconfig(&self) -> &Path {
        &self.description.kubeconfig
    }

    /// A client with all rights.
    pub async fn client(&self) -> Result<Client> {
        apiserver::connect(self.kubeconfig()).await
    }

    /// The directory with the logs of the control plane and of Argo CD's processes.
    #[must_use]
    pub fn logs(&self) -> PathBuf {
        self.description.dir.join("logs")
    }

    /// The repository that goes with the cluster: empty when the cluster is new, and part of what is recorded.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Records what the cluster and its repository have become, for [`crate::Testbed::lease_recorded`].
    pub fn record(&self, name: &str) -> Result<()> {
        control::ask(&self.testbed, &Request::Record { cluster: self.number(), name: name.to_owned() })?;
        Ok(())
    }

    /// Makes it as new again, or what was recorded under a name; its pods are ready at once, and nothing runs. Blocks.
    pub fn begin_anew(&self, recorded: Option<&str>) -> Result<()> {
        let from = recorded.map(str::to_owned);
        control::ask(&self.testbed, &Request::Prepare { cluster: self.number(), mode: Mode::Pretend, from })?;
        Ok(())
    }

    /// The processes that play pods at the moment.
    pub fn processes(&self) -> Result<Vec<PodProcess>> {
        processes(&self.testbed, self.number())
    }

    /// `HOST:PORT` at which Argo CD's API answers when it runs in this namespace.
    pub fn argocd_server(&self, namespace: &str) -> Result<String> {
        let request = Request::Service {
            cluster: self.number(),
            namespace: namespace.to_owned(),
            part: Part::Server.label().to_owned(),
        };
        match control::ask(&self.testbed, &request)? {
            Response::Port(port) => Ok(format!("127.0.0.1:{port}")),
            other => bail!("unexpected answer {other:?}"),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let request = Request::Reset { cluster: self.number() };
        if let Err(error) = control::ask(&self.testbed, &request) {
            // The next lease finds the cluster used, and resets it.
            say(&format!("cluster {} was not reset: {error:#}", self.number()));
        }
    }
}

/// The processes that play pods of a cluster.
pub(crate) fn processes(testbed: &Path, cluster: usize) -> Result<Vec<PodProcess>> {
    match control::ask(testbed, &Request::Processes { cluster })? {
        Response::Processes(processes) => Ok(processes),
        other => bail!("unexpected answer {other:?}"),
    }
}
