//! The git program behind one small type: a repository of our own in a temporary folder, and one branch of
//! another one.
//!
//! There is no work tree. Files are read as objects and committed by `git fast-import`, so that a link, a filter
//! or an ignore rule in somebody's repository changes neither what is read nor what is written.

use std::sync::Arc;
use std::time::Instant;

use secrecy::ExposeSecret as _;

use super::access::Access;
use super::committer::Committer;
use super::connection::Files;
use super::depot::{Depot, Store};
use super::refusals::{Said, failure, said};
use super::signing::{Unsigned, sign};
use super::ssh::Ssh;
use crate::files::{self, Blob, ChangeKind, Merged};
use crate::process::{Ended, Program, TemporaryFolder};
use crate::report::{Failure, Outcome};

/// Where our commits stand in our own repository.
const OURS: &str = "refs/heads/ours";
/// Where what was fetched stands in ours.
const FETCHED: &str = "refs/remotes/hub";
/// The branch of the other repository.
const THEIRS: &str = "refs/remotes/hub/theirs";
/// What came beside it.
const BESIDE: &str = "refs/remotes/hub/beside";
/// The name of the branch that a push is tried with, and never made.
const PROBE: &str = "refs/heads/backstack-push-check";
/// The files of a commit come when they are wanted, where the server can leave them out; elsewhere they come with it.
pub(super) const WITHOUT_FILES: &str = "--filter=blob:none";
/// What our repository is set to.
const CONFIG: [(&str, &str); 4] =
    [("core.hooksPath", "/dev/null"), ("gc.auto", "0"), ("maintenance.auto", "false"), ("credential.helper", "")];
/// Reads the password from the environment of git's own child, for git on stdout.
const HELPER: &str = r#"!f() { test "$1" = get && printf 'username=%s\npassword=%s\n' "$BACKSTACK_GIT_USERNAME" "$BACKSTACK_GIT_PASSWORD"; }; f"#;

/// How many bytes git may answer with: what is read of a hub repository is held in memory.
const LARGEST: u64 = 1 << 30;

/// Our repository, for one run against another one.
#[derive(Debug)]
pub struct Git<'a> {
    pub(super) access: &'a Access,
    deadline: Instant,
    /// Where git and ssh run, with what they read.
    home: TemporaryFolder,
    pub(super) store: Arc<Store>,
    ssh: Ssh,
    files: Files,
}

/// How a push ended, when it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Push {
    /// The branch is at our commit.
    Done,
    /// Somebody else pushed in the meantime.
    Behind,
}

impl<'a> Git<'a> {
    /// A repository, empty or with what an earlier one for this access has fetched.
    pub async fn new(access: &'a Access, deadline: Instant) -> Outcome<Self> {
        Self::kept_in(&access.depot, access, deadline).await
    }

    async fn kept_in(depot: &Depot, access: &'a Access, deadline: Instant) -> Outcome<Self> {
        access.check()?;
        let home = TemporaryFolder::new("ssh")?;
        let (store, is_new) = depot.store(&access.url)?;
        let ssh = Ssh::set_up(access, home.path(), deadline).await?;
        let client = access.credential.as_ref().and_then(|it| it.client.as_ref());
        let files = Files::set_up(&access.connection, client, home.path())?;
        let git = Self { access, deadline, home, store, ssh, files };
        if is_new {
            // Without the files that git puts into each: nobody reads them.
            let args = ["init", "--quiet", "--bare", "--template=", "--initial-branch=ours"];
            git.local(args, Vec::new()).await?;
        }
        Ok(git)
    }

    /// Fetches the branch; `None` when it, or everything, is not there yet.
    pub async fn fetch(&self) -> Outcome<Option<String>> {
        self.fetch_reference(&self.branch()).await
    }

    /// The same, and in the same request what has this full name, where it is there.
    pub async fn fetch_with(&self, beside: &str) -> Outcome<Option<String>> {
        self.fetch_both(&self.branch(), Some(beside)).await
    }

    /// The same of whatever has this full name.
    pub async fn fetch_reference(&self, reference: &str) -> Outcome<Option<String>> {
        self.fetch_both(reference, None).await
    }

    /// Where something of this full name was when it was fetched last, if it was.
    pub(super) fn fetched(&self, reference: &str) -> Option<String> {
        self.store.fetched(reference)
    }

