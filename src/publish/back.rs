//! The way back: the files that were rendered at an earlier commit are brought back by a commit on top. History is never
//! rewritten, and what people and beads have put into the repository since stays.

use std::time::Instant;

use super::hub::{Branch, Plan, or_unfit};
use super::leaving::Leaving;
use crate::files::{Conflict, Digests, Merged, Tree, merge, sha256};
use crate::git::{Access, Git, Proposal, Published, push_merge};
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::LOCK_FILE;
use crate::render;
use crate::report::{Failure, Outcome};

/// What the message of a commit begins with that brings a render of the hub.
pub const RENDERS: &str = "Render hub ";
/// And what that of one begins with that brings back an earlier one.
pub const BRINGS_BACK: &str = "Bring back hub ";

/// The hub as the branch holds it now.
#[derive(Debug, Clone)]
pub struct Present {
    /// The commit that the branch is at.
    pub revision: String,
    /// The digest of what was rendered into it.
    pub render: String,
    /// Every commit of the branch, the newest first.
    pub history: Vec<String>,
    /// How what was rendered last has come.
    pub last_render: Option<LastRender>,
    /// Our files in it, people's edits included and the lines of beads left out.
    pub files: Tree,
}

/// The last commit of ours that brought a render of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRender {
    /// The commit.
    pub revision: String,
    /// Whether it brought back an earlier one.
    pub is_back: bool,
    /// Whether people have since put another one in its place.
    pub is_taken_back: bool,
}

/// The hub as it was at a commit.
#[derive(Debug, Clone)]
pub struct Past {
    /// The commit.
    pub revision: String,
    /// Our files at the commit, people's edits of that time included and the lines of beads left out.
    pub files: Tree,
    lock: HubLock,
    /// What was rendered, the lock among it.
    rendered: Digests,
}

/// Reads the hub as it is; `None` where there is none at the branch.
pub async fn present(access: &Access, deadline: Instant) -> Outcome<Option<Present>> {
    let git = Git::new(access, deadline).await?;
    let there = Branch::read(&git, access, &Tree::default()).await?;
    let (Some(revision), Some(lock)) = (there.revision, there.lock) else { return Ok(None) };
    let mut files = Tree::default();
    for (path, bytes) in render::bead::without_overlay(&there.snapshot)
        .into_iter()
        .filter(|(path, _)| there.base.files.contains_key(path))
    {
        if let Some(bytes) = bytes {
            files.insert(path, bytes)?;
        }
    }
    let history = git.history().await?;
    let render = lock.render_digest();
    let last = history.iter().find_map(|(commit, ours)| {
        let is_back = ours.as_deref()?.starts_with(BRINGS_BACK);
        let is_one = is_back || ours.as_deref()?.starts_with(RENDERS);
        is_one.then(|| (commit.clone(), is_back))
    });
    let last_render = match last {
        Some((last, is_back)) => {
            let rendered = lock_at(&git, &last).await?.map(|(lock, _)| lock.render_digest());
            Some(LastRender { revision: last, is_back, is_taken_back: rendered.as_ref() != Some(&render) })
        }
        None => None,
    };
    let history = history.into_iter().map(|(commit, _)| commit).collect();
    Ok(Some(Present { revision, render, history, last_render, files }))
}

/// Reads the hub as it was at a commit of the branch.
pub async fn past(access: &Access, revision: &str, deadline: Instant) -> Outcome<Past> {
    let git = Git::new(access, deadline).await?;
    let (lock, digest) = lock_at(&git, revision)
        .await?
        .ok_or_else(|| Failure::failed(format!("commit {revision} of {access} holds no hub")))?;
    let mut rendered = lock.files.clone();
    rendered.insert(LOCK_FILE.to_owned(), digest);
    let snapshot = render::bead::without_overlay(&git.snapshot(revision, |path| rendered.contains_key(path)).await?);
    let mut files = Tree::default();
    for (path, bytes) in snapshot {
        if let Some(bytes) = bytes {
            files.insert(path, bytes)?;
        }
    }
    Ok(Past { revision: revision.to_owned(), files, lock, rendered })
}

