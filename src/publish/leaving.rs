//! What a commit of ours takes away from what Argo CD brings to the cluster. Pure.
//!
//! Argo CD deletes what it has brought and a commit no longer holds. Here it is said by the files what that would be;
//! whether it is there, and what hangs on it, only the cluster knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::made_from::{MadeFrom, deploys_chart};
use crate::document::is_hook_of_removal;
use crate::files::{ChangeKind, Files, Merged, Snapshot};
use crate::hub_repository::layout::{ARGOCD, BEADS, BeadFile, ROOT, RepoFile, folder_on_spokes, is_below};
use crate::object::{ObjectRef, group, kind, name, str_at};
use crate::render::{HelmRelease, is_kept_here};
use crate::words::{argo, bead};

/// What a commit takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The Applications that go, each with all that it manages.
    pub applications: Vec<Departure>,
    /// The objects of folders that go.
    pub objects: Vec<Gone>,
    /// The objects that go of folders for spokes; the holder of each is the folder above these.
    pub on_spokes: Vec<Gone>,
    /// The beads that come into another namespace of their spokes, each with the one that they leave: all that they have there
    /// goes, whatever brought it.
    pub left_on_spokes: BTreeMap<String, String>,
    /// The beads whose chart for spokes changes, or its values: what it no longer brings there the files do not tell.
    pub charts_for_spokes: BTreeSet<String>,
    /// The Applications that stay and are made from something else than before.
    pub sources: Vec<SourceChange>,
    /// The names of the Applications that were not there before.
    pub coming: BTreeSet<String>,
    /// The Applications that are in the root after the commit.
    pub staying: BTreeSet<String>,
    /// Of the Applications that go those with hooks of their removal, whose files go in the same commit.
    pub bereft: BTreeSet<String>,
    /// The files whose objects cannot be read.
    pub unread: BTreeSet<String>,
    /// The files before the commit, and after it, as far as their content is known.
    pub(super) files: (Snapshot, Snapshot),
    /// The paths of the files that the commit changes.
    pub(super) changed: BTreeSet<String>,
}

/// An Application that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Its name.
    pub name: String,
    /// The one that comes with the same chart in the same namespace: a move, as far as people are concerned. Argo CD
    /// knows none.
    pub moved_to: Option<String>,
}

/// An object that an Application does not bring any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// The Application.
    pub holder: String,
    /// The object, in the namespace that the Application gave it; a cluster-scoped one, which nothing tells apart here, has
    /// one as well.
    pub object: ObjectRef,
    /// Whether it is still brought in another namespace, which means nothing to one that has none.
    pub is_elsewhere: bool,
}

/// An Application that is made from something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceChange {
    /// Its name.
    pub application: String,
    /// The namespace that it leaves.
    pub leaves: Option<String>,
    /// Whether it was a folder and is a chart, or the reverse: then mostly nothing of it stays what it was.
    pub is_of_another_sort: bool,
    /// Its chart before and after; the reason where what it brings cannot be told from our files.
    pub releases: Result<(HelmRelease, HelmRelease), &'static str>,
}

impl Leaving {
    /// What goes when this merge is committed on top of what is there.
    pub(super) fn of(there: &Snapshot, merged: &Merged) -> Self {
        let snapshots = (there.clone(), after(there, merged));
        let (there, after) = (Files::of(&snapshots.0), Files::of(&snapshots.1));
        let (before_apps, after_apps) = (applications(&there), applications(&after));
        let coming = after_apps.keys().filter(|name| !before_apps.contains_key(*name)).cloned().collect();
        let mut leaving = Self { staying: of_root(&after), coming, ..Self::default() };
        for (name, application) in &before_apps {
            match after_apps.get(name) {
                None => leaving.applications.push(Departure {
                    name: name.clone(),
                    moved_to: moved_to(application, &there, &before_apps, &after_apps, &after),
                }),
                Some(now) => leaving.sources.extend(source_change(name, (application, &there), (now, &after))),
            }
        }
        leaving.bereft = bereft(&leaving.applications, &there, &after);
        let going = objects_that_go((&there, &before_apps), (&after, &after_apps), merged);
        leaving.left_on_spokes = namespaces_left(&there, &after);
        leaving.charts_for_spokes = merged.changes.iter().filter_map(|it| chart_for_spokes(&it.path)).collect();
        (leaving.on_spokes, leaving.objects) = going.into_iter().partition(|it| is_below(BEADS, &it.holder));
        // What an Application takes along is told of it, and a folder that becomes a chart is no folder to compare with.
        let told: BTreeSet<&str> = leaving
            .applications
            .iter()
            .map(|it| it.name.as_str())
            .chain(leaving.sources.iter().map(|it| it.application.as_str()))
            .collect();
        leaving.objects.retain(|it| !told.contains(it.holder.as_str()) && !is_application(&it.object));
        leaving.unread = there.unread().union(&after.unread()).cloned().collect();
        leaving.changed = merged.changes.iter().map(|it| it.path.clone()).collect();
        leaving.files = snapshots;
        leaving
    }
}

