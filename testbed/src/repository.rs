//! A bare repository on the git server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail, ensure};

use crate::forge;
use crate::git::{Credential, Git};

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A repository of one's own; it goes with the testbed.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Git,
    name: String,
}

impl Repository {
    /// Makes an empty repository with a name that nobody else has.
    pub fn create(git: &Git) -> Result<Self> {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self::named(git, &format!("hub-{}-{count}", std::process::id()))
    }

    /// Makes an empty repository `NAME.git` whose branch will be `main`, unless it exists.
    pub fn named(git: &Git, name: &str) -> Result<Self> {
        let repository = Self { git: git.clone(), name: format!("{name}.git") };
        let dir = repository.dir();
        if !dir.exists() {
            let output = Command::new("git")
                .args(["init", "--quiet", "--bare", "--initial-branch=main"])
                .arg(&dir)
                .output()
                .context("failed to start git")?;
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr);
                bail!("failed to make {}: {}", dir.display(), error.trim());
            }
        }
        Ok(repository)
    }

    /// Its address, without a password in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.git.url, self.name)
    }

    /// Its address with the user's name and password in it.
    #[must_use]
    pub fn url_for(&self, user: &Credential) -> String {
        let Credential { username, password } = user;
        self.url().replace("://", &format!("://{username}:{password}@"))
    }

    /// The address of a file on its branch, as a forge's pages have it.
    #[must_use]
    pub fn file_url(&self, path: &str) -> String {
        let name = self.name.trim_end_matches(".git");
        format!("{}/{}/{name}/blob/main/{path}", self.git.url, forge::OWNER)
    }

    /// Who may push.
    #[must_use]
    pub fn writer(&self) -> &Credential {
        &self.git.writer
    }

    /// Who may only fetch.
    #[must_use]
    pub fn reader(&self) -> &Credential {
        &self.git.reader
    }

    /// The bare repository on disk.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.git.dir.join(&self.name)
    }

    /// Changes files on its branch as somebody else would: clones, has `edit` work on the clone, commits and pushes.
    /// Returns the commit.
    pub fn commit(&self, edit: impl FnOnce(&Path)) -> Result<String> {
        let clone = tempfile::tempdir().context("failed to make a directory")?;
        let git = |args: &[&str]| {
            let identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@localhost"];
            let output = Command::new("git").arg("-C").arg(clone.path()).args(identity).args(args).output();
            let output = output.context("failed to start git")?;
            ensure!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        git(&["clone", "--quiet", &self.url_for(self.writer()), "."])?;
        edit(clone.path());
        git(&["add", "--all"])?;
        git(&["commit", "--quiet", "-m", "edit"])?;
        git(&["push", "--quiet", "origin", "HEAD:main"])?;
        git(&["rev-parse", "HEAD"])
    }

    /// Makes the server refuse every push with this message, as a protected branch does.
    pub fn refuse_pushes(&self, message: &str) -> Result<()> {
        let hook = self.hook();
        let message = message.replace('\'', "'\\''");
        let script = format!("#!/bin/sh\ncat >/dev/null\necho '{message}' >&2\nexit 1\n");
        fs::write(&hook, script)
            .and_then(|()| fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)))
            .with_context(|| format!("failed to write {}", hook.display()))
    }

    /// Lets pushes through again.
    pub fn accept_pushes(&self) -> Result<()> {
        let hook = self.hook();
        fs::remove_file(&hook).with_context(|| format!("failed to remove {}", hook.display()))
    }

    /// Takes the repository off the server: every request is answered with "not found".
    pub fn hide(&self) -> Result<()> {
        rename(&self.dir(), &self.hidden())
    }

    /// Puts it back.
    pub fn show(&self) -> Result<()> {
        rename(&self.hidden(), &self.dir())
    }

    fn hook(&self) -> PathBuf {
        self.dir().join("hooks/pre-receive")
    }

    fn hidden(&self) -> PathBuf {
        self.git.dir.with_file_name(format!("hidden-{}", self.name))
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("failed to rename {}", from.display()))
}