    async fn fetch_both(&self, reference: &str, beside: Option<&str>) -> Outcome<Option<String>> {
        if let Some(fetched) = self.store.fetched(reference)
            && self.at(reference).await?.as_ref() == Some(&fetched)
        {
            return Ok(Some(fetched));
        }
        let refspec = format!("+{reference}:{THEIRS}");
        let url = self.access.url.as_str();
        let mut args = vec!["fetch", "--quiet", "--no-tags", "--depth=1", WITHOUT_FILES, "--", url, refspec.as_str()];
        // As a pattern, which may mean nothing: without it the whole request would fail.
        let pattern = beside.map(|name| format!("+{name}*:{BESIDE}*"));
        args.extend(pattern.as_deref());
        let ended = self.remote(&args).await?;
        if ended.status.success() {
            let args = ["for-each-ref", "--format=%(refname) %(objectname)", FETCHED];
            let fetched = self.local(args, Vec::new()).await?.text();
            let at = |name: &str| fetched.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            for (name, commit) in [(Some(reference), at(THEIRS)), (beside, at(BESIDE))] {
                name.zip(commit).into_iter().for_each(|(name, commit)| self.store.remember(name, commit));
            }
            let theirs = at(THEIRS).map(str::to_owned);
            // Taken for a branch that is not there, it would be a first installation.
            return theirs
                .map(Some)
                .ok_or_else(|| Failure::failed(format!("git does not say what it has fetched of {}", self.access)));
        }
        match said(&ended.stderr) {
            Said::NoSuchBranch => Ok(None),
            said => Err(failure(said, "read", self.access, &ended.stderr)),
        }
    }

