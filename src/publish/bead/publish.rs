//! A hub repository with its beads: read, and changed by one commit.

use std::collections::BTreeMap;
use std::time::Instant;

use super::edit::edit;
use super::folders::{Folder, edits_of_chart, folders};
use super::neighbours::namespaces_of_others;
use super::take_out::{RemovalStage, take_out};
use super::upgrade::{Scope, scopes, taken_away};
use super::versions::{outgrown, programs};
use crate::document::{Bead, Dependency, Hub, read_bead_as_it_is, read_hub_as_it_is};
use crate::files::{Conflict, Files, Merged, Snapshot, Tree, sha256};
use crate::git::{Access, Git, Proposal, Published, history, push_merge};
use crate::hub_repository::HubLock;
use crate::hub_repository::bead::{BeadLock, Beads, REVISION, behind, installed, up_to_wave};
use crate::hub_repository::layout::{BACKSTAGE, BEADS, BeadFile, HUB_FILE, LOCK_FILE, ROOT, RepoFile, is_below};
use crate::object::{group, kind, name};
use crate::publish::hub::{conflict, keep_images, not_a_lock};
use crate::publish::{Leaving, Plan};
use crate::render::bead::{FILES as OVERLAID, RenderedBead, brought, of_others, parent_file, widened};
use crate::report::{Failure, Outcome};
use crate::words::{argo, bead, spoke};
use crate::yaml;

/// A hub repository at a commit, as far as it concerns beads.
#[derive(Debug, Clone, PartialEq)]
pub struct HubRepository {
    /// The commit that the branch is at.
    pub revision: String,
    /// The Hub document.
    pub hub: Hub,
    /// The cluster that it is the repository of.
    pub cluster_uid: String,
    /// The beads in it.
    pub beads: Beads,
    snapshot: Snapshot,
}

impl HubRepository {
    /// Reads the branch.
    pub async fn read(access: &Access, deadline: Instant) -> Outcome<Self> {
        Self::fetch(&Git::new(access, deadline).await?, access).await
    }

    /// Whether a commit may hold a bead: yes, too, where the server no longer gives the commit.
    pub async fn may_hold(access: &Access, commit: &str, bead: &str, deadline: Instant) -> Outcome<bool> {
        let holds = Git::new(access, deadline).await?.has_file(commit, &parent_file(bead)).await?;
        Ok(holds.unwrap_or(true))
    }

    async fn fetch(git: &Git<'_>, access: &Access) -> Outcome<Self> {
        let no_hub = || match &access.since {
            Some(since) => history::lost(since, access, "holds no hub"),
            None => Failure::refused(format!("there is no hub in {access}; nothing was changed"))
                .hint("install the hub first; a bead is put on a hub that is there"),
        };
        let revision = history::fetch(git, access).await?.ok_or_else(no_hub)?;
        let snapshot = git.snapshot(&revision, concerns_beads).await?;
        let file = |path: &str| snapshot.get(path).and_then(Option::as_deref).ok_or_else(no_hub);
        let lock = HubLock::read(file(LOCK_FILE)?).map_err(|failure| not_a_lock(access, &failure))?;
        let hub = std::str::from_utf8(file(HUB_FILE)?).map_err(|_| no_hub())?;
        Ok(Self {
            hub: read_hub_as_it_is("hub.yaml of the hub repository", hub)?,
            cluster_uid: lock.cluster_uid,
            beads: installed(&snapshot)?,
            revision,
            snapshot,
        })
    }

    /// The programs of its components and beads, each with its version as far as the files tell it.
    pub fn programs(&self) -> Outcome<BTreeMap<String, Option<String>>> {
        programs(&self.snapshot)
    }

    /// What a commit of these files of a bead would change.
    pub fn plan(&self, bead: &str, files: &Tree) -> Outcome<Plan> {
        Plan::of(Some(self.revision.clone()), &self.snapshot, |_| true, edit(&self.snapshot, bead, files)?)
    }

