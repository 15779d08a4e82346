//! Builds one Go program, unless the cache has it.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::recipe::{self, Tool};
use super::run;
use crate::paths::{Cache, find_program};

/// Builds `tool` into the cache when it is not there yet.
pub fn ensure(cache: &Cache, tool: &Tool) -> Result<()> {
    let target = cache.bin(tool.name);
    if target.exists() {
        return Ok(());
    }
    if adopt(cache, tool, &target) {
        return Ok(());
    }
    let unfinished = cache.bin(&format!(".{}.unfinished", tool.name));
    let mut command = go(&tool.lock.dir(cache))?;
    command.args(["build", "-trimpath", "-ldflags", &recipe::version_flags(), "-o"]).arg(&unfinished).arg(tool.package);
    let log = cache.root().join(format!("build-{}.log", tool.name));
    run(&command, &log, &format!("building {}", tool.name), &format!("built {}", tool.name))?;
    fs::rename(&unfinished, &target).with_context(|| format!("failed to rename {}", unfinished.display()))
}

/// Links the program from a cache of other pins when it comes from the very same lock: that costs no time and no room.
fn adopt(cache: &Cache, tool: &Tool, target: &Path) -> bool {
    let all = cache.root().parent().and_then(|parent| fs::read_dir(parent).ok());
    let mut roots = all.into_iter().flatten().flatten().map(|entry| entry.path());
    roots.any(|root| tool.lock.has_filled(&root) && fs::hard_link(root.join("bin").join(tool.name), target).is_ok())
}

/// The `go` command in a module's directory, with the settings that all builds share.
///
/// `CGO_ENABLED=0`: no C compiler is needed, and the programs run on any distribution.
pub fn go(module: &Path) -> Result<Command> {
    let Some(program) = find_program("go") else {
        bail!("`go` is not installed\nhint: any Go since 1.21 will do, see https://go.dev/doc/install");
    };
    let mut command = Command::new(program);
    command
        .current_dir(module)
        .env("GOTOOLCHAIN", recipe::TOOLCHAIN)
        .env("GOFLAGS", "-buildvcs=false")
        .env("GOWORK", "off")
        .env("CGO_ENABLED", "0");
    Ok(command)
}
