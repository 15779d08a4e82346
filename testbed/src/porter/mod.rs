//! What the real Porter needs around it: a store, a configuration and somebody to run bundles.
//!
//! Porter itself is on no package registry, so it is used where `porter` is on `PATH` and left
//! out where it is not.

pub mod driver;
mod home;
mod sandbox;
pub mod store;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use crate::build::system;
use crate::loopback;
use crate::paths::{Cache, find_program};
use crate::ports::{Port, Ports};
use crate::process::Process;

/// The oldest docker engine whose builder knows what Porter writes (`COPY --link`).
const OLDEST_ENGINE: u32 = 23;
const STORE_DEADLINE: Duration = Duration::from_secs(60);

/// How the real Porter is used with this testbed.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Porter {
    /// The `PORTER_HOME` with configuration, runtime and the exec mixin.
    pub home: PathBuf,
    /// The directory for `PATH` with the run driver in it.
    pub bin: PathBuf,
    /// Who runs bundles: `docker`, or `backstack-testbed` where no fit engine answers.
    pub driver: String,
}

/// The running store, and what goes with it.
pub struct PorterSupport {
    /// The store's process.
    pub process: Process,
    /// How Porter is used.
    pub porter: Porter,
    _port: Port,
}

impl PorterSupport {
    /// Starts the store and writes the configuration below `dir`.
    pub async fn start(cache: &Cache, dir: &Path, logs: &Path, ports: &Ports) -> Result<Self> {
        let Some(program) = find_program("porter") else {
            bail!("`porter` is not on PATH\nhint: see https://porter.sh/install");
        };
        system::ensure(system::PORTER)?;
        store::ensure(cache)?;
        fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
        let port = ports.take()?;
        let mut process = Process::spawn(&store::spec(cache, dir, logs, port.number())?)?;
        let deadline = Instant::now() + STORE_DEADLINE;
        while !loopback::accepts(port.number()).await {
            if let Some(status) = process.ended()? {
                return Err(process.obituary(status));
            }
            if Instant::now() > deadline {
                bail!("Porter's store does not answer");
            }
            sleep(Duration::from_millis(50)).await;
        }
        let driver = choose_driver();
        let porter = Porter {
            home: home::create(dir, &program, port.number(), driver)?,
            bin: link_driver(dir)?,
            driver: driver.to_owned(),
        };
        Ok(Self { process, porter, _port: port })
    }
}

fn choose_driver() -> &'static str {
    let version = Command::new("docker").args(["version", "--format", "{{.Server.Version}}"]).output();
    let fit = version.is_ok_and(|output| output.status.success() && is_fit(&String::from_utf8_lossy(&output.stdout)));
    if fit { "docker" } else { driver::NAME }
}

fn is_fit(engine: &str) -> bool {
    let major = engine.trim().split('.').next().unwrap_or_default();
    major.parse().is_ok_and(|major: u32| major >= OLDEST_ENGINE)
}

/// Porter finds a run driver NAME as the program `cnab-NAME`; ours is this very program.
fn link_driver(dir: &Path) -> Result<PathBuf> {
    let bin = dir.join("bin");
    fs::create_dir_all(&bin).with_context(|| format!("failed to create {}", bin.display()))?;
    let this = std::env::current_exe().context("failed to find this program")?;
    symlink(this, bin.join(driver::PROGRAM)).context("failed to link the run driver")?;
    Ok(bin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_engines_are_not_fit() {
        assert!(is_fit("28.5.1\n"));
        assert!(is_fit("23.0.0"));
        assert!(!is_fit("20.10.24+dfsg1"));
        assert!(!is_fit(""));
    }
}
