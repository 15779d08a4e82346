//! Builds Go programs, unless the cache has them.
//!
//! All programs of one lock are built by one command: it links one program while it compiles the next, and reads the
//! packages that they share once. Each is taken over as soon as it is whole.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::recipe::{self, Lock, Tool};
use super::run_within;
use crate::paths::{Cache, find_program};
use crate::progress::{Step, seconds};

/// Builds the programs of these locks into the cache, those that are not there yet.
pub fn ensure(cache: &Cache, locks: &[&'static Lock]) -> Result<()> {
    let tools: Vec<_> = locks.iter().flat_map(|lock| recipe::tools(lock)).collect();
    let missing = tools.iter().filter(|tool| !cache.bin(tool.name).exists() && !adopt(cache, tool)).count();
    if missing == 0 {
        return Ok(());
    }
    let build = Build { cache, tools, step: Step::begin("building") };
    locks.iter().try_for_each(|lock| build.run(lock))?;
    build.step.end(&format!("built {missing} programs"));
    Ok(())
}

/// Links the program from a cache of other pins when it comes from the very same lock: that costs no time and no room.
fn adopt(cache: &Cache, tool: &Tool) -> bool {
    let all = cache.root().parent().and_then(|parent| fs::read_dir(parent).ok());
    let mut roots = all.into_iter().flatten().flatten().map(|entry| entry.path());
    let target = cache.bin(tool.name);
    roots.any(|root| tool.lock.has_filled(&root) && fs::hard_link(root.join("bin").join(tool.name), &target).is_ok())
}

struct Build<'a> {
    cache: &'a Cache,
    /// All that were asked for, in the order in which they are built.
    tools: Vec<&'static Tool>,
    step: Step,
}

impl Build<'_> {
    fn run(&self, lock: &'static Lock) -> Result<()> {
        let mut missing: Vec<_> = recipe::tools(lock).filter(|tool| self.is_missing(tool)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let dir = Unfinished::create(self.cache)?;
        let mut command = go(&lock.dir(self.cache))?;
        command
            // On one file system with the cache Go moves a finished program instead of copying it.
            .env("GOTMPDIR", &dir.0)
            .args(["build", "-trimpath", recipe::COMPILER_FLAGS, "-ldflags", &recipe::linker_flags(lock), "-o"])
            .arg(&dir.0)
            .args(lock.tags_of_c().iter().flat_map(|tags| ["-tags", tags]))
            .env("CGO_ENABLED", if lock.tags_of_c().is_some() { "1" } else { "0" })
            .args(missing.iter().map(|tool| tool.package));
        let log = self.cache.root().join(format!("build-{}.log", lock.name()));
        let doing = format!("building {}", names(&missing));
        run_within(&self.step, &command, &log, &doing, || {
            self.collect(&missing, &dir)?;
            Ok(self.position())
        })?;
        self.collect(&missing, &dir)?;
        missing.retain(|tool| self.is_missing(tool));
        if !missing.is_empty() {
            bail!("go did not build {}; see {}", names(&missing), log.display());
        }
        Ok(())
    }

    fn is_missing(&self, tool: &Tool) -> bool {
        !self.cache.bin(tool.name).exists()
    }

    /// Takes over what has been finished.
    fn collect(&self, missing: &[&Tool], dir: &Unfinished) -> Result<()> {
        for tool in missing {
            let finished = dir.0.join(tool.executable());
            if finished.exists() {
                fs::rename(&finished, self.cache.bin(tool.name))
                    .with_context(|| format!("failed to rename {}", finished.display()))?;
                let there = self.tools.iter().filter(|tool| !self.is_missing(tool)).count();
                let time = seconds(self.step.elapsed());
                self.step.note(&format!("built {} after {time}, {there} of {}", tool.name, self.tools.len()));
            }
        }
        Ok(())
    }

    fn position(&self) -> String {
        let there: Vec<_> = self.tools.iter().map(|tool| (tool.name, !self.is_missing(tool))).collect();
        position(&there)
    }
}

/// Which program of all is being built: "3 of 9, kube-apiserver".
fn position(programs: &[(&str, bool)]) -> String {
    let there = programs.iter().filter(|(_, there)| *there).count();
    match programs.iter().find(|(_, there)| !there) {
        Some((name, _)) => format!("{} of {}, {name}", there + 1, programs.len()),
        None => String::new(),
    }
}

fn names(tools: &[&Tool]) -> String {
    tools.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ")
}

/// Where programs lie until they are whole. What an interrupted build left there is nobody's: all that it has compiled
/// is in Go's own cache.
struct Unfinished(PathBuf);

impl Unfinished {
    fn create(cache: &Cache) -> Result<Self> {
        let dir = cache.root().join("unfinished");
        if dir.exists() {
            fs::remove_dir_all(&dir).with_context(|| format!("failed to clear {}", dir.display()))?;
        }
        fs::create_dir(&dir).with_context(|| format!("failed to create {}", dir.display()))?;
        Ok(Self(dir))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The next build clears it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The `go` command in a module's directory, with the settings that all builds share.
///
/// `CGO_ENABLED=0`: no C compiler is needed, and the programs run on any distribution; but for those of
/// [`Lock::tags_of_c`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_names_the_program_that_is_built() {
        assert_eq!(position(&[("etcd", false), ("kwok", false)]), "1 of 2, etcd");
        assert_eq!(position(&[("etcd", true), ("kwok", false)]), "2 of 2, kwok");
        // One that is small may be finished before its turn.
        assert_eq!(position(&[("etcd", false), ("kwok", true)]), "2 of 2, etcd");
        assert_eq!(position(&[("etcd", true), ("kwok", true)]), "");
    }
}
