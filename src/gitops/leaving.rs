//! What a commit of ours takes away from what Argo CD brings to the cluster. Pure.
//!
//! Argo CD deletes what it has brought and a commit no longer holds. Here it is said by the files what that would be;
//! whether it is there, and what hangs on it, only the cluster knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::helm::HelmRelease;
use super::layout::{ARGOCD, BeadFile, ROOT, RepoFile, is_below};
use super::merge::{ChangeKind, Merged, Snapshot};
use crate::argo;
use crate::object::{ObjectRef, kind, name, str_at};
use crate::report::Outcome;
use crate::spec::{bead_application, yaml};

/// What a commit takes away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The Applications that go, each with all that it manages.
    pub applications: Vec<Departure>,
    /// The objects that go.
    pub objects: Vec<Gone>,
    /// The Applications whose chart is rendered from something else than before.
    pub charts: Vec<ChartChange>,
    /// The Applications that are in the root after the commit.
    pub staying: BTreeSet<String>,
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gone {
    /// The Application.
    pub holder: String,
    /// The object, in the namespace that the Application gave it; a cluster-scoped one, which nothing tells apart here, has
    /// one as well.
    pub object: ObjectRef,
    /// Whether it is still brought in another namespace, which means nothing to one that has none.
    pub is_elsewhere: bool,
}

/// An Application whose chart changes, or what it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartChange {
    /// Its name.
    pub application: String,
    /// The chart before and after; nothing where it is not in our files.
    pub charts: Option<(HelmRelease, HelmRelease)>,
}

impl Leaving {
    /// What goes when this merge is committed on top of what is there.
    pub(super) fn of(there: &Snapshot, merged: &Merged) -> Outcome<Self> {
        let after = after(there, merged);
        let mut leaving = Self { staying: applications_of(&after)?, ..Self::default() };
        let (before_apps, after_apps) = (applications(there)?, applications(&after)?);
        for (name, application) in &before_apps {
            match after_apps.get(name) {
                None => leaving.applications.push(Departure {
                    name: name.clone(),
                    moved_to: moved_to(application, there, &before_apps, &after_apps, &after),
                }),
                Some(now) => leaving.charts.extend(chart_change(name, (application, there), (now, &after))),
            }
        }
        leaving.objects = objects_that_go((there, &before_apps), (&after, &after_apps), merged)?;
        // What an Application takes along is told of it.
        let going: BTreeSet<&str> = leaving.applications.iter().map(|it| it.name.as_str()).collect();
        leaving.objects.retain(|it| !going.contains(it.holder.as_str()) && it.object.kind != argo::APPLICATION);
        Ok(leaving)
    }
}

/// The files after the commit, as far as their content is known.
fn after(there: &Snapshot, merged: &Merged) -> Snapshot {
    let mut after = there.clone();
    for change in merged.changes.iter().filter(|change| change.kind == ChangeKind::Remove) {
        after.remove(&change.path);
    }
    after.extend(merged.tree.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.to_vec()))));
    after
}

/// The Application that brings a file to the cluster as it is.
fn holder(path: &str) -> Option<String> {
    match RepoFile::of(path) {
        Some(RepoFile::Bead(bead, BeadFile::Application(_))) => Some(bead_application(bead)),
        Some(RepoFile::Bead(bead, BeadFile::Manifest(part, _))) => Some(format!("{}-{part}", bead_application(bead))),
        _ if is_below(ROOT, path) => Some(argo::ROOT.to_owned()),
        _ if is_below(ARGOCD, path) => Some(argo::ARGOCD.to_owned()),
        _ => None,
    }
}

/// The objects of a file; none where it is none of ours to read.
fn objects_of(path: &str, files: &Snapshot) -> Outcome<Vec<Value>> {
    match files.get(path) {
        Some(Some(bytes)) => yaml::manifests(path, &String::from_utf8_lossy(bytes)),
        _ => Ok(Vec::new()),
    }
}

/// The objects that an Application has no file for any more, or no longer in the same namespace.
fn objects_that_go(
    (there, before): (&Snapshot, &Applications),
    (after, now): (&Snapshot, &Applications),
    merged: &Merged,
) -> Outcome<Vec<Gone>> {
    let is_changed =
        |path: &str| merged.changes.iter().any(|change| change.path == path && change.kind != ChangeKind::Add);
    let has_moved = |holder: &str| namespace_in(before, holder) != namespace_in(now, holder);
    let mut going: BTreeSet<Gone> = BTreeSet::new();
    for path in there.keys() {
        let Some(holder) = holder(path).filter(|it| is_changed(path) || has_moved(it)) else { continue };
        going.extend(held(path, there, &holder, before)?);
    }
    let holders: BTreeSet<String> = going.iter().map(|it| it.holder.clone()).collect();
    let mut staying = BTreeSet::new();
    for path in after.keys() {
        let Some(holder) = holder(path).filter(|holder| holders.contains(holder)) else { continue };
        staying.extend(held(path, after, &holder, now)?);
    }
    let is_elsewhere = |gone: &Gone| staying.iter().any(|it| it.is_called_like(gone));
    Ok(going.difference(&staying).map(|gone| Gone { is_elsewhere: is_elsewhere(gone), ..gone.clone() }).collect())
}

