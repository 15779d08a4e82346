//! Porter's store: a MongoDB-compatible server from Maven Central, with the few lines of Java
//! that bind it to loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::build::run;
use crate::paths::{Cache, find_program};
use crate::process::Spec;

const POM: &str = include_str!("../../peers/store/pom.xml");
const SOURCE: &str = include_str!("../../peers/store/Store.java");
const SUMS: &str = include_str!("../../peers/store/SHA256SUMS");

/// Makes sure that the store's libraries are in the cache, checked and compiled against.
pub fn ensure(cache: &Cache) -> Result<()> {
    let dir = cache.java_dir();
    if dir.join("Store.class").exists() {
        return Ok(());
    }
    let unfinished = cache.root().join("java.unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished).context("failed to clear an unfinished build")?;
    }
    fs::create_dir_all(&unfinished)?;
    fs::write(unfinished.join("pom.xml"), POM)?;
    fs::write(unfinished.join("Store.java"), SOURCE)?;
    let script = "mvn --quiet --batch-mode dependency:copy-dependencies -DoutputDirectory=. \
                  && javac -cp '*' Store.java";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(&unfinished);
    let log = cache.root().join("build-store.log");
    run(&command, &log, "building Porter's store", "built Porter's store")?;
    verify(&unfinished)?;
    fs::rename(&unfinished, &dir).with_context(|| format!("failed to rename to {}", dir.display()))
}

/// The store on a loopback port, with its data below `dir`.
pub fn spec(cache: &Cache, dir: &Path, logs: &Path, port: u16) -> Result<Spec> {
    let java = find_program("java").context("java is not installed")?;
    let libraries = cache.java_dir();
    Ok(Spec::new("porter-store", java, logs).args([
        "-Xmx256m".to_owned(),
        "-XX:+UseSerialGC".to_owned(),
        "-cp".to_owned(),
        format!("{0}:{0}/*", libraries.display()),
        "Store".to_owned(),
        port.to_string(),
        dir.join("store.mv").display().to_string(),
    ]))
}

/// Every library must be listed, and every listed one must be there with its checksum.
fn verify(dir: &Path) -> Result<()> {
    let mut listed: Vec<_> = SUMS.lines().filter_map(|line| line.split_once("  ")).collect();
    listed.sort_unstable_by_key(|(_, name)| *name);
    let names: Vec<_> = listed.iter().map(|(_, name)| *name).collect();
    let found = libraries(dir)?;
    let found: Vec<_> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    ensure!(found == names, "the store's libraries are {found:?}, not {names:?}");
    for (sum, name) in listed {
        let digest = <[u8; 32]>::from(Sha256::digest(fs::read(dir.join(name))?));
        let digest = digest.map(|byte| format!("{byte:02x}")).concat();
        ensure!(digest == sum, "{name} has the checksum {digest}, not {sum}");
    }
    Ok(())
}

fn libraries(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "jar") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
