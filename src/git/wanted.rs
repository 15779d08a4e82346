//! The files of a commit that are wanted. A repository can hold far more than a hub: what nobody looks at is not brought, where
//! the server can leave it out.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::refusals::{failure, said};
use super::repository::{Git, WITHOUT_FILES};
use crate::files::{Blob, Snapshot};
use crate::report::{Failure, Outcome};

/// A file that is wanted.
struct Wanted {
    path: String,
    object: String,
    is_executable: bool,
}

impl Git<'_> {
    /// Every path of a commit, with the bytes of those wanted that are files.
    pub async fn snapshot(&self, commit: &str, is_wanted: impl Fn(&str) -> bool) -> Outcome<Snapshot> {
        let listing = self.local(["ls-tree", "-r", "-z", "--full-tree", commit], Vec::new()).await?;
        let mut snapshot = Snapshot::new();
        let mut all = Vec::new();
        for line in String::from_utf8_lossy(&listing.stdout).split('\0').filter(|line| !line.is_empty()) {
            let (about, path) = line.split_once('\t').unwrap_or((line, ""));
            let mut about = about.split(' ');
            let mode = about.next().filter(|mode| mode.starts_with("100"));
            if let (Some(mode), true, Some(object)) = (mode, is_wanted(path), about.nth(1)) {
                let (path, object) = (path.to_owned(), object.to_owned());
                all.push(Wanted { path, object, is_executable: mode.ends_with("755") });
            }
            snapshot.insert(path.to_owned(), None);
        }
        if all.is_empty() {
            return Ok(snapshot);
        }
        let objects = || all.iter().map(|it| it.object.as_str());
        let doubtful: BTreeSet<&str> = objects().filter(|it| !self.store.has_file(it)).collect();
        if !doubtful.is_empty() {
            self.bring(commit, doubtful).await?;
        }
        // All of them are parts of the one answer.
        let answer = self.local(["cat-file", "--batch"], lines(objects())).await?.stdout;
        let answer = Bytes::from(answer.into_boxed_slice());
        let mut rest = &answer[..];
        for Wanted { path, object, is_executable } in all {
            let bytes = next_object(&mut rest)
                .ok_or_else(|| Failure::failed(format!("git does not give the file {path} of {}", self.access)))?;
            snapshot.insert(path, Some(Blob { bytes: answer.slice_ref(bytes), is_executable }));
            self.store.remember_file(object);
        }
        Ok(snapshot)
    }

    /// Brings those of the files that did not come with their commit, all in one request.
    async fn bring(&self, commit: &str, all: BTreeSet<&str>) -> Outcome<()> {
        let missing = self.missing(all).await?;
        if missing.is_empty() {
            return Ok(());
        }
        // We have nothing that the server could leave out, so nothing is said of it (as git itself does, promisor-remote.c).
        let args = [
            "-c",
            "fetch.negotiationAlgorithm=noop",
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            WITHOUT_FILES,
            "--stdin",
            "--",
            self.access.url.as_str(),
        ];
        if self.remote_with(&args, lines(missing.into_iter())).await?.status.success() {
            return Ok(());
        }
        // By version 0 of the protocol, which a proxy or an sshd may leave alone, a server can leave files out and not give them
        // by themselves ("Server does not allow request for unadvertised object").
        let whole = [
            "fetch",
            "--quiet",
            "--no-tags",
            "--refetch",
            "--no-filter",
            "--depth=1",
            "--no-write-fetch-head",
            "--",
            self.access.url.as_str(),
            commit,
        ];
        let ended = self.remote_with(&whole, Vec::new()).await?;
        if ended.status.success() {
            return Ok(());
        }
        Err(failure(said(&ended.stderr), "read", self.access, &ended.stderr))
    }

    /// Which of them are not in our repository. To ask for one that is not would be to fetch it, so git is asked for what it has.
    async fn missing<'w>(&self, mut missing: BTreeSet<&'w str>) -> Outcome<BTreeSet<&'w str>> {
        let args = ["cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)"];
        let there = self.local(args, Vec::new()).await?.stdout;
        for object in there.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()) {
            missing.remove(object);
        }
        Ok(missing)
    }
}

fn lines<'o>(objects: impl Iterator<Item = &'o str>) -> Vec<u8> {
    objects.flat_map(|it| [it.as_bytes(), b"\n"]).flatten().copied().collect()
}

/// The next answer of `git cat-file --batch`: `<object> blob <size>`, the bytes, a newline.
fn next_object<'s>(stream: &mut &'s [u8]) -> Option<&'s [u8]> {
    let end = stream.iter().position(|byte| *byte == b'\n')?;
    let size: usize = std::str::from_utf8(&stream[..end]).ok()?.split(' ').nth(2)?.parse().ok()?;
    let rest = &stream[end + 1..];
    let (bytes, after) = (rest.get(..size)?, rest.get(size + 1..)?);
    *stream = after;
    Some(bytes)
}
