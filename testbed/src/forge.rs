//! What a forge says about a repository: the part of GitHub's API by which Backstage reads files, answered by git from the
//! very repositories that are pushed to.
//!
//! The web server starts it for each request, as it does with git's own HTTP program.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The name that this program is started by.
pub const PROGRAM: &str = "testbed-forge";
/// Where the API begins on the git server.
pub const API: &str = "/api/v3";
/// A forge's repositories belong to somebody; the testbed's all belong to this one.
pub const OWNER: &str = "testbed";

/// What is answered, with its media type.
type Answer = (&'static str, Vec<u8>);

/// A repository that is asked about.
struct Asked {
    dir: PathBuf,
    /// Its address in the API.
    url: String,
    name: String,
}

/// Answers the one request that is in the environment (RFC 3875).
pub fn main() -> Result<u8> {
    let var = |name| env::var(name).unwrap_or_default();
    let asked = Asked::find(Path::new(&var("GIT_PROJECT_ROOT")), &var("HTTP_HOST"), &var("PATH_INFO"));
    let answer = match &asked {
        Some((repository, question)) => repository.answer(question, &parameters(&var("QUERY_STRING"))),
        None => Ok(None),
    };
    let (status, (media, body)) = match answer? {
        Some(answer) => ("200 OK", answer),
        None => ("404 Not Found", as_json(&json!({"message": "Not Found"}))),
    };
    let mut out = io::stdout().lock();
    write!(out, "Status: {status}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n", body.len())?;
    out.write_all(&body)?;
    Ok(0)
}

impl Asked {
    /// The repository in the request's path, and what follows it.
    fn find(root: &Path, host: &str, path: &str) -> Option<(Self, String)> {
        let rest = path.strip_prefix(API)?.strip_prefix("/repos/")?.strip_prefix(OWNER)?.strip_prefix('/')?;
        let (name, question) = rest.split_once('/').unwrap_or((rest, ""));
        let dir = root.join(format!("{name}.git"));
        let found = Self { dir, url: format!("http://{host}{API}/repos/{OWNER}/{name}"), name: name.to_owned() };
        found.dir.is_dir().then(|| (found, question.to_owned()))
    }

    fn answer(&self, question: &str, parameters: &BTreeMap<String, String>) -> Result<Option<Answer>> {
        let (what, rest) = question.split_once('/').unwrap_or((question, ""));
        match (what, rest.split_once('/')) {
            ("commits", Some((reference, "status"))) => self.status(reference),
            ("git", Some(("trees", tree))) => self.tree(tree),
            ("git", Some(("blobs", blob))) => self.blob(blob),
            ("contents", _) => self.file(parameters.get("ref").map_or("HEAD", String::as_str), rest),
            ("tarball", None) => self.archive(rest),
            _ => Ok(None),
        }
    }

    /// The commit that a name means, and where its files are found.
    fn status(&self, reference: &str) -> Result<Option<Answer>> {
        let Some(sha) = self.commit(reference)? else { return Ok(None) };
        let url = &self.url;
        Ok(Some(as_json(&json!({
            "sha": sha,
            "repository": {
                "full_name": format!("{OWNER}/{}", self.name),
                "trees_url": format!("{url}/git/trees{{/sha}}"),
                "archive_url": format!("{url}/{{archive_format}}{{/ref}}"),
            },
        }))))
    }

    /// All files of a commit.
    fn tree(&self, reference: &str) -> Result<Option<Answer>> {
        let Some(sha) = self.commit(reference)? else { return Ok(None) };
        let listed = self.git(&["ls-tree", "-r", "-z", &sha])?.context("git lists no tree of a commit")?;
        let listed = String::from_utf8(listed).context("a path is no text")?;
        let entries: Vec<_> = listed.split_terminator('\0').filter_map(|line| self.entry(line)).collect();
        Ok(Some(as_json(&json!({"sha": sha, "tree": entries, "truncated": false}))))
    }

    fn blob(&self, id: &str) -> Result<Option<Answer>> {
        let content = self.git(&["cat-file", "blob", id])?;
        let wrap = |content: Vec<u8>| json!({"encoding": "base64", "content": STANDARD.encode(content)});
        Ok(content.map(|content| as_json(&wrap(content))))
    }

    fn file(&self, reference: &str, path: &str) -> Result<Option<Answer>> {
        let content = self.git(&["cat-file", "blob", &format!("{reference}:{path}")])?;
        Ok(content.map(|content| ("application/vnd.github.v3.raw", content)))
    }

    fn archive(&self, reference: &str) -> Result<Option<Answer>> {
        let Some(sha) = self.commit(reference)? else { return Ok(None) };
        let prefix = format!("--prefix={OWNER}-{}-{sha}/", self.name);
        let archive = self.git(&["archive", "--format=tar.gz", &prefix, &sha])?;
        Ok(archive.map(|archive| ("application/gzip", archive)))
    }

    fn commit(&self, reference: &str) -> Result<Option<String>> {
        let name = format!("{reference}^{{commit}}");
        let found = self.git(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name])?;
        Ok(found.map(|sha| String::from_utf8_lossy(&sha).trim().to_owned()))
    }

    /// One line of `git ls-tree`: mode, type and id, a tab, the path.
    fn entry(&self, line: &str) -> Option<Value> {
        let (about, path) = line.split_once('\t')?;
        let mut about = about.split(' ');
        let (mode, kind, sha) = (about.next()?, about.next()?, about.next()?);
        let url = format!("{}/git/blobs/{sha}", self.url);
        Some(json!({"path": path, "mode": mode, "type": kind, "sha": sha, "url": url}))
    }

    /// What git prints; nothing when it knows no such thing.
    fn git(&self, args: &[&str]) -> Result<Option<Vec<u8>>> {
        let git = crate::paths::find_program("git").context("git is not on PATH")?;
        let output =
            Command::new(git).arg("--git-dir").arg(&self.dir).args(args).output().context("failed to start git")?;
        match output.status.code() {
            Some(0) => Ok(Some(output.stdout)),
            Some(1 | 128) => Ok(None),
            _ => bail!("git {args:?} ended ({})", output.status),
        }
    }
}

fn as_json(value: &Value) -> Answer {
    ("application/json", value.to_string().into_bytes())
}

/// The query; nobody escapes anything in the ones that are asked here.
fn parameters(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
