//! Programs that come from the distribution. A missing one is named with the command that
//! installs it; root on Debian has it installed.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::run;
use crate::paths::find_program;

/// A program and the Debian package that has it.
pub type Need = (&'static str, &'static str);

/// What the peers need.
pub const PEERS: &[Need] = &[
    ("setpriv", "util-linux"),
    ("openssl", "openssl"),
    ("git", "git"),
    ("redis-server", "redis-server"),
    ("nginx", "nginx-light"),
    ("fcgiwrap", "fcgiwrap"),
    ("docker-registry", "docker-registry"),
    ("bwrap", "bubblewrap"),
    ("minisign", "minisign"),
];

/// What tests start themselves, or have the program start.
pub const TESTS: &[Need] =
    &[("sshd", "openssh-server"), ("ssh", "openssh-client"), ("curl", "curl"), ("valgrind", "valgrind")];

/// What Porter needs besides.
pub const PORTER: &[Need] = &[("java", "default-jdk-headless"), ("javac", "default-jdk-headless"), ("mvn", "maven")];

/// What Backstage needs besides: npm installs the Node that it runs on.
pub const BACKSTAGE: &[Need] = &[("npm", "npm")];

/// Makes sure that all these programs are installed.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing = missing(needs);
    if missing.is_empty() {
        return Ok(());
    }
    if !(rustix::process::geteuid().is_root() && find_program("apt-get").is_some()) {
        bail!(
            "these programs are missing: {}\nhint: apt-get install --no-install-recommends {}",
            names(&missing, |need| need.0),
            names(&missing, |need| need.1)
        );
    }
    install(&missing)?;
    let still = self::missing(needs);
    if !still.is_empty() {
        bail!("still missing after the installation: {}", names(&still, |need| need.0));
    }
    Ok(())
}

fn missing(needs: &[Need]) -> Vec<Need> {
    needs.iter().filter(|(program, _)| find_program(program).is_none()).copied().collect()
}

fn names(needs: &[Need], pick: fn(&Need) -> &'static str) -> String {
    let mut names: Vec<_> = needs.iter().map(pick).collect();
    // One package may have several of the programs.
    names.dedup();
    names.join(" ")
}

fn install(needs: &[Need]) -> Result<()> {
    let _quiet = NoServices::declare()?;
    let log = std::env::temp_dir().join("backstack-testbed-apt.log");
    let packages = names(needs, |need| need.1);
    let script = format!("apt-get update && apt-get install --yes --no-install-recommends {packages}");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).env("DEBIAN_FRONTEND", "noninteractive");
    run(&command, &log, &format!("installing {packages}"), &format!("installed {packages}"))
}

/// Debian starts servers when it installs them; this keeps it from doing so while it lives.
struct NoServices {
    ours: bool,
}

impl NoServices {
    const POLICY: &str = "/usr/sbin/policy-rc.d";

    fn declare() -> Result<Self> {
        if Path::new(Self::POLICY).exists() {
            return Ok(Self { ours: false });
        }
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(Self::POLICY)
            .with_context(|| format!("failed to write {}", Self::POLICY))?;
        std::io::Write::write_all(&mut file, b"#!/bin/sh\nexit 101\n")?;
        Ok(Self { ours: true })
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if self.ours {
            // Whoever removed it before us wanted it gone as well.
            let _ = fs::remove_file(Self::POLICY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_missing_programs_are_named() {
        let needs = [("sh", "dash"), ("no-such-program", "no-such-package")];
        assert_eq!(missing(&needs), [("no-such-program", "no-such-package")]);
        assert_eq!(names(&missing(&needs), |need| need.1), "no-such-package");
    }
}