    /// A commit that was fetched, and its parents.
    pub async fn and_parents(&self, commit: &str) -> Outcome<Vec<String>> {
        // Not by `rev-parse`: the parents of a commit that was fetched alone are hidden.
        let raw = self.local(["cat-file", "commit", commit], Vec::new()).await?.text();
        let parents = raw.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("parent "));
        Ok(parents.chain([commit]).map(str::to_owned).collect())
    }

    /// Whether the branch, which is at `head`, has one of these commits in its history.
    pub async fn history_has_any(&self, head: &str, commits: &[String]) -> Outcome<bool> {
        let whole = self.whole().await?;
        for commit in commits.iter().filter(|commit| is_commit(commit)) {
            // 1 is no; 128 is a commit that is not there at all.
            let args = ["merge-base", "--is-ancestor", commit, head];
            if whole.run(whole.program(), &args, Vec::new()).await?.status.success() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Every commit in the history of the branch, the newest first, with what the first line of its message says where we have
    /// made it.
    pub async fn history(&self) -> Outcome<Vec<(String, Option<String>)>> {
        let format = format!("--format=%H%x09%cn <%ce>%x09{}%x09%s", Committer::trailers());
        let args = ["log", "--topo-order", format.as_str(), THEIRS];
        let listing = self.whole().await?.local(args, Vec::new()).await?.text();
        let commit = |line: &str| {
            let mut parts = line.splitn(4, '\t');
            let (commit, committer, trailers) = (parts.next()?, parts.next()?, parts.next()?);
            Some((
                commit.to_owned(),
                parts.next().filter(|_| Committer::is_ours(committer, trailers)).map(str::to_owned),
            ))
        };
        Ok(listing.lines().filter_map(commit).collect())
    }

    /// The whole history of the branch, without its files where the server can leave them out, in a repository of its own:
    /// one of depth 1 ends at its first commit.
    async fn whole(&self) -> Outcome<Self> {
        let whole = Self::kept_in(&Depot::default(), self.access, self.deadline).await?;
        let refspec = format!("+{}:{THEIRS}", self.branch());
        let url = self.access.url.as_str();
        let args = ["fetch", "--quiet", "--no-tags", "--filter=tree:0", "--", url, refspec.as_str()];
        let ended = whole.remote(&args).await?;
        if !ended.status.success() {
            return Err(failure(said(&ended.stderr), "read", self.access, &ended.stderr));
        }
        Ok(whole)
    }

    /// Fetches any commit, without its history. Answers whether the server gives it.
    pub async fn fetch_commit(&self, commit: &str) -> Outcome<bool> {
        let url = self.access.url.as_str();
        let args = ["fetch", "--quiet", "--no-tags", "--depth=1", WITHOUT_FILES, "--", url, commit];
        Ok(is_commit(commit) && self.remote(&args).await?.status.success())
    }

    /// Whether any commit has a file; `None` where the server does not give the commit.
    pub async fn has_file(&self, commit: &str, path: &str) -> Outcome<Option<bool>> {
        if !self.fetch_commit(commit).await? {
            return Ok(None);
        }
        let listing = self.local(["ls-tree", "--name-only", "--full-tree", commit, path], Vec::new()).await?;
        Ok(Some(!listing.stdout.is_empty()))
    }

    /// The same, of a commit that has to be there.
    pub async fn need_commit(&self, commit: &str) -> Outcome<()> {
        if self.fetch_commit(commit).await? {
            return Ok(());
        }
        Err(Failure::failed(format!("{} does not give commit `{commit}`", self.access.shown())))
    }

    /// The commit that the branch is at now, without fetching it; `None` when it is not there.
    pub async fn head(&self) -> Outcome<Option<String>> {
        self.at(&self.branch()).await
    }

    /// The same of whatever has this full name.
    async fn at(&self, reference: &str) -> Outcome<Option<String>> {
        let args = ["ls-remote", "--quiet", "--", self.access.url.as_str(), reference];
        let ended = self.remote(&args).await?;
        if !ended.status.success() {
            return Err(failure(said(&ended.stderr), "read", self.access, &ended.stderr));
        }
        // One line, unless another branch ends in the name of ours (git-ls-remote, "patterns").
        let ours =
            ended.text().lines().find_map(|line| line.strip_suffix(reference)?.strip_suffix('\t').map(str::to_owned));
        Ok(ours)
    }

    /// Commits the changes of a merge on top of `parent`, and gives the commit.
    pub async fn commit(&self, parent: Option<&str>, merged: &Merged, message: &str) -> Outcome<String> {
        let committer = &self.access.committer;
        let message = committer.sign_off(message);
        let unsigned = self.commit_unsigned(parent, merged, &message).await?;
        let Some(key) = &committer.signing_key else { return Ok(unsigned) };
        let tree = format!("{unsigned}^{{tree}}");
        let commit = Unsigned { tree, parent, message: &message, committer };
        let signed = sign(self.program(), key, &commit, self.home.path(), self.deadline).await?;
        self.local(["update-ref", OURS, signed.as_str()], Vec::new()).await?;
        Ok(signed)
    }

    async fn commit_unsigned(&self, parent: Option<&str>, merged: &Merged, message: &str) -> Outcome<String> {
        let stream = commit_stream(parent, merged, message, &self.access.committer);
        made(self.local(["fast-import", "--quiet", "--force", "--date-format=now"], stream).await?.text())
    }

    /// Moves the branch to a commit of ours, if it still is at `parent`, upon which the commit was made; one that was wound back
    /// meanwhile would have been moved forward again.
    pub async fn push(&self, commit: &str, parent: Option<&str>) -> Outcome<Push> {
        self.push_to(&self.branch(), commit, parent).await
    }

    /// The same of whatever has this full name.
    pub async fn push_to(&self, reference: &str, commit: &str, parent: Option<&str>) -> Outcome<Push> {
        let (refspec, lease) =
            (format!("{commit}:{reference}"), format!("--force-with-lease={reference}:{}", parent.unwrap_or_default()));
        let args = ["push", "--quiet", lease.as_str(), "--", self.access.url.as_str(), refspec.as_str()];
        let ended = self.remote(&args).await?;
        let said = said(&ended.stderr);
        if ended.status.success() || said.leaves_open() && self.is_at(reference, commit).await {
            self.store.remember(reference, commit);
            return Ok(Push::Done);
        }
        match said {
            Said::Behind => Ok(Push::Behind),
            said => Err(failure(said, "push to", self.access, &ended.stderr)),
        }
    }

    /// Whether it is at this commit, as far as the server says. It may have taken a push and not have come to answer.
    async fn is_at(&self, reference: &str, commit: &str) -> bool {
        self.at(reference).await.is_ok_and(|at| at.as_deref() == Some(commit))
    }

    /// Brings our commit to another branch, which is ours alone.
    pub async fn push_beside(&self, branch: &str) -> Outcome<()> {
        let refspec = format!("+{OURS}:refs/heads/{branch}");
        let ended = self.remote(&["push", "--quiet", "--", self.access.url.as_str(), refspec.as_str()]).await?;
        if ended.status.success() {
            return Ok(());
        }
        Err(failure(said(&ended.stderr), "push to", self.access, &ended.stderr))
    }

    /// Whether a push would be let in. Nothing is pushed.
    pub async fn may_push(&self) -> Outcome<bool> {
        let nothing = Merged { changes: Vec::new(), tree: files::Tree::default() };
        self.commit_unsigned(None, &nothing, "Never pushed").await?;
        let refspec = format!("{OURS}:{PROBE}");
        let args = ["push", "--quiet", "--dry-run", "--", self.access.url.as_str(), refspec.as_str()];
        let ended = self.remote(&args).await?;
        // Forges refuse in many words, and with 404 to whom may not know of the repository: only a success tells.
        Ok(ended.status.success())
    }

    /// The full name of the branch.
    fn branch(&self) -> String {
        format!("refs/heads/{}", self.access.branch)
    }

    /// A call that asks the other repository. No other one is given the credential.
    async fn remote(&self, args: &[&str]) -> Outcome<Ended> {
        self.remote_with(args, Vec::new()).await
    }

    /// The same of one that reads what it asks for.
    pub(super) async fn remote_with(&self, args: &[&str], input: Vec<u8>) -> Outcome<Ended> {
        let program = self.program().on_network().with_agent().env("GIT_SSH_COMMAND", self.ssh.command());
        let mut program = self.files.give_to(program, &self.access.connection);
        let credential = self.access.credential.as_ref();
        let password = credential.and_then(|credential| Some((credential.user(), credential.password.as_ref()?)));
        if let (Some(origin), Some((user, password))) = (self.access.origin(), password) {
            program = program
                .env("BACKSTACK_GIT_USERNAME", user)
                .env("BACKSTACK_GIT_PASSWORD", password.expose_secret())
                .env(&format!("GIT_CONFIG_KEY_{}", CONFIG.len()), format!("credential.{origin}.helper"))
                .env(&format!("GIT_CONFIG_VALUE_{}", CONFIG.len()), HELPER)
                .env("GIT_CONFIG_COUNT", (CONFIG.len() + 1).to_string());
        }
        self.run(program, args, input).await
    }

    /// A call that concerns only our own repository, so that its failure is nobody's fault but ours.
    pub(super) async fn local<const N: usize>(&self, args: [&str; N], input: Vec<u8>) -> Outcome<Ended> {
        // A file that was left out is not asked for in passing, one by one and without the credential.
        let program = self.program().env("GIT_ALLOW_PROTOCOL", "none");
        let ended = self.run(program, &args, input).await?;
        if ended.status.success() {
            return Ok(ended);
        }
        Err(Failure::failed(format!("git {} failed", verb(&args))).details(ended.stderr.lines()))
    }

    async fn run(&self, program: Program, args: &[&str], input: Vec<u8>) -> Outcome<Ended> {
        program.args(args).input(input).bound(LARGEST).run(self.deadline).await.map_err(|mut failure| {
            failure.message = format!("git {} for {}: {}", verb(args), self.access, failure.message);
            failure
        })
    }

    fn program(&self) -> Program {
        let home = self.home.path();
        let program = Program::new("git")
            .dir(home)
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("GIT_DIR", self.store.folder.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_CONFIG_COUNT", CONFIG.len().to_string());
        CONFIG.iter().enumerate().fold(program, |program, (index, (key, value))| {
            program.env(&format!("GIT_CONFIG_KEY_{index}"), key).env(&format!("GIT_CONFIG_VALUE_{index}"), value)
        })
    }
}

/// What git is asked to do, behind what it is told for that alone.
fn verb<'s>(args: &[&'s str]) -> &'s str {
    args.iter().find(|it| !it.starts_with('-') && !it.contains('=')).unwrap_or(&"")
}