    /// Refuses to go on with a removal when somebody has put back what a stage of it took out.
    pub fn has_left_out(&self, bead: &str, stage: RemovalStage, access: &Access) -> Outcome<()> {
        let mut put_back: Vec<String> = match take_out(&self.snapshot, bead, stage)? {
            Ok(merged) => merged.changes.into_iter().map(|change| change.path).collect(),
            Err(conflicts) => conflicts.into_iter().map(|conflict| conflict.path).collect(),
        };
        put_back.retain(|path| !OVERLAID.contains(&path.as_str()));
        if put_back.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "{access} has files of bead {bead} again that its removal took out: {} changed it",
            self.revision
        ))
        .details(put_back)
        .hint("ask who pushed it; another run takes them out anew"))
    }

    /// The files of a commit before this one, where this version allows less than the one in the repository, on the hub or on
    /// spokes: the same under the permissions of both, so that what goes can be pruned.
    pub fn in_between(&self, bead: &str, rendered: &RenderedBead) -> Outcome<Option<Tree>> {
        let lock = BeadLock::of_bead(bead, &self.snapshot)?;
        let mut tree = rendered.tree.clone();
        for project in [bead::parent(bead), spoke::of_bead(bead)] {
            let path = RepoFile::Project(&project).path();
            let (Some(Some(before)), Ok(now)) = (self.snapshot.get(&path), rendered.tree.text(&path)) else { continue };
            if lock.as_ref().and_then(|lock| lock.files.get(&path)) != Some(&sha256(before)) {
                continue; // people have edited it, and their edit stays
            }
            let read =
                |text: &str| Ok::<_, Failure>(yaml::manifests(&path, text)?.into_iter().next().unwrap_or_default());
            if let Some(wide) = widened(&read(now)?, &read(&String::from_utf8_lossy(before))?) {
                tree.rewrite(&path, yaml::print(&wide).into_bytes());
            }
        }
        if tree == rendered.tree {
            return Ok(None);
        }
        tree.remove(&BeadLock::path(bead));
        tree.insert_yaml(BeadLock::path(bead), &BeadLock::of(&tree, rendered.images.clone(), rendered.revision))?;
        Ok(Some(tree))
    }

    /// The files of a commit that brings them to the spokes up to this wave, where others come later.
    pub fn up_to_wave(&self, bead: &Bead, files: &Tree, wave: &str) -> Outcome<Tree> {
        up_to_wave(&self.snapshot, bead, files, wave)
    }

    /// The waves of an installed bead that have not got the version that the first has.
    pub fn behind(&self, bead: &str) -> Outcome<Vec<String>> {
        self.beads.get(bead).map_or_else(|| Ok(Vec::new()), |it| behind(&self.snapshot, &it.bead))
    }

    /// Those of the definitions of a bead that files of another bead have, or of the hub, a line each.
    #[must_use]
    pub fn definitions_of_others(&self, bead: &str, rendered: &RenderedBead) -> Vec<String> {
        of_others(&self.snapshot, bead, &rendered.definitions)
    }

    /// The namespaces of a bead that are those of another bead, or of a component of the hub, a line each.
    #[must_use]
    pub fn namespaces_of_others(&self, bead: &Bead) -> Vec<String> {
        namespaces_of_others(&self.hub, &self.beads, bead)
    }

    /// What the Applications of a bead deploy out of its folders, by their names.
    pub fn folders(&self, bead: &Bead) -> Outcome<BTreeMap<String, Folder>> {
        folders(&self.snapshot, bead)
    }

    /// The files of a bead's chart, and its values, that people have changed or added.
    pub fn edits_of_chart(&self, bead: &str) -> Outcome<Vec<&str>> {
        edits_of_chart(&self.snapshot, bead)
    }

    /// Refuses a version with which beads that need this one cannot live.
    pub fn keep_dependants(&self, bead: &Bead) -> Outcome<()> {
        keep_dependants(&self.beads, bead)
    }

    /// Refuses files that cannot be committed, before anything else is written.
    pub fn may_take(&self, bead: &str, files: &Tree, access: &Access) -> Outcome<()> {
        self.is_in_place(bead, access)?;
        self.has_kept(bead, files, access)?;
        self.plan(bead, files)?.or_conflict(access)
    }

    /// Refuses a bead whose Application is there, but not where it is looked for, or without the files that say what the bead
    /// is: a commit of ours could not take it away.
    pub fn is_in_place(&self, bead: &str, access: &Access) -> Outcome<()> {
        let above = parent_file(bead);
        let mut wrong = moved(&self.snapshot, &bead::parent(bead), &above);
        if self.snapshot.contains_key(&above) {
            let says_what_it_is = [RepoFile::Bead(bead, BeadFile::Document).path(), BeadLock::path(bead)];
            let missing = says_what_it_is.into_iter().filter(|path| !self.snapshot.contains_key(path));
            wrong.extend(missing.map(|path| format!("{path} is missing")));
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "somebody has removed or moved files of bead {bead} in {access}; nothing was changed"
        ))
        .details(wrong)
        .hint("put them back where they were (git log has them), then run again"))
    }

    /// Refuses a bead of which people have removed an Application or the project: it would never come, since removals of
    /// people stay as their edits do.
    pub fn has_kept(&self, bead: &str, files: &Tree, access: &Access) -> Outcome<()> {
        let Some(lock) = BeadLock::of_bead(bead, &self.snapshot)? else { return Ok(()) };
        let is_needed = |path: &&str| {
            is_below(ROOT, path)
                || matches!(
                    RepoFile::of(path),
                    Some(RepoFile::Bead(
                        _,
                        BeadFile::Application(_) | BeadFile::Namespace | BeadFile::Right(_) | BeadFile::SpokeSet
                    ))
                )
        };
        let needed = files.iter().map(|(path, _)| path).filter(is_needed);
        let removed: Vec<&str> =
            needed.filter(|path| lock.files.contains_key(*path) && !self.snapshot.contains_key(*path)).collect();
        if removed.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "somebody has removed or moved files of bead {bead} in {access} that it cannot do without"
        ))
        .details(removed)
        .hint("put them back where they were, or uninstall the bead"))
    }

    /// The revision of the rendering by which a bead is rendered: a version that is installed stays what it is.
    pub fn revision(&self, bead: &Bead) -> Outcome<u32> {
        let name = bead.metadata.name.as_str();
        let is_installed = self.beads.get(name).is_some_and(|it| it.bead.spec.version == bead.spec.version);
        let lock = if is_installed { BeadLock::of_bead(name, &self.snapshot)? } else { None };
        Ok(lock.map_or(REVISION, |lock| lock.revision))
    }

    /// Refuses a render that would take images from where they were published again.
    pub fn keep_images(&self, bead: &str, rendered: &RenderedBead, access: &Access) -> Outcome<()> {
        let Some(lock) = BeadLock::of_bead(bead, &self.snapshot)? else { return Ok(()) };
        keep_images(&lock.images, &rendered.images, &BeadLock::path(bead), access)
    }

    /// The objects and APIs that this version of a bead would take away from others.
    #[must_use]
    pub fn taken_away(&self, bead: &Bead, rendered: &RenderedBead) -> Vec<String> {
        taken_away(&self.snapshot, &self.beads, bead, rendered)
    }

    /// The XRDs of this version of a bead, with the scopes of what they define.
    #[must_use]
    pub fn scopes(&self, bead: &str, rendered: &RenderedBead) -> Vec<Scope> {
        scopes(&self.snapshot, bead, rendered)
    }
}