impl Gone {
    fn is_called_like(&self, other: &Self) -> bool {
        self.holder == other.holder && self.object.is_kind_of(&other.object) && self.object.name == other.object.name
    }
}

/// The objects of a file, each where its Application puts it, and in no version: that is another face of the same object.
fn held(path: &str, files: &Snapshot, holder: &str, applications: &Applications) -> Outcome<Vec<Gone>> {
    let placed = |object: &Value| {
        let mut object = ObjectRef { version: String::new(), ..ObjectRef::of(object) };
        object.namespace = object.namespace.or_else(|| Some(namespace_in(applications, holder).to_owned()));
        Gone { holder: holder.to_owned(), object, is_elsewhere: false }
    };
    Ok(objects_of(path, files)?.iter().map(placed).collect())
}

fn namespace_in<'a>(applications: &'a Applications, name: &str) -> &'a str {
    applications.get(name).map_or("", |it| str_at(it, "/spec/destination/namespace"))
}

type Applications = BTreeMap<String, Value>;

/// The Applications in the files of the root and of the beads, by name.
fn applications(files: &Snapshot) -> Outcome<Applications> {
    let mut found = BTreeMap::new();
    for path in files.keys() {
        let is_one = matches!(
            RepoFile::of(path),
            Some(RepoFile::Root | RepoFile::Application(_) | RepoFile::Bead(_, BeadFile::Application(_)))
        );
        for object in if is_one { objects_of(path, files)? } else { Vec::new() } {
            if kind(&object) == argo::APPLICATION {
                found.insert(name(&object).to_owned(), object);
            }
        }
    }
    Ok(found)
}

/// The names of the Applications that the root brings.
fn applications_of(files: &Snapshot) -> Outcome<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    for path in files.keys().filter(|path| is_below(ROOT, path)) {
        let all = objects_of(path, files)?;
        names.extend(all.iter().filter(|it| kind(it) == argo::APPLICATION).map(|it| name(it).to_owned()));
    }
    Ok(names)
}

/// The Application that is new, and has the chart and the namespace of one that goes.
fn moved_to(
    gone: &Value,
    there: &Snapshot,
    before: &Applications,
    after: &Applications,
    files: &Snapshot,
) -> Option<String> {
    let what = |application: &Value, files: &Snapshot| {
        Some((chart_name(application, files)?, str_at(application, "/spec/destination/namespace").to_owned()))
    };
    let wanted = what(gone, there)?;
    let is_it =
        |(name, it): &(&String, &Value)| !before.contains_key(*name) && what(it, files).as_ref() == Some(&wanted);
    after.iter().find(is_it).map(|(name, _)| name.clone())
}

/// The name of the chart that an Application deploys.
fn chart_name(application: &Value, files: &Snapshot) -> Option<String> {
    let first = application.pointer("/spec/sources/0");
    if let Some(source) = first.or_else(|| application.pointer("/spec/source")) {
        if let Some(chart) = source.get("chart").and_then(Value::as_str) {
            return Some(chart.to_owned());
        }
        if first.is_some() {
            return str_at(source, "/repoURL").rsplit('/').next().map(str::to_owned);
        }
    }
    let release = HelmRelease::of(application, files)?;
    let description = yaml::manifests("Chart.yaml", release.chart.text("Chart.yaml").ok()?).ok()?;
    description.first().map(|it| str_at(it, "/name").to_owned())
}

/// What changes of the chart of an Application that stays.
fn chart_change(name: &str, before: (&Value, &Snapshot), after: (&Value, &Snapshot)) -> Option<ChartChange> {
    let is_chart = |application: &Value| {
        application.pointer("/spec/sources").is_some() || application.pointer("/spec/source/helm").is_some()
    };
    if !is_chart(before.0) && !is_chart(after.0) {
        return None;
    }
    let (old, new) = (HelmRelease::of(before.0, before.1), HelmRelease::of(after.0, after.1));
    let values = |(application, files): (&Value, &Snapshot)| HelmRelease::values_of(application, files);
    let sources = |it: &Value| (it.pointer("/spec/source").cloned(), it.pointer("/spec/sources").cloned());
    let is_same = sources(before.0) == sources(after.0) && old == new && values(before) == values(after);
    (!is_same).then(|| ChartChange { application: name.to_owned(), charts: old.zip(new) })
}
