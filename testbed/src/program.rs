//! The `testbed` program as a test finds it: beside itself, where cargo puts both.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};

const PACKAGE: &str = env!("CARGO_MANIFEST_DIR");

/// Finds the program, built from the sources as they are.
///
/// A test of another package does not make cargo build this package's program, so it is built
/// here when it is missing or older than its sources. Cargo is not asked when it is not: other
/// builds may hold its lock for minutes.
pub fn find() -> Result<PathBuf> {
    let test = env::current_exe().context("failed to find this program")?;
    let profile = test
        .ancestors()
        .skip(1)
        .find(|dir| !dir.ends_with("deps") && !dir.ends_with("examples"))
        .context("this program is nowhere")?;
    let program = profile.join("testbed");
    if let Some(cargo) = env::var_os("CARGO")
        && is_stale(&program)
    {
        let mut command = Command::new(cargo);
        command
            .args(["build", "--quiet", "--package", env!("CARGO_PKG_NAME"), "--bin", "testbed"])
            .current_dir(PACKAGE);
        if profile.ends_with("release") {
            command.arg("--release");
        }
        if !command.status().context("failed to start cargo")?.success() {
            bail!("cargo failed to build the testbed");
        }
    }
    if !program.exists() {
        bail!("{} is not built\nhint: cargo build -p {}", program.display(), env!("CARGO_PKG_NAME"));
    }
    Ok(program)
}

/// Fills the cache in the foreground, where its progress can be seen.
pub fn fill_cache(program: &Path) -> Result<()> {
    let status = Command::new(program)
        .arg("build")
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("failed to start {}", program.display()))?;
    if !status.success() {
        bail!("the testbed's programs could not be built");
    }
    Ok(())
}

fn is_stale(program: &Path) -> bool {
    let Ok(built) = program.metadata().and_then(|meta| meta.modified()) else {
        return true;
    };
    ["src", "peers"].iter().any(|dir| has_newer(&Path::new(PACKAGE).join(dir), built))
}

fn has_newer(dir: &Path, built: SystemTime) -> bool {
    fs::read_dir(dir).into_iter().flatten().flatten().any(|entry| {
        entry.metadata().is_ok_and(|meta| {
            if meta.is_dir() { has_newer(&entry.path(), built) } else { meta.modified().is_ok_and(|time| time > built) }
        })
    })
}
