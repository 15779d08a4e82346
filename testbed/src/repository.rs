//! A bare repository on the git server.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::forge;
use crate::git::{self, Credential, Git};

/// A repository of one's own; it goes with the testbed.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Git,
    /// Of the directory, without its ending.
    name: String,
    /// The last part of its address.
    address: String,
    writer: Credential,
    reader: Credential,
}

impl Repository {
    /// Makes an empty repository with a name that nobody else has.
    pub fn create(git: &Git) -> Result<Self> {
        let name = format!("hub-{}", git::password()?);
        Self::named(git, &name)
    }

    /// Makes an empty repository `NAME.git` whose branch will be `main`, unless it exists.
    pub fn named(git: &Git, name: &str) -> Result<Self> {
        let (writer, reader) = (git.writer.clone(), git.reader.clone());
        let repository =
            Self { git: git.clone(), name: name.to_owned(), address: format!("{name}.git"), writer, reader };
        if !repository.dir().exists() {
            init(&repository.dir())?;
        }
        Ok(repository)
    }

    /// The repository that goes with a cluster. All of them have one address; their users tell them apart.
    #[must_use]
    pub fn of_cluster(git: &Git, cluster: usize) -> Self {
        Self {
            git: git.clone(),
            name: git::hub_name(cluster),
            address: git::HUB.to_owned(),
            writer: git.writer_of(cluster),
            reader: git.reader_of(cluster),
        }
    }

    /// Its address, without a password in it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}/{}", self.git.url, self.address)
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
        format!("{}/{}/{}/blob/main/{path}", self.git.url, forge::OWNER, self.name)
    }

    /// Who may push.
    #[must_use]
    pub fn writer(&self) -> &Credential {
        &self.writer
    }

    /// Who may only fetch.
    #[must_use]
    pub fn reader(&self) -> &Credential {
        &self.reader
    }

    /// The requests to it so far, of those whom the server has let in, a line each as in [`Git::requests`].
    pub fn requests(&self) -> Result<Vec<String>> {
        let address = format!(" /{}/", self.address);
        let users = [&self.writer.username, &self.reader.username];
        let is_to_it = |line: &String| {
            let by = line.split(' ').next().unwrap_or_default();
            line.contains(&address) && users.iter().any(|it| *it == by)
        };
        Ok(self.git.requests()?.into_iter().filter(is_to_it).collect())
    }

    /// Lets clients leave out what they do not want, as the servers of forges do; git's own does not unless it is told.
    pub fn allow_filters(&self) -> Result<()> {
        let set = ["config", "uploadpack.allowFilter", "true"];
        let set = Command::new("git").arg("-C").arg(self.dir()).args(set).status().context("failed to start git")?;
        ensure!(set.success(), "git config: {set}");
        Ok(())
    }

    /// The bare repository on disk.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.git.dir.join(format!("{}.git", self.name))
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
        self.git.dir.with_file_name(format!("hidden-{}.git", self.name))
    }
}

fn rename(from: &Path, to: &Path) -> Result<()> {
    fs::rename(from, to).with_context(|| format!("failed to rename {}", from.display()))
}

/// Makes an empty bare repository in place of whatever is there.
pub fn renew(dir: &Path) -> Result<()> {
    remove(dir)?;
    init(dir)
}

/// Copies a bare repository, hooks and all, in place of whatever is there.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    remove(to)?;
    let parent = to.parent().context("a repository has a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("failed to create {}", parent.display()))?;
    let copied = Command::new("cp").arg("-a").arg(from).arg(to).status().context("failed to start cp")?;
    ensure!(copied.success(), "failed to copy {} to {}", from.display(), to.display());
    Ok(())
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir).with_context(|| format!("failed to remove {}", dir.display()))?;
    }
    Ok(())
}

fn init(dir: &Path) -> Result<()> {
    let mut git = Command::new("git");
    let output = git.args(["init", "--quiet", "--bare", "--initial-branch=main"]).arg(dir).output();
    let output = output.context("failed to start git")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "failed to make {}: {}", dir.display(), error.trim());
    Ok(())
}
