//! The OCI registry: Debian's build of the reference implementation, without a password.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::paths::find_program;
use crate::ports::{Port, Ports};
use crate::process::{Process, Spec};

/// The running registry.
pub struct Registry {
    /// Its process.
    pub process: Process,
    port: Port,
}

impl Registry {
    /// Starts an empty registry with its files below `dir`.
    pub fn start(dir: &Path, logs: &Path, ports: &Ports) -> Result<Self> {
        let data = dir.join("data");
        fs::create_dir_all(&data).with_context(|| format!("failed to create {}", data.display()))?;
        let port = ports.take()?;
        let config = dir.join("config.yaml");
        fs::write(&config, configuration(&data, port.number()))?;
        let program = find_program("docker-registry").context("docker-registry is not installed")?;
        let spec = Spec::new("docker-registry", program, logs).args(["serve".to_owned(), config.display().to_string()]);
        Ok(Self { process: Process::spawn(&spec)?, port })
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `HOST:PORT`, as references begin with it.
    #[must_use]
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }
}

fn configuration(data: &Path, port: u16) -> String {
    format!(
        "version: 0.1
log:
  level: warn
  accesslog: {{disabled: true}}
storage:
  filesystem: {{rootdirectory: \"{}\"}}
  delete: {{enabled: true}}
http:
  addr: 127.0.0.1:{port}
",
        data.display()
    )
}
