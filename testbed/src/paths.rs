//! Where the testbed keeps things: programs in a cache that outlives it, everything else in
//! a state directory that does not.

use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::build::recipe;

/// The cache of built programs for one set of pins.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Finds the cache: `$XDG_CACHE_HOME/backstack-testbed/<version>`, in `~/.cache` by default.
    ///
    /// The version ends with a digest of the pins, so that a changed pin never meets an old build.
    pub fn locate() -> Result<Self> {
        let base = xdg("XDG_CACHE_HOME", ".cache")?;
        Ok(Self { root: base.join("backstack-testbed").join(recipe::version()) })
    }

    /// The cache's directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The directory of the built programs, fit for `PATH`.
    #[must_use]
    pub fn bin_dir(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// One built program.
    #[must_use]
    pub fn bin(&self, name: &str) -> PathBuf {
        self.bin_dir().join(name)
    }

    /// A directory beside the caches, for what has pins of its own.
    #[must_use]
    pub fn beside(&self, name: &str) -> PathBuf {
        self.root.with_file_name(name)
    }

    /// The cache of the older versions.
    #[must_use]
    pub fn older(&self) -> Self {
        Self { root: self.beside(&recipe::older_version()) }
    }

    /// The directory of Java libraries.
    #[must_use]
    pub fn java_dir(&self) -> PathBuf {
        self.root.join("java")
    }
}

/// The state directory that is used when none is named: `$XDG_STATE_HOME/backstack-testbed`.
pub fn default_state_dir() -> Result<PathBuf> {
    Ok(xdg("XDG_STATE_HOME", ".local/state")?.join("backstack-testbed"))
}

/// Finds a program as a shell would, and also in the administrator's directories, which the
/// `PATH` of an ordinary user lacks on Debian.
#[must_use]
pub fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(PathBuf::from))
        .map(|dir| dir.join(name))
        .find(|file| is_executable(file))
}

/// `PATH` with `dir` in front of what this process has.
#[must_use]
pub fn path_with(dir: &Path) -> String {
    let rest = env::var("PATH").unwrap_or_else(|_| "/usr/bin:/bin".to_owned());
    format!("{}:{rest}", dir.display())
}

fn is_executable(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn xdg(variable: &str, below_home: &str) -> Result<PathBuf> {
    if let Some(dir) = env::var_os(variable).filter(|dir| Path::new(dir).is_absolute()) {
        return Ok(dir.into());
    }
    let home = env::var_os("HOME")
        .filter(|home| home.as_os_str() != OsStr::new(""))
        .with_context(|| format!("neither {variable} nor HOME is set"))?;
    Ok(PathBuf::from(home).join(below_home))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_programs_like_a_shell() {
        assert!(find_program("sh").is_some());
        assert!(find_program("no-such-program").is_none());
    }

    #[test]
    fn puts_a_directory_in_front_of_the_path() {
        assert!(path_with(Path::new("/first")).starts_with("/first:"));
    }
}
