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
    let (_, mut noted) = all(&git).await?;
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
    Ok(all(&git).await?.1.remove(commit))
}

/// Notes this on a commit, unless there is a note on it. Answers whether it is new.
pub async fn write_note(access: &Access, note: &Note, deadline: Instant) -> Outcome<bool> {
    let git = Git::new(access, deadline).await?;
    let Note { commit, text } = note;
    for _ in 0..=RETRIES {
        let (parent, noted) = all(&git).await?;
        if noted.contains_key(commit) {
            return Ok(false);
        }
        let mut tree = Tree::default();
        tree.insert(commit, text.as_bytes())?;
        let changes = vec![FileChange { kind: ChangeKind::Add, path: commit.clone() }];
        let message = format!("Note that {commit} was proven");
        git.commit(parent.as_deref(), &Merged { changes, tree }, &message).await?;
        if git.push_to(NOTES, parent.as_deref()).await? == Push::Done {
            return Ok(true);
        }
    }
    Err(Failure::failed(format!("failed to push {NOTES} to {access}: somebody else keeps pushing to it"))
        .hint("run again when it is quiet"))
}

/// The commit that the notes are at, and every note by its commit. Where there are many, git puts them into folders by the
/// first digits.
async fn all(git: &Git<'_>) -> Outcome<(Option<String>, BTreeMap<String, String>)> {
    let Some(head) = git.fetch_reference(NOTES).await? else { return Ok((None, BTreeMap::new())) };
    let files = git.snapshot(&head, |_| true).await?;
    let text = |file: Option<Blob>| String::from_utf8(file?.bytes).ok();
    let notes = files.into_iter().filter_map(|(path, bytes)| Some((path.replace('/', ""), text(bytes)?)));
    Ok((Some(head), notes.collect()))
}
