//! The hub repository in git: read, and brought to a new render by one commit.

use std::time::Instant;

use super::bead::{Foreseen, Runs};
use super::leaving::Leaving;
use crate::files::{Base, Conflict, Merged, Snapshot, Tree, merge, sha256};
use crate::git::{Access, Git, Proposal, Published, history, push_merge};
use crate::hub_repository::layout::{HUB_FILE, LOCK_FILE};
use crate::hub_repository::{self, HubImages, HubLock, name_as_rendered, name_in};
use crate::render::{self, spokes};
use crate::report::{Failure, Outcome};

/// What a commit would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The commit that the branch is at.
    pub revision: Option<String>,
    /// Our files there, and those that stand in their places.
    pub before: Tree,
    /// What would be committed, or why nothing can be.
    pub merged: Result<Merged, Vec<Conflict>>,
    /// What installed beads require and nobody can hold against it, a line each.
    pub unknown: Vec<String>,
    /// What installed beads cannot live with, a line each; only [`foresee`] lets it be.
    pub unfit: Vec<String>,
    /// What that would take away.
    pub leaving: Leaving,
}

impl Plan {
    /// Refuses a commit that would overwrite what people have written.
    pub fn or_conflict(self, access: &Access) -> Outcome<()> {
        self.merged.map(drop).map_err(|all| conflict(access, &all))
    }

    /// The plan for a branch at this commit with these files, of which some are ours.
    pub(super) fn of(
        revision: Option<String>,
        there: &Snapshot,
        is_ours: impl Fn(&str) -> bool,
        merged: Result<Merged, Vec<Conflict>>,
    ) -> Outcome<Self> {
        let mut before = Tree::default();
        for (path, bytes) in there.iter().filter(|(path, _)| is_ours(path)) {
            if let Some(bytes) = bytes {
                before.insert(path, bytes)?;
            }
        }
        let leaving = merged.as_ref().map_or_else(|_| Leaving::default(), |merged| Leaving::of(there, merged));
        Ok(Self { revision, before, merged, leaving, unknown: Vec::new(), unfit: Vec::new() })
    }
}

/// What a hub that an earlier version rendered becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// It stays what it is, but for what the bundle changes: it is installed again.
    Keep,
    /// It gets what this version renders besides.
    Bring,
}

/// What a repository holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// The commit that the branch is at.
    pub revision: String,
    /// Of our files at that commit, people's edits included, those that were asked for.
    pub tree: Tree,
}

/// Brings the branch to the rendered tree by one commit, or by none when it is there. Edits of people are kept;
/// where that is impossible nothing is written. The beads in it stay. What the commit would take away `admit` refuses, or
/// answers by name.
pub async fn publish(
    access: &Access,
    tree: &Tree,
    renewal: Renewal,
    message: &str,
    deadline: Instant,
    admit: impl AsyncFn(&Leaving) -> Outcome<Vec<String>>,
) -> Outcome<Published> {
    let ours = HubLock::in_tree(tree)?;
    let merge = async |git: &Git<'_>| {
        let there = Branch::read(git, access, tree).await?;
        there.may_become(tree, &ours, access)?;
        let unknown = or_unfit(there.suits_beads(tree)?)?;
        let merged = there.merge(tree, renewal)?.map_err(|all| conflict(access, &all))?;
        let left = admit(&Leaving::of(&there.snapshot, &merged)).await?;
        Ok(Proposal { parent: there.revision, merged, left, unknown })
    };
    push_merge(access, message, deadline, merge).await
}

/// What [`publish`] would do, without doing it.
pub async fn plan(access: &Access, tree: &Tree, renewal: Renewal, deadline: Instant) -> Outcome<Plan> {
    let plan = foresee(access, tree, renewal, deadline).await?;
    or_unfit(Foreseen { unfit: plan.unfit.clone(), unknown: Vec::new() })?;
    Ok(plan)
}

/// The same for whoever only looks: what installed beads cannot live with is told and not refused.
pub async fn foresee(access: &Access, tree: &Tree, renewal: Renewal, deadline: Instant) -> Outcome<Plan> {
    let git = Git::new(access, deadline).await?;
    let there = Branch::read(&git, access, tree).await?;
    there.may_become(tree, &HubLock::in_tree(tree)?, access)?;
    let Foreseen { unfit, unknown } = there.suits_beads(tree)?;
    let merged = there.merge(tree, renewal)?;
    let is_ours = |path: &str| there.base.files.contains_key(path) || tree.get(path).is_some();
    Ok(Plan { unknown, unfit, ..Plan::of(there.revision, &there.snapshot, is_ours, merged)? })
}