/// The files below `root/` that have this Application besides the one that should.
fn moved(there: &Snapshot, application: &str, parent: &str) -> Vec<String> {
    let files = Files::of(there);
    let has_it = |path: &&str| {
        let mut objects = files.objects(path).into_iter();
        objects.any(|it| (group(&it), kind(&it), name(&it)) == (argo::GROUP, argo::APPLICATION, application))
    };
    let elsewhere = files.paths().filter(|path| is_below(ROOT, path) && *path != parent).filter(has_it);
    elsewhere.map(|path| format!("{path} has Application {application}, which belongs into {parent}")).collect()
}

/// The files that tell of a hub and its beads; charts of components are not read.
fn concerns_beads(path: &str) -> bool {
    [BEADS, BACKSTAGE, ROOT].iter().any(|folder| is_below(folder, path))
        || [HUB_FILE, LOCK_FILE].contains(&path)
        || matches!(RepoFile::of(path), Some(RepoFile::Chart(_, "Chart.yaml")))
        || OVERLAID.contains(&path)
}

/// Brings the branch to these files of a bead by one commit, or by none when it is there. They are asked for anew whenever
/// somebody else has pushed: whoever brings a part of them says what goes with it there, or that it has no place there. What
/// the commit would take away `admit` refuses, or answers by name.
pub async fn publish(
    access: &Access,
    bead: &str,
    files: impl Fn(&HubRepository) -> Outcome<Tree>,
    message: &str,
    deadline: Instant,
    admit: impl AsyncFn(&Leaving) -> Outcome<Vec<String>>,
) -> Outcome<Published> {
    let change = |there: &HubRepository| {
        let files = files(there)?;
        still_fits(&there.snapshot, bead, &files)?;
        edit(&there.snapshot, bead, &files)
    };
    push(access, message, deadline, change, admit).await
}

