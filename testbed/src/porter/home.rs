//! A `PORTER_HOME` that knows the store and the run driver.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Makes the home below `dir` for the Porter that `program` is.
pub fn create(dir: &Path, program: &Path, store: u16, driver: &str) -> Result<PathBuf> {
    let home = dir.join("home");
    for part in ["runtimes", "mixins"] {
        let path = home.join(part);
        fs::create_dir_all(&path).with_context(|| format!("failed to create {}", path.display()))?;
    }
    fs::write(home.join("config.yaml"), configuration(store, driver))?;
    let program = program.canonicalize().context("failed to find porter")?;
    place(&program, &home.join("porter"))?;
    // The runtime is the same program for linux/amd64; an installation has it beside itself.
    let installed = program.with_file_name("runtimes").join("porter-runtime");
    let runtime = if installed.exists() { installed } else { program.clone() };
    place(&runtime, &home.join("runtimes/porter-runtime"))?;
    let exec = program.with_file_name("mixins").join("exec");
    if exec.exists() {
        copy_dir(&exec, &home.join("mixins"))?;
    }
    Ok(home)
}

fn configuration(store: u16, driver: &str) -> String {
    format!(
        r#"schemaVersion: 2.0.0
current-context: default
contexts:
  - name: default
    config:
      runtime-driver: {driver}
      default-storage: db
      default-secrets-plugin: filesystem
      storage:
        - name: db
          plugin: mongodb
          config:
            url: "mongodb://127.0.0.1:{store}/porter?connect=direct"
"#
    )
}

/// A second name costs nothing; across file systems it has to be a copy.
fn place(from: &Path, to: &Path) -> Result<()> {
    fs::hard_link(from, to)
        .or_else(|_| fs::copy(from, to).map(drop))
        .with_context(|| format!("failed to place {}", to.display()))
}

fn copy_dir(from: &Path, into: &Path) -> Result<()> {
    let status = Command::new("cp").arg("-R").args([from, into]).status().context("failed to start cp")?;
    ensure!(status.success(), "failed to copy {}", from.display());
    Ok(())
}
