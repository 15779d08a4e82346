//! The rendered files of a branch brought back to what they were at an earlier commit, by one more commit.
//!
//! This is for a hub that a commit has broken. So what people have changed in rendered files since goes as well: that may be
//! what broke it. Files that nobody rendered stay, and so do beads, with their lines in files of the hub.

use std::time::Instant;

use super::hub::{Committed, conflict};
use super::leaving::Leaving;
use crate::files::{Base, Blob, Conflict, Digests, Merged, Snapshot, Tree, merge};
use crate::git::{Access, Git, Published, Push, RETRIES, describe, history};
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::{ARGOCD, LOCK_FILE, ROOT, is_below};
use crate::render;
use crate::report::{Failure, Outcome};

/// What became of the commit that brings the files back.
#[derive(Debug)]
pub enum Restored {
    /// The branch is at it, or needed none.
    Done(Published),
    /// The branch does not take it. It is beside it, for people to merge.
    Beside {
        /// The branch that it is on.
        branch: String,
        /// Why the other one does not take it.
        why: Failure,
    },
}

/// Reads the files that were rendered as a commit has them; `None` where the server does not give the commit.
pub async fn read_commit(access: &Access, commit: &str, deadline: Instant) -> Outcome<Option<Committed>> {
    let git = Git::new(access, deadline).await?;
    let Some(then) = Then::read(&git, commit).await? else { return Ok(None) };
    let mut tree = Tree::default();
    for (path, bytes) in then.files {
        tree.insert(path, bytes)?;
    }
    Ok(Some(Committed { revision: commit.to_owned(), tree }))
}

/// Brings the rendered files back to what they were at the commit `to`, whoever has changed them since. What that takes away
/// `admit` refuses, or answers by name. Where the branch does not take the commit, a branch beside it is given it.
pub async fn restore(
    access: &Access,
    to: &str,
    message: &str,
    deadline: Instant,
    admit: impl AsyncFn(&Leaving) -> Outcome<Vec<String>>,
) -> Outcome<Restored> {
    let git = Git::new(access, deadline).await?;
    let then = Then::needed(&git, access, to).await?;
    for _ in 0..=RETRIES {
        let there = Head::newest(&git, access, &then).await?;
        let merged = there.restored(&then)?.map_err(|all| conflict(access, &all))?;
        let left = admit(&Leaving::of(&there.snapshot, &merged)).await?;
        let published = |revision: String, merged: Merged| Published {
            revision,
            committed: !merged.changes.is_empty(),
            changed: merged.changes,
            tree: merged.tree,
            left: left.clone(),
            unknown: Vec::new(),
        };
        if merged.changes.is_empty() {
            return Ok(Restored::Done(published(there.revision, merged)));
        }
        let text = describe(message, &merged.changes, &left);
        let revision = git.commit(Some(&there.revision), &merged, &text).await?;
        match git.push(&revision, Some(&there.revision)).await {
            Ok(Push::Done) => {
                if let Some(since) = &access.since {
                    since.went_on_to(&revision);
                }
                return Ok(Restored::Done(published(revision, merged)));
            }
            Ok(Push::Behind) => {}
            Err(why) => {
                let branch = format!("backstack/recover-{}", to.get(..12).unwrap_or(to));
                return match git.push_beside(&branch).await {
                    Ok(()) => Ok(Restored::Beside { branch, why }),
                    Err(_) => Err(why), // the first one says more
                };
            }
        }
    }
    Err(Failure::failed(format!("failed to push to {access}: somebody else keeps pushing to it"))
        .hint("run again when the branch is quiet"))
}

/// What going back to the commit `to` would take away, as the branch is now. Nothing is written.
pub async fn foresee_restored(access: &Access, to: &str, deadline: Instant) -> Outcome<Leaving> {
    let git = Git::new(access, deadline).await?;
    let then = Then::needed(&git, access, to).await?;
    let there = Head::newest(&git, access, &then).await?;
    let merged = there.restored(&then)?.map_err(|all| conflict(access, &all))?;
    Ok(Leaving::of(&there.snapshot, &merged))
}

