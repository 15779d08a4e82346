//! The git repository: commits of branches, and the manifests in folders of a commit.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::world::text;

/// A bare repository on this disk, known by an address.
pub struct Source {
    url: String,
    dir: PathBuf,
    read: BTreeMap<(String, String, bool), Arc<Vec<Value>>>,
}

impl Source {
    pub fn of(url: String, dir: PathBuf) -> Self {
        Self { url, dir, read: BTreeMap::new() }
    }

    /// The commit of the branch that a source of an Application names.
    pub fn resolve(&self, source: &Value) -> Result<String> {
        self.is_here(source)?;
        let branch = text(source, "/targetRevision");
        let commit = self.git(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{branch}")], "");
        let commit = commit.with_context(|| format!("unable to resolve '{branch}' to a commit SHA"))?;
        Ok(String::from_utf8_lossy(&commit).trim().to_owned())
    }

    /// The manifests that a source has at a commit.
    pub fn manifests(&mut self, source: &Value, commit: &str) -> Result<Arc<Vec<Value>>> {
        self.is_here(source)?;
        let path = text(source, "/path").trim_matches('/').to_owned();
        let is_deep = source.pointer("/directory/recurse") == Some(&Value::Bool(true));
        let key = (commit.to_owned(), path, is_deep);
        if let Some(read) = self.read.get(&key) {
            return Ok(Arc::clone(read));
        }
        let manifests = Arc::new(self.read(commit, &key.1, is_deep)?);
        self.read.insert(key, Arc::clone(&manifests));
        Ok(manifests)
    }

    fn is_here(&self, source: &Value) -> Result<()> {
        let url = text(source, "/repoURL");
        ensure!(url == self.url, "{url} is not the repository of this cluster");
        ensure!(text(source, "/chart").is_empty() && source.get("helm").is_none(), "charts are not played");
        Ok(())
    }

    fn read(&self, commit: &str, path: &str, is_deep: bool) -> Result<Vec<Value>> {
        let listed = self.git(&["ls-tree", "-r", "-z", commit, "--", &format!("{path}/")], "")?;
        let listed = String::from_utf8(listed).context("a path is no text")?;
        let mut blobs = String::new();
        for entry in listed.split_terminator('\0') {
            let (meta, name) = entry.split_once('\t').context("git lists what nobody reads")?;
            let below = name.strip_prefix(path).unwrap_or(name).trim_start_matches('/');
            let is_manifest = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
            if is_manifest && (is_deep || !below.contains('/')) {
                blobs.push_str(meta.rsplit(' ').next().unwrap_or_default());
                blobs.push('\n');
            }
        }
        if listed.is_empty() {
            bail!("{path}: app path does not exist");
        }
        let mut manifests = Vec::new();
        for file in split(&self.git(&["cat-file", "--batch"], &blobs)?)? {
            let documents: Vec<Value> = serde_saphyr::from_multiple(&file).context("a manifest cannot be read")?;
            manifests.extend(documents.into_iter().filter(|it| it.get("kind").is_some()));
        }
        Ok(manifests)
    }

    fn git(&self, args: &[&str], input: &str) -> Result<Vec<u8>> {
        let mut git = Command::new("git");
        git.arg("--git-dir").arg(&self.dir).args(args);
        git.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = git.spawn().context("failed to start git")?;
        // It reads all of it before it fills the pipe: a line for each file, and there are some hundred.
        child.stdin.take().context("git reads")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        ensure!(output.status.success(), "git {args:?} failed");
        Ok(output.stdout)
    }
}

/// The texts in the answer of `git cat-file --batch`.
fn split(mut answer: &[u8]) -> Result<Vec<String>> {
    let mut files = Vec::new();
    while let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let size: usize = head.rsplit(' ').next().unwrap_or_default().parse().context("git answers otherwise")?;
        let (from, to) = (end + 1, end + 1 + size);
        files.push(String::from_utf8(answer.get(from..to).context("git breaks off")?.to_owned())?);
        answer = &answer[to + 1..];
    }
    Ok(files)
}
