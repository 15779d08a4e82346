//! One commit on top of a branch, and its push.

use std::time::Instant;

use super::access::Access;
use super::repository::{Git, Push};
use crate::files::{ChangeKind, FileChange, Merged, Tree};
use crate::report::{Failure, Outcome};

/// How often a push is tried again after somebody else's. Each time it is looked anew at what is in git, and at what is live and
/// would go with the commit, so a try is not cheap.
pub(crate) const RETRIES: usize = 3;

/// What a repository holds after a publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The commit that the branch is at.
    pub revision: String,
    /// Whether this run made it.
    pub committed: bool,
    /// What this run changed.
    pub changed: Vec<FileChange>,
    /// Our files at that commit, people's edits included.
    pub tree: Tree,
    /// What installed beads require and nobody can hold against the commit, a line each.
    pub unknown: Vec<String>,
    /// What Argo CD deletes by the commit, by name.
    pub left: Vec<String>,
}

/// What is to be committed, and on top of what.
pub(crate) struct Proposal {
    pub parent: Option<String>,
    pub merged: Merged,
    /// What installed beads require and nobody can hold against it.
    pub unknown: Vec<String>,
    /// What it takes away, by name.
    pub left: Vec<String>,
}

/// Commits and pushes what `merge` makes of the branch; anew when somebody else has pushed in the meantime.
pub(crate) async fn push_merge(
    access: &Access,
    message: &str,
    deadline: Instant,
    merge: impl AsyncFn(&Git<'_>) -> Outcome<Proposal>,
) -> Outcome<Published> {
    let git = Git::new(access, deadline).await?;
    for _ in 0..=RETRIES {
        let Proposal { parent, merged, left, unknown } = merge(&git).await?;
        if let (true, Some(revision)) = (merged.changes.is_empty(), &parent) {
            let (revision, changed) = (revision.clone(), Vec::new());
            return Ok(Published { revision, committed: false, changed, tree: merged.tree, left, unknown });
        }
        let text = describe(message, &merged.changes, &left);
        let revision = git.commit(parent.as_deref(), &merged, &text).await?;
        if git.push(&revision, parent.as_deref()).await? == Push::Done {
            if let Some(since) = &access.since {
                since.went_on_to(&revision);
            }
            return Ok(Published {
                revision,
                committed: true,
                changed: merged.changes,
                tree: merged.tree,
                left,
                unknown,
            });
        }
    }
    Err(Failure::failed(format!("failed to push to {access}: somebody else keeps pushing to it"))
        .hint("run again when the branch is quiet"))
}

/// The message of a commit: what was asked for, and what that changes.
pub(crate) fn describe(message: &str, changes: &[FileChange], left: &[String]) -> String {
    let lines = changes.iter().map(|change| {
        let verb = match change.kind {
            ChangeKind::Add => "add",
            ChangeKind::Update => "update",
            ChangeKind::Remove => "remove",
        };
        format!("{verb} {}\n", change.path)
    });
    let leaves = left.iter().map(|it| format!("leaves the cluster: {it}\n"));
    format!("{message}\n\n{}", lines.chain(leaves).collect::<String>())
}