/// Reads what Argo CD is made of at the branch, with the document; `None` when there is no hub in it.
pub async fn read_tree(access: &Access, deadline: Instant) -> Outcome<Option<Committed>> {
    let git = Git::new(access, deadline).await?;
    let there = Branch::with(&git, access, |path| path == HUB_FILE).await?;
    let (Some(revision), Some(_)) = (there.revision, there.lock) else { return Ok(None) };
    let mut tree = Tree::default();
    for path in there.base.files.keys() {
        if let Some(Some(bytes)) = there.snapshot.get(path) {
            tree.insert(path, bytes)?;
        }
    }
    Ok(Some(Committed { revision, tree }))
}

/// The commit that the branch is at; `None` where it is not there.
pub async fn head(access: &Access, deadline: Instant) -> Outcome<Option<String>> {
    Git::new(access, deadline).await?.head().await
}

/// Whether the credential may push. Nothing is pushed: a credential for Argo CD should not be able to.
pub async fn can_push(access: &Access, deadline: Instant) -> Outcome<bool> {
    Git::new(access, deadline).await?.may_push().await
}

/// The branch as it is.
pub(super) struct Branch {
    pub revision: Option<String>,
    pub snapshot: Snapshot,
    pub lock: Option<HubLock>,
    /// Our last render, the lock among it.
    pub base: Base,
}

impl Branch {
    /// With all of our files; `ours` names others of interest.
    pub async fn read(git: &Git<'_>, access: &Access, ours: &Tree) -> Outcome<Self> {
        let is_wanted = |path: &str| ours.get(path).is_some() || render::bead::tells_of_claims(path);
        let mut there = Self::with(git, access, is_wanted).await?;
        let Some(revision) = &there.revision else { return Ok(there) };

        // Mostly the last render had the files of this one.
        let is_left = |path: &str| there.base.files.contains_key(path) && !(is_wanted(path) || is_live(path));
        if there.base.files.keys().any(|path| is_left(path)) {
            let rest = git.snapshot(revision, is_left).await?;
            there.snapshot.extend(rest.into_iter().filter(|(_, bytes)| bytes.is_some()));
        }
        Ok(there)
    }

    /// With the files that are wanted, beside what Argo CD is made of and the lock.
    async fn with(git: &Git<'_>, access: &Access, is_wanted: impl Fn(&str) -> bool) -> Outcome<Self> {
        let mut there = Self {
            revision: history::fetch_with_notes(git, access).await?,
            snapshot: Snapshot::new(),
            lock: None,
            base: Base::default(),
        };
        let Some(revision) = &there.revision else { return Ok(there) };

        there.snapshot = git.snapshot(revision, |path| is_wanted(path) || is_live(path)).await?;
        if let Some(Some(text)) = there.snapshot.get(LOCK_FILE) {
            let lock = HubLock::read(text).map_err(|failure| not_a_lock(access, &failure))?;
            there.base = lock.rendered();
            there.base.files.insert(LOCK_FILE.to_owned(), sha256(text));
            there.lock = Some(lock);
        }
        if let (None, Some(since)) = (&there.lock, &access.since) {
            return Err(history::lost(since, access, "holds no hub"));
        }
        Ok(there)
    }

    /// The render over what is there, without and then again with what the beads add to it.
    fn merge(&self, ours: &Tree, renewal: Renewal) -> Outcome<Result<Merged, Vec<Conflict>>> {
        let ours = match renewal {
            Renewal::Keep => &spokes::as_before(ours, self.lock.as_ref())?,
            Renewal::Bring => ours,
        };
        let mut merged = match merge(&self.base, &render::bead::without_overlay(&self.snapshot), ours) {
            Ok(merged) => merged,
            Err(conflicts) => return Ok(Err(conflicts)),
        };
        render::bead::add_overlay(&mut merged, &self.snapshot, &self.snapshot)?;
        Ok(Ok(merged))
    }

    /// Whether this render may follow the one that is there.
    fn may_become(&self, tree: &Tree, ours: &HubLock, access: &Access) -> Outcome<()> {
        self.belongs_to(ours, access)?;
        let bundle = tree.get(HUB_FILE).and_then(name_in).unwrap_or_default();
        self.is_called(&bundle, access)?;
        let before = self.lock.as_ref().map(|lock| &lock.images);
        before.map_or(Ok(()), |before| keep_images(before, &ours.images, LOCK_FILE, access))
    }