/// A full object name, in SHA-1 or SHA-256; nothing else is given to git as one.
fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The commit that git says it has made. Pushed as the name of nothing it would take the branch away.
fn made(said: String) -> Outcome<String> {
    if is_commit(&said) { Ok(said) } else { Err(Failure::failed("git does not say which commit it has made")) }
}

/// The stream format of `git fast-import` (its manual page, "Input format"), which answers with the commit.
fn commit_stream(parent: Option<&str>, merged: &Merged, message: &str, committer: &Committer) -> Vec<u8> {
    let head = format!(
        "reset {OURS}\n\ncommit {OURS}\nmark :1\ncommitter {committer} now\ndata {}\n{message}\n",
        message.len()
    );
    let from = parent.map(|parent| format!("from {parent}\n")).unwrap_or_default();
    let mut stream = (head + &from).into_bytes();
    // Removals first: a path that goes may be the folder of one that comes.
    for change in merged.changes.iter().filter(|change| change.kind == ChangeKind::Remove) {
        stream.extend(format!("D {}\n", change.path).bytes());
    }
    for change in merged.changes.iter().filter(|change| change.kind != ChangeKind::Remove) {
        let bytes = merged.tree.get(&change.path).unwrap_or_default();
        let mode = Blob::mode(merged.tree.is_executable(&change.path));
        stream.extend(format!("M {mode} inline {}\ndata {}\n", change.path, bytes.len()).bytes());
        stream.extend_from_slice(bytes);
        stream.push(b'\n');
    }
    // The commit ends with an empty line, and then it has a name.
    stream.extend(b"\nget-mark :1\n");
    stream
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_names_no_commit_is_none() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(made(commit.to_owned()).expect("a commit"), commit);
        for said in ["", "warning: something", &commit[1..], ":refs/heads/main"] {
            assert!(made(said.to_owned()).is_err(), "{said}");
        }
    }
}