/// The lock at a commit, and its digest; `None` where there is none in it.
async fn lock_at(git: &Git<'_>, commit: &str) -> Outcome<Option<(HubLock, String)>> {
    git.need_commit(commit).await?;
    let text = git.snapshot(commit, |path| path == LOCK_FILE).await?.remove(LOCK_FILE).flatten();
    text.map(|text| Ok((HubLock::read(&text)?, sha256(&text)))).transpose()
}

/// Brings our files back to what they were, by one commit, or by none when they are that. Where people have edited since what
/// would be brought back nothing is written. What the commit would take away `admit` refuses, or answers by name.
pub async fn publish_back(
    access: &Access,
    past: &Past,
    message: &str,
    deadline: Instant,
    admit: impl AsyncFn(&Leaving) -> Outcome<Vec<String>>,
) -> Outcome<Published> {
    let merge = async |git: &Git<'_>| {
        let there = Branch::read(git, access, &past.files).await?;
        there.belongs_to(&past.lock, access)?;
        let unknown = or_unfit(there.suits_beads(&past.files)?)?;
        let merged = past.over(&there)?.map_err(|all| edited(access, past, &all))?;
        let left = admit(&Leaving::of(&there.snapshot, &merged)).await?;
        Ok(Proposal { parent: there.revision, merged, left, unknown })
    };
    push_merge(access, message, deadline, merge).await
}

/// What [`publish_back`] would do, without doing it.
pub async fn plan_back(access: &Access, past: &Past, deadline: Instant) -> Outcome<Plan> {
    let git = Git::new(access, deadline).await?;
    let there = Branch::read(&git, access, &past.files).await?;
    there.belongs_to(&past.lock, access)?;
    let unknown = or_unfit(there.suits_beads(&past.files)?)?;
    let merged = past.over(&there)?;
    let is_ours = |path: &str| there.base.files.contains_key(path) || past.files.get(path).is_some();
    Ok(Plan { unknown, ..Plan::of(there.revision, &there.snapshot, is_ours, merged)? })
}

impl Past {
    /// The digest of what was rendered.
    #[must_use]
    pub fn render_digest(&self) -> String {
        self.lock.render_digest()
    }

    /// The rendered files in which the present differs from what they were, although the same was rendered: edits of people.
    #[must_use]
    pub fn edits_since(&self, present: &Present) -> Vec<String> {
        let is_other = |path: &&String| self.files.get(path) != present.files.get(path);
        self.rendered.keys().filter(is_other).cloned().collect()
    }

    /// These files over what is there: a merge whose base is what was rendered last. What both have rendered alike is none of
    /// it, so an edit of such a file stays, whenever it was made.
    fn over(&self, there: &Branch) -> Outcome<Result<Merged, Vec<Conflict>>> {
        let without_overlay = render::bead::without_overlay(&there.snapshot);
        let is_alike = |(path, digest): &(&String, &String)| {
            let executable = [&self.lock.executable, &there.base.executable].map(|all| all.contains(*path));
            there.base.files.get(*path) == Some(*digest) && executable[0] == executable[1]
        };
        let alike: Vec<&str> = self.rendered.iter().filter(is_alike).map(|(path, _)| path.as_str()).collect();
        let (mut rendered, mut ours) = (there.base.clone(), self.files.clone());
        for path in &alike {
            rendered.files.remove(*path);
            ours.remove(path);
        }
        let mut merged = match merge(&rendered, &without_overlay, &ours) {
            Ok(merged) => merged,
            Err(conflicts) => return Ok(Err(conflicts)),
        };
        for path in alike {
            if let Some(Some(bytes)) = without_overlay.get(path) {
                merged.tree.replace(path, bytes.clone());
            }
        }
        render::bead::add_overlay(&mut merged, &there.snapshot, &there.snapshot)?;
        Ok(Ok(merged))
    }
}

fn edited(access: &Access, past: &Past, all: &[Conflict]) -> Failure {
    let (count, noun) = (all.len(), if all.len() == 1 { "file" } else { "files" });
    Failure::refused(format!("{count} {noun} in {access} cannot be brought back; nothing was written"))
        .details(all.iter().map(|one| format!("{} {}", one.path, one.reason)))
        .hint(format!(
            "bring each back yourself as it was (`git checkout {} -- PATH`, in a clone; commit, push) and run again; make \
             the edit anew on top",
            past.revision
        ))
}
