//! The backends of Backstage that run because somebody asked for them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

use crate::build::backstage::Backend;
use crate::control::Running;
use crate::forge;
use crate::git::{self, Git};
use crate::loopback;
use crate::paths::Cache;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};
use crate::progress::{say, seconds};

/// It reads some thousand files to begin with.
const DEADLINE: Duration = Duration::from_secs(180);
const READINESS: &str = "/.backstage/health/v1/readiness";

/// All of them.
pub struct Backstages {
    backend: Backend,
    dir: PathBuf,
    git: Git,
    ports: Ports,
    running: Mutex<BTreeMap<u16, (Process, Port)>>,
}

impl Backstages {
    /// None yet; their files will be below `dir`.
    pub fn new(cache: &Cache, dir: &Path, git: Git) -> Result<Self> {
        let (backend, ports) = (Backend::locate(cache), Ports::reserve()?);
        Ok(Self { backend, dir: dir.to_owned(), git, ports, running: Mutex::default() })
    }

    /// Starts one whose catalog is what the location says, and waits until it is ready.
    pub async fn start(&self, location: &str) -> Result<Running> {
        let started = Instant::now();
        ensure!(self.backend.dir().exists(), "Backstage is not installed");
        let port = self.ports.take()?;
        let number = port.number();
        let name = format!("backstage-{number}");
        let (home, logs) = (self.dir.join("backstage").join(number.to_string()), self.dir.join("logs"));
        let token = git::password()?;
        let config = home.join("app-config.json");
        let text = configuration(number, &token, &self.git, location).to_string();
        fs::create_dir_all(&home)
            .and_then(|()| fs::write(&config, text))
            .with_context(|| format!("failed to write {}", config.display()))?;
        let mut spec = Spec::new(&name, self.backend.node(), &logs).args([
            "main.js".to_owned(),
            "--config".to_owned(),
            config.display().to_string(),
        ]);
        spec.cwd = Some(self.backend.dir().to_owned());
        let log = spec.log.clone();
        let mut process = Process::spawn(&spec)?;
        until_ready(&mut process, number).await?;
        say(&format!("{name} is up after {}", seconds(started.elapsed())));
        self.running.lock().await.insert(number, (process, port));
        Ok(Running { port: number, token, log })
    }

    /// Ends one; it has nothing to save.
    pub async fn stop(&self, port: u16) -> Result<()> {
        let Some((process, _port)) = self.running.lock().await.remove(&port) else {
            bail!("there is no Backstage on port {port}");
        };
        process.stop(Duration::ZERO).await;
        Ok(())
    }
}

async fn until_ready(process: &mut Process, port: u16) -> Result<()> {
    let deadline = Instant::now() + DEADLINE;
    while !matches!(loopback::get_status(port, READINESS).await, Ok(200)) {
        if let Some(status) = process.ended()? {
            return Err(process.obituary(status));
        }
        ensure!(Instant::now() < deadline, "{} is not ready after {DEADLINE:?}", process.name());
        sleep(super::PULSE).await;
    }
    Ok(())
}

/// What a hub's Backstage is configured with, but for the interval: nobody wants to wait for minutes in a test.
fn configuration(port: u16, token: &str, git: &Git, location: &str) -> Value {
    let base = format!("http://127.0.0.1:{port}");
    let kinds = ["Location", "Template", "Component", "API", "System", "Domain", "Resource", "Group", "User"];
    json!({
        "app": {"baseUrl": base},
        "backend": {
            "baseUrl": base,
            "listen": {"host": "127.0.0.1", "port": port},
            "database": {"client": "better-sqlite3", "connection": ":memory:"},
            "auth": {"externalAccess": [{"type": "static", "options": {"token": token, "subject": "testbed"}}]},
        },
        "integrations": {"github": [{
            "host": git.url.trim_start_matches("http://"),
            "apiBaseUrl": format!("{}{}", git.url, forge::API),
            "token": git.reader.password,
        }]},
        "catalog": {
            "processingInterval": {"seconds": 2},
            "locations": [{"type": "url", "target": location, "rules": [{"allow": kinds}]}],
        },
    })
}