/// The rendered files at the commit that is gone back to, without what beads add to them.
struct Then {
    files: Vec<(String, Blob)>,
}

impl Then {
    async fn read(git: &Git<'_>, commit: &str) -> Outcome<Option<Self>> {
        if !git.fetch_commit(commit).await? {
            return Ok(None);
        }
        let rendered = rendered_at(git, commit).await?.unwrap_or_default();
        let snapshot = git.snapshot(commit, |path| path == LOCK_FILE || rendered.contains_key(path)).await?;
        let files = snapshot.into_iter().filter_map(|(path, bytes)| Some((path, bytes?))).collect();
        Ok(Some(Self { files }))
    }

    /// The same, of a commit that has to be there.
    async fn needed(git: &Git<'_>, access: &Access, commit: &str) -> Outcome<Self> {
        let then = Self::read(git, commit).await?;
        then.ok_or_else(|| Failure::failed(format!("{access} does not give the commit {commit}")))
    }

    fn without_overlay(&self) -> Outcome<Tree> {
        let snapshot: Snapshot = self.files.iter().map(|(path, bytes)| (path.clone(), Some(bytes.clone()))).collect();
        let mut tree = Tree::default();
        for (path, bytes) in render::bead::without_overlay(&snapshot) {
            tree.insert(path, bytes.unwrap_or_default())?;
        }
        Ok(tree)
    }
}

/// The branch as it is.
struct Head {
    revision: String,
    snapshot: Snapshot,
    /// What the last render wrote; nothing where somebody has broken its lock.
    rendered: Digests,
}

impl Head {
    async fn newest(git: &Git<'_>, access: &Access, then: &Then) -> Outcome<Self> {
        let revision = history::fetch(git, access).await?;
        let revision = revision.ok_or_else(|| Failure::failed(format!("{access} has no commit")))?;
        let rendered = rendered_at(git, &revision).await.ok().flatten().unwrap_or_default();
        let is_then = |path: &str| then.files.iter().any(|(it, _)| it == path);
        let is_live = |path: &str| is_below(ROOT, path) || is_below(ARGOCD, path);
        let is_wanted = |path: &str| {
            path == LOCK_FILE
                || rendered.contains_key(path)
                || is_then(path)
                || is_live(path)
                || render::bead::tells_of_claims(path)
        };
        let snapshot = git.snapshot(&revision, is_wanted).await?;
        Ok(Self { revision, snapshot, rendered })
    }

    /// The files of then over those of now. Whatever stands in a rendered file counts as rendered.
    fn restored(&self, then: &Then) -> Outcome<Result<Merged, Vec<Conflict>>> {
        let there = render::bead::without_overlay(&self.snapshot);
        let ours = then.without_overlay()?;
        let is_rendered =
            |path: &str| path == LOCK_FILE || ours.get(path).is_some() || self.rendered.contains_key(path);
        let mut rendered = Tree::default();
        for (path, file) in there.iter().filter(|(path, _)| is_rendered(path)) {
            file.iter().try_for_each(|file| rendered.insert(path, file))?;
        }
        let base = Base { files: rendered.digests(), executable: rendered.executables() };
        let mut merged = match merge(&base, &there, &ours) {
            Ok(merged) => merged,
            Err(conflicts) => return Ok(Err(conflicts)),
        };
        render::bead::add_overlay(&mut merged, &self.snapshot, &self.snapshot)?;
        Ok(Ok(merged))
    }
}

/// The files that the lock of a commit says were rendered.
async fn rendered_at(git: &Git<'_>, commit: &str) -> Outcome<Option<Digests>> {
    let lock = git.snapshot(commit, |path| path == LOCK_FILE).await?.remove(LOCK_FILE).flatten();
    lock.map(|text| Ok(HubLock::read(&text)?.files)).transpose()
}
