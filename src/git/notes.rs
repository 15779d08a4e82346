//! What was proven, beside the commits themselves: git notes (gitformat: a tree with a file for each commit), which move no
//! branch and are fetched by nobody who does not ask for them. They are there when the cluster is not.

use std::collections::BTreeMap;
use std::time::Instant;

use super::access::Access;
use super::repository::{Git, Push};
use crate::files::{Blob, ChangeKind, FileChange, Merged, Tree};
use crate::report::{Failure, Outcome};

/// Where the notes are.
pub const NOTES: &str = "refs/notes/backstack";
/// How often a push is tried again after somebody else's.
const RETRIES: usize = 3;

/// A note on a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The commit.
    pub commit: String,
    /// What is noted.
    pub text: String,
}

/// The notes on commits in the history of the branch, those of its newest commits first.
pub async fn notes(access: &Access, deadline: Instant) -> Outcome<Vec<Note>> {
    let git = Git::new(access, deadline).await?;
    let Some(head) = git.fetch_reference(NOTES).await? else { return Ok(Vec::new()) };
    let mut noted = read(&git, &head, |_| true).await?;
    if noted.is_empty() {
        return Ok(Vec::new());
    }
    let history = git.history().await?;
    let on_it = history.into_iter().filter_map(|(commit, _)| noted.remove_entry(&commit));
    Ok(on_it.map(|(commit, text)| Note { commit, text }).collect())
}

/// The note on one commit.
pub async fn note_on(access: &Access, commit: &str, deadline: Instant) -> Outcome<Option<String>> {
    let git = Git::new(access, deadline).await?;
    let Some(head) = git.fetch_reference(NOTES).await? else { return Ok(None) };
    Ok(read(&git, &head, |it| it == commit).await?.remove(commit))
}

/// Notes this on a commit, unless there is a note on it. Answers whether it is new.
pub async fn write_note(access: &Access, note: &Note, deadline: Instant) -> Outcome<bool> {
    let git = Git::new(access, deadline).await?;
    let Note { commit, text } = note;
    // A note stays: one that came with the branch tells enough.
    if let Some(head) = git.fetched(NOTES)
        && has(&git, &head, commit).await?
    {
        return Ok(false);
    }
    for _ in 0..=RETRIES {
        let parent = git.fetch_reference(NOTES).await?;
        if let Some(head) = &parent
            && has(&git, head, commit).await?
        {
            return Ok(false);
        }
        let mut tree = Tree::default();
        tree.insert(commit, text.as_bytes())?;
        let changes = vec![FileChange { kind: ChangeKind::Add, path: commit.clone() }];
        let message = format!("Note that {commit} was proven");
        let noted = git.commit(parent.as_deref(), &Merged { changes, tree }, &message).await?;
        if git.push_to(NOTES, &noted, parent.as_deref()).await? == Push::Done {
            return Ok(true);
        }
    }
    Err(Failure::failed(format!("failed to push {NOTES} to {access}: somebody else keeps pushing to it"))
        .hint("run again when it is quiet"))
}

/// The notes at this commit of theirs which are wanted, by the commits that they are on.
async fn read(git: &Git<'_>, head: &str, is_wanted: impl Fn(&str) -> bool) -> Outcome<BTreeMap<String, String>> {
    let files = git.snapshot(head, |path| is_wanted(&noted(path))).await?;
    let text = |file: Option<Blob>| String::from_utf8(file?.bytes.into()).ok();
    Ok(files.into_iter().filter_map(|(path, bytes)| Some((noted(&path), text(bytes)?))).collect())
}

/// Whether there is a note on a commit.
async fn has(git: &Git<'_>, head: &str, commit: &str) -> Outcome<bool> {
    Ok(git.snapshot(head, |_| false).await?.keys().any(|path| noted(path) == commit))
}

/// The commit that a file is the note on. Where there are many, git puts them into folders by the first digits.
fn noted(path: &str) -> String {
    path.replace('/', "")
}