    /// What of a render installed beads cannot live with, and what of it cannot be known.
    pub fn suits_beads(&self, ours: &Tree) -> Outcome<Foreseen> {
        let beads = hub_repository::bead::installed(&self.snapshot)?;
        // An edit of people may have made a document of it that is none; then everything counts as new.
        let before = Runs::read(|path| self.snapshot.get(path).and_then(Option::as_deref)).ok().flatten();
        let after = Runs::read(|path| ours.get(path))?;
        let after = after.ok_or_else(|| Failure::failed(format!("{HUB_FILE} or {LOCK_FILE} is not rendered")))?;
        let claims = after.claims();
        let shared = claims.map(|claims| super::bead::namespaces_with_claims(claims, &beads)).unwrap_or_default();
        if !shared.is_empty() {
            return Err(Failure::refused("claims would come into namespaces of beads; nothing was committed")
                .details(shared)
                .hint("take a pattern into `claims.namespaces` of hub.yaml that only the namespaces of teams have"));
        }
        Ok(after.foresee(before.as_ref(), &beads))
    }

    /// Refuses the render of another hub: it would take the place of this one without a word. Whoever has written another name into
    /// its document by a commit has said that it is to be called so.
    fn is_called(&self, bundle: &str, access: &Access) -> Outcome<()> {
        let document = self.snapshot.get(HUB_FILE).and_then(Option::as_deref);
        let Some(there) = document.and_then(|it| name_as_rendered(it, &self.base)).filter(|it| it != bundle) else {
            return Ok(());
        };
        Err(Failure::refused(format!("{access} holds hub {there}, and the bundle is hub {bundle}; nothing was written"))
            .details([format!("recorded in {HUB_FILE} there: {there}"), format!("`metadata.name` of the bundle: {bundle}")])
            .hint(format!(
                "give hub {bundle} a repository or branch of its own, and a cluster without a hub (uninstall hub {there} there first); \
                 if hub {there} is to be called {bundle}, write that as `metadata.name` into {HUB_FILE} of the branch, commit it, and \
                 run again"
            )))
    }

    /// Refuses the render of a hub of another cluster.
    pub fn belongs_to(&self, ours: &HubLock, access: &Access) -> Outcome<()> {
        let Some(lock) = self.lock.as_ref().filter(|lock| lock.cluster_uid != ours.cluster_uid) else { return Ok(()) };
        Err(Failure::refused(format!("{access} holds the hub of another cluster; nothing was written"))
            .details([
                format!("recorded in lock.yaml: cluster {}", lock.cluster_uid),
                format!("this cluster: {}", ours.cluster_uid),
            ])
            .hint(
                "give this hub a repository or branch of its own; to bring the hub of that cluster to this one, give the step \
                 `from: repository`",
            ))
    }
}

/// Whether a file is looked at whatever a run is about: the lock, and what the root and Application `argocd` bring. What people have
/// put beside ours stays as well, and what is in it.
fn is_live(path: &str) -> bool {
    path == LOCK_FILE || render::hub::is_plain(path)
}

/// Refuses a render with which installed beads cannot live. Answers what of it cannot be known.
pub(super) fn or_unfit(foreseen: Foreseen) -> Outcome<Vec<String>> {
    if foreseen.unfit.is_empty() {
        return Ok(foreseen.unknown);
    }
    Err(Failure::refused("beads of this hub require what it would not have; nothing was committed")
        .details(foreseen.unfit)
        .hint("first bring these beads to versions that allow it or uninstall them, or leave it as it is"))
}

/// A run without the relocation map of an earlier one would quietly go back to registries that a closed site does not
/// reach. `before` is what the lock at `path` has.
pub(super) fn keep_images(before: &HubImages, now: &HubImages, path: &str, access: &Access) -> Outcome<()> {
    let back: Vec<_> =
        before.iter().filter(|(image, there)| image != there && now.get(*image) == Some(*image)).collect();
    if back.is_empty() {
        return Ok(());
    }
    let count = back.len();
    Err(Failure::refused(format!("{count} images of {access} come from a copy of the bundle, but not in this run"))
        .details(back.iter().map(|(image, there)| format!("{image}: is taken from {there}")))
        .hint(format!(
            "install from the copy (`porter install --reference`), which brings its relocation map; to take the images \
             from where they were published, remove `images` from {path} in the hub repository first"
        )))
}

pub(super) fn not_a_lock(access: &Access, failure: &Failure) -> Failure {
    Failure::refused(format!("{LOCK_FILE} of {access} is not the lock of a hub; nothing was written"))
        .details(failure.diagnostics.iter().map(ToString::to_string).take(3))
        .hint("give the hub a repository or branch of its own, or restore the file from the history")
}

pub(super) fn conflict(access: &Access, all: &[Conflict]) -> Failure {
    let (count, noun) = (all.len(), if all.len() == 1 { "file" } else { "files" });
    Failure::refused(format!("{count} {noun} in {access} cannot be written; nothing was written"))
        .details(all.iter().map(|one| format!("{} {}", one.path, one.reason)))
        .hint(
            "move files that stand in the way; for edits, restore the file as it was rendered (git \
             log), run again, and make the edit anew on top",
        )
}