/// The Applications that go with hooks of their removal, whose files the commit takes away: Argo CD reads them from git when it
/// deletes the Application (argo-cd 3.6.1, `controller/hook.go`), and without them never ends to.
fn bereft(going: &[Departure], there: &Files<'_>, after: &Files<'_>) -> BTreeSet<String> {
    let has_lost = |path: &&str| {
        let is_hook = there.objects(path).iter().any(is_hook_of_removal);
        is_hook && !after.objects(path).iter().any(is_hook_of_removal)
    };
    let goes = |holder: String| going.iter().any(|it| it.name == holder).then_some(holder);
    let hooks = there.paths().filter_map(|path| Some((path, goes(holder(path)?)?)));
    hooks.filter(|(path, _)| has_lost(path)).map(|(_, holder)| holder).collect()
}

/// The files after the commit, as far as their content is known.
fn after(there: &Snapshot, merged: &Merged) -> Snapshot {
    let mut after = there.clone();
    for change in merged.changes.iter().filter(|change| change.kind == ChangeKind::Remove) {
        after.remove(&change.path);
    }
    after.extend(merged.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))));
    after
}

/// The Application that brings a file to the cluster as it is; of what comes to spokes, of each as many as there are, the folder
/// of the bead that has it in every wave.
pub(super) fn holder(path: &str) -> Option<String> {
    match RepoFile::of(path) {
        Some(RepoFile::Bead(
            bead,
            BeadFile::Application(_) | BeadFile::Namespace | BeadFile::Right(_) | BeadFile::SpokeSet,
        )) => Some(bead::parent(bead)),
        Some(RepoFile::Bead(bead, BeadFile::OnSpokes(..))) => Some(folder_on_spokes(bead)),
        Some(RepoFile::Bead(bead, BeadFile::Manifest(part, _))) => Some(bead::part(bead, part)),
        Some(RepoFile::Hook(component, _)) => Some(component.to_owned()),
        _ if is_below(ROOT, path) => Some(argo::ROOT.to_owned()),
        _ if is_below(ARGOCD, path) => Some(argo::ARGOCD.to_owned()),
        _ => None,
    }
}

/// The beads whose Applications on spokes come into another namespace, and the one before.
fn namespaces_left(there: &Files<'_>, after: &Files<'_>) -> BTreeMap<String, String> {
    let now = namespaces_on_spokes(after);
    let mut left = namespaces_on_spokes(there);
    left.retain(|bead, before| now.get(bead).is_some_and(|it| it != before));
    left
}

/// The namespace that each bead has on its spokes.
fn namespaces_on_spokes(files: &Files<'_>) -> BTreeMap<String, String> {
    let of_set = |path| match RepoFile::of(path) {
        Some(RepoFile::Bead(bead, BeadFile::SpokeSet)) => {
            let set = files.objects(path).into_iter().find(|it| kind(it) == argo::APPLICATION_SET)?;
            Some((bead.to_owned(), str_at(&set, "/spec/template/spec/destination/namespace").to_owned()))
        }
        _ => None,
    };
    files.paths().filter_map(of_set).collect()
}

/// The bead whose chart for spokes a file is of.
fn chart_for_spokes(path: &str) -> Option<String> {
    match RepoFile::of(path) {
        Some(RepoFile::Bead(bead, BeadFile::SpokeChart(_) | BeadFile::SpokeValues)) => Some(bead.to_owned()),
        _ => None,
    }
}

/// The objects that an Application has no file for any more, or no longer in the same namespace.
fn objects_that_go(
    (there, before): (&Files<'_>, &Applications),
    (after, now): (&Files<'_>, &Applications),
    merged: &Merged,
) -> Vec<Gone> {
    let is_changed =
        |path: &str| merged.changes.iter().any(|change| change.path == path && change.kind != ChangeKind::Add);
    let has_moved = |holder: &str| namespace_in(before, holder) != namespace_in(now, holder);
    let mut going = Vec::new();
    for path in there.paths() {
        let Some(holder) = holder(path).filter(|it| is_changed(path) || has_moved(it)) else { continue };
        going.extend(held(path, there, &holder, before));
    }
    let mut staying = Vec::new();
    for path in after.paths() {
        let Some(holder) = holder(path).filter(|holder| going.iter().any(|it| it.holder == *holder)) else { continue };
        staying.extend(held(path, after, &holder, now));
    }
    going.retain(|gone| {
        !staying.iter().any(|it| it.is_called_like(gone) && it.object.namespace == gone.object.namespace)
    });
    for gone in &mut going {
        gone.is_elsewhere = staying.iter().any(|it| it.is_called_like(gone));
    }
    going
}

impl Gone {
    /// Of whatever version: that is another face of the same object.
    fn is_called_like(&self, other: &Self) -> bool {
        self.holder == other.holder && self.object.is_kind_of(&other.object) && self.object.name == other.object.name
    }
}

/// The objects of a file, each where its Application puts it.
fn held(path: &str, files: &Files<'_>, holder: &str, applications: &Applications) -> Vec<Gone> {
    let placed = |object: &Value| {
        let mut object = ObjectRef::of(object);
        object.namespace = object.namespace.or_else(|| Some(namespace_in(applications, holder).to_owned()));
        Gone { holder: holder.to_owned(), object, is_elsewhere: false }
    };
    // A hook that gets its name when it runs is no object that Argo CD would compare.
    files.objects(path).iter().filter(|it| !name(it).is_empty()).map(placed).collect()
}

pub(super) fn namespace_in<'a>(applications: &'a Applications, name: &str) -> &'a str {
    applications.get(name).map_or("", |it| str_at(it, "/spec/destination/namespace"))
}

