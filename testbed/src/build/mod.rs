//! Fills the cache with the pinned programs, from package registries only.
//!
//! Only what is asked for is built. Each program is built to a temporary name and renamed when it is whole, so that an
//! interrupted build resumes where it stopped, and a second one takes no time.

pub mod backstage;
mod command;
mod go;
pub mod modules;
pub mod older;
pub mod recipe;
pub mod system;

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result};

use command::{attend, run_within};

pub use command::run;
pub use go::go;
pub use modules::Modules;

use crate::paths::Cache;
use crate::progress::{Step, say};
use recipe::Lock;

/// Makes sure that the programs of these locks are there with what they need, and says where the modules lie.
pub fn ensure(cache: &Cache, locks: &[&'static Lock]) -> Result<Modules> {
    system::ensure(system::PEERS)?;
    if locks.len() > recipe::HUB.len() {
        system::ensure(system::TESTS)?;
    }
    let _lock = lock(cache)?;
    recipe::write(cache, recipe::LOCKS)?;
    let modules = Modules::ensure(cache)?;
    go::ensure(cache, locks)?;
    link_argocd(cache)?;
    install_verify_wrapper(cache, &modules)?;
    Ok(modules)
}

/// One build at a time; whoever comes second finds the first one's work.
pub fn lock(cache: &Cache) -> Result<File> {
    fs::create_dir_all(cache.bin_dir()).with_context(|| format!("failed to create {}", cache.bin_dir().display()))?;
    let path = cache.root().join("build.lock");
    let file = File::create(&path).with_context(|| format!("failed to open {}", path.display()))?;
    let mut step = None;
    while let Err(error) = file.try_lock() {
        if let TryLockError::Error(error) = error {
            return Err(error).context("failed to lock the cache");
        }
        step.get_or_insert_with(|| Step::begin("waiting for another build of the testbed")).tick("");
        sleep(Duration::from_millis(100));
    }
    if let Some(step) = step {
        step.end("waited for another build");
    }
    Ok(file)
}

/// Argo CD is one program that acts by the name it is called with.
fn link_argocd(cache: &Cache) -> Result<()> {
    for name in recipe::ARGOCD_NAMES {
        let link = cache.bin(name);
        if !link.exists() {
            symlink("argocd", &link).with_context(|| format!("failed to link {name}"))?;
        }
    }
    Ok(())
}

/// The repo-server calls this script for every commit; in its image it lies on `PATH`.
fn install_verify_wrapper(cache: &Cache, modules: &Modules) -> Result<()> {
    let name = "git-verify-wrapper.sh";
    let target = cache.bin(name);
    if !target.exists() {
        let source = modules.argocd.join("hack").join(name);
        let text = fs::read(&source).with_context(|| format!("failed to read {}", source.display()))?;
        fs::write(&target, text)?;
        fs::set_permissions(&target, PermissionsExt::from_mode(0o755))?;
        say(&format!("installed {name}"));
    }
    Ok(())
}