/// Brings the branch to a stage of the removal of a bead, by one commit or by none when it is there.
pub async fn remove(
    access: &Access,
    bead: &str,
    stage: RemovalStage,
    message: &str,
    deadline: Instant,
) -> Outcome<Published> {
    let change = |there: &HubRepository| {
        match stage {
            RemovalStage::Rest => still_gone(&there.snapshot, bead)?,
            RemovalStage::Spokes | RemovalStage::Upper | RemovalStage::Applications => {
                still_free(&there.snapshot, bead)?;
            }
        }
        take_out(&there.snapshot, bead, stage)
    };
    // The bead was named.
    push(access, message, deadline, change, async |_| Ok(Vec::new())).await
}

/// Refuses a bead when one that it needs has begun to go since it was looked at, or one has come that cannot live with it
/// or holds what it brings.
fn still_fits(there: &Snapshot, name: &str, files: &Tree) -> Outcome<()> {
    let Ok(text) = files.text(&RepoFile::Bead(name, BeadFile::Document).path()) else { return Ok(()) };
    let bead = read_bead_as_it_is("bead.yaml", text)?;
    let is_gone = |need: &&Dependency| !there.contains_key(&parent_file(&need.bead));
    if let Some(need) = bead.spec.depends_on.iter().find(is_gone) {
        return Err(Failure::refused(format!(
            "bead {name} depends on bead {}, which has left the hub repository meanwhile; nothing was committed",
            need.bead
        )));
    }
    let file = |path: &str| there.get(path).and_then(Option::as_deref).and_then(|it| std::str::from_utf8(it).ok());
    let hub = file(HUB_FILE).map(|text| read_hub_as_it_is("hub.yaml of the hub repository", text)).transpose()?;
    let beads = installed(there)?;
    let taken = hub.map(|hub| namespaces_of_others(&hub, &beads, &bead)).unwrap_or_default();
    if !taken.is_empty() {
        return Err(Failure::refused(format!("bead {name} writes into namespaces of others; nothing was committed"))
            .details(taken));
    }
    let held = of_others(there, name, &brought(files));
    if !held.is_empty() {
        return Err(Failure::refused(format!("bead {name} brings definitions of others; nothing was committed"))
            .details(held)
            .hint("a definition has one holder: take it out of one of them"));
    }
    keep_dependants(&beads, &bead)
}

/// Refuses a version with which beads that need this one cannot live.
fn keep_dependants(beads: &Beads, bead: &Bead) -> Outcome<()> {
    let outgrown = outgrown(beads, bead);
    if outgrown.is_empty() {
        return Ok(());
    }
    let name = &bead.metadata.name;
    Err(Failure::refused(format!("other beads need bead {name} in another version; nothing was changed"))
        .details(outgrown)
        .hint("first bring these beads to versions that take both, or uninstall them"))
}

/// Refuses a removal when a bead that needs this one has come since it was looked at.
fn still_free(there: &Snapshot, name: &str) -> Outcome<()> {
    let beads = installed(there)?;
    match beads.values().map(|it| &it.bead).find(|other| other.needs(name)) {
        None => Ok(()),
        Some(other) => {
            let other = &other.metadata.name;
            Err(Failure::refused(format!("bead {other}, which has come meanwhile, depends on bead {name}"))
                .hint(format!("remove bead {other} first, then run again")))
        }
    }
}

/// Refuses to take away the rest of a bead that somebody has installed anew.
fn still_gone(there: &Snapshot, name: &str) -> Outcome<()> {
    if there.contains_key(&parent_file(name)) {
        return Err(Failure::refused(format!("bead {name} was installed anew while it was being removed; it stays")));
    }
    Ok(())
}

async fn push(
    access: &Access,
    message: &str,
    deadline: Instant,
    change: impl Fn(&HubRepository) -> Outcome<Result<Merged, Vec<Conflict>>>,
    admit: impl AsyncFn(&Leaving) -> Outcome<Vec<String>>,
) -> Outcome<Published> {
    let merge = async |git: &Git<'_>| {
        let there = HubRepository::fetch(git, access).await?;
        let merged = change(&there)?.map_err(|all| conflict(access, &all))?;
        let left = admit(&Leaving::of(&there.snapshot, &merged)).await?;
        Ok(Proposal { parent: Some(there.revision), merged, left, unknown: Vec::new() })
    };
    push_merge(access, message, deadline, merge).await
}
