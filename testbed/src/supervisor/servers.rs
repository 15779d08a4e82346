//! The servers that all clusters of a testbed share.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::time::{Instant, sleep};

use crate::git::GitServer;
use crate::loopback;
use crate::paths::Cache;
use crate::porter::PorterSupport;
use crate::ports::Ports;
use crate::registry::Registry;

const DEADLINE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(25);

/// The running servers.
pub struct Servers {
    pub git: GitServer,
    pub registry: Registry,
    pub porter: Option<PorterSupport>,
}

impl Servers {
    /// Starts them below `dir` and waits until they answer.
    pub async fn start(cache: &Cache, dir: &Path, porter: bool, clusters: usize) -> Result<Self> {
        let ports = Ports::reserve()?;
        let logs = dir.join("logs");
        let mut servers = Self {
            git: GitServer::start(&dir.join("git"), &logs, &ports, clusters)?,
            registry: Registry::start(&dir.join("registry"), &logs, &ports)?,
            porter: None,
        };
        if porter {
            let support = PorterSupport::start(cache, &dir.join("porter"), &logs, &ports).await?;
            servers.porter = Some(support);
        }
        servers.until_up().await?;
        Ok(servers)
    }

    async fn until_up(&mut self) -> Result<()> {
        let (git, registry) = (self.git.port(), self.registry.port());
        let deadline = Instant::now() + DEADLINE;
        while !(is_up(git, "/healthz").await && is_up(registry, "/v2/").await) {
            self.check()?;
            ensure!(Instant::now() < deadline, "the git server or the registry does not answer");
            sleep(PAUSE).await;
        }
        Ok(())
    }

    /// An error when one of them has ended.
    pub fn check(&mut self) -> Result<()> {
        super::check(&mut self.git.processes)?;
        super::check([&mut self.registry.process])?;
        super::check(self.porter.as_mut().map(|porter| &mut porter.process))
    }

    /// Returns with an error as soon as one of them has ended.
    pub async fn watch_over(&mut self) -> Result<()> {
        loop {
            self.check()?;
            sleep(super::PULSE).await;
        }
    }
}

async fn is_up(port: u16, path: &str) -> bool {
    matches!(loopback::get_status(port, path).await, Ok(200))
}