pub(super) type Applications = BTreeMap<String, Value>;

fn is_application(object: &ObjectRef) -> bool {
    (object.group.as_str(), object.kind.as_str()) == (argo::GROUP, argo::APPLICATION)
}

/// The Applications in a file.
fn applications_in(path: &str, files: &Files<'_>) -> impl Iterator<Item = Value> {
    let all = files.objects(path).into_iter();
    all.filter(|it| (group(it), kind(it)) == (argo::GROUP, argo::APPLICATION))
}

/// The Applications in our files of the root and of the beads, by name.
pub(super) fn applications(files: &Files<'_>) -> Applications {
    let is_one = |path: &&str| {
        matches!(
            RepoFile::of(path),
            Some(RepoFile::Root | RepoFile::Application(_) | RepoFile::Bead(_, BeadFile::Application(_)))
        )
    };
    let all = files.paths().filter(is_one).flat_map(|path| applications_in(path, files));
    all.map(|it| (name(&it).to_owned(), it)).collect()
}

/// The names of the Applications that the root brings.
fn of_root(files: &Files<'_>) -> BTreeSet<String> {
    let below = files.paths().filter(|path| is_below(ROOT, path)).flat_map(|path| applications_in(path, files));
    below.map(|it| name(&it).to_owned()).collect()
}

/// The Application that is new, and has the chart and the namespace of one that goes.
fn moved_to(
    gone: &Value,
    there: &Files<'_>,
    before: &Applications,
    after: &Applications,
    files: &Files<'_>,
) -> Option<String> {
    let what = |application: &Value, files: &Files<'_>| {
        Some((chart_name(application, files)?, str_at(application, "/spec/destination/namespace").to_owned()))
    };
    let wanted = what(gone, there)?;
    let is_it =
        |(name, it): &(&String, &Value)| !before.contains_key(*name) && what(it, files).as_ref() == Some(&wanted);
    after.iter().find(is_it).map(|(name, _)| name.clone())
}

/// The name of the chart that an Application deploys.
fn chart_name(application: &Value, files: &Files<'_>) -> Option<String> {
    let first = application.pointer("/spec/sources/0");
    if let Some(source) = first.or_else(|| application.pointer("/spec/source")) {
        if let Some(chart) = source.get("chart").and_then(Value::as_str) {
            return Some(chart.to_owned());
        }
        if first.is_some() && !is_kept_here(source) {
            return str_at(source, "/repoURL").rsplit('/').next().map(str::to_owned);
        }
    }
    let folder = str_at(first.or_else(|| application.pointer("/spec/source"))?, "/path");
    let description = files.objects(&format!("{folder}/Chart.yaml"));
    description.first().map(|it| str_at(it, "/name").to_owned())
}

/// What changes of an Application that stays and deploys a chart, before or after.
fn source_change(name: &str, before: (&Value, &Files<'_>), after: (&Value, &Files<'_>)) -> Option<SourceChange> {
    let (was, is) = (deploys_chart(before.0), deploys_chart(after.0));
    if !was && !is {
        return None;
    }
    let made_from = |(it, files): (&Value, &Files<'_>)| MadeFrom::of(it, files.snapshot());
    let (old, new) = (made_from(before), made_from(after));
    if old == new {
        return None;
    }
    let namespace = |it: &Value| str_at(it, "/spec/destination/namespace").to_owned();
    let releases = match (was, is, old.release, new.release) {
        (false, true, ..) => Err("a folder of manifests becomes a chart"),
        (true, false, ..) => Err("a chart becomes a folder of manifests"),
        (_, _, Ok(old), Ok(new)) => Ok((old, new)),
        (_, _, Err(why), _) | (_, _, _, Err(why)) => Err(why),
    };
    let leaves = Some(namespace(before.0)).filter(|before| *before != namespace(after.0));
    Some(SourceChange { application: name.to_owned(), leaves, is_of_another_sort: was != is, releases })
}
