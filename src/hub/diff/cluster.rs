//! The objects that would change on the cluster: each is tried by a dry run, as whoever will apply it, but those that prove by their
//! own `managedFields` that they would stay as they are.
//!
//! What Argo CD does not own yet is applied by an installation, without force. Everything else is applied by Argo CD,
//! with force, with its tracking annotation, and under its own name, so that a field that git no longer holds is seen
//! to go.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::changes::{Change, Counts, NotCompared, OnCluster, Sort};
use super::kept::Kept;
use crate::argocd::{application_of, installation, stays_when_pruned, tracked_by, tracking_id};
use crate::engine::{
    self, CREDENTIALS_MANAGER, Cluster, Effect, Fault, ForeignField, MANAGER, SecretValues, differing_fields, ownership,
};
use crate::files::{Merged, Tree};
use crate::hub::settings_secrets::is_argo_cds;
use crate::hub_repository::layout::{RepoFile, is_below};
use crate::object::{ObjectRef, annotate, name, str_at};
use crate::report::{Outcome, text_diff};
use crate::words::argo;
use crate::{render, yaml};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;

/// What came of a dry run.
struct Tried {
    change: Option<Change>,
    foreign: Vec<ForeignField>,
}

/// What the merged files would change, and the credentials of Argo CD that this run was given.
pub async fn changes(
    cluster: &Cluster,
    before: &Tree,
    merged: &Merged,
    rendered: AsRendered,
    credentials: &[Value],
) -> Outcome<OnCluster> {
    let wanted = wanted(&merged.tree, rendered)?;
    let settings = wanted.iter().find(|it| it.object.name == argo::settings()).map(|it| it.object.object());
    let installation = settings.as_ref().and_then(installation);
    let tried = futures::stream::iter(&wanted).map(|it| try_object(cluster, it, installation));
    let mut found: Vec<Tried> = tried.buffered(AT_ONCE).try_collect().await?;
    let mut not_looked_at = Vec::new();
    for secret in credentials {
        if is_argo_cds(name(secret)) {
            not_looked_at.push(format!("{}: the keys that the step gives", ObjectRef::of(secret)));
            continue;
        }
        let live = cluster.get(&ObjectRef::of(secret)).await?;
        found.push(try_as(cluster, secret, live, CREDENTIALS_MANAGER, false).await?);
    }
    let unchanged = found.iter().filter(|it| it.change.is_none()).count();
    let findings = found.iter_mut().flat_map(|it| std::mem::take(&mut it.foreign)).collect();
    let mut objects: Vec<Change> = found.into_iter().filter_map(|it| it.change).collect();

    let stays: BTreeSet<&ObjectRef> = wanted.iter().map(|it| &it.object.name).collect();
    for name in names_of_what_changes(before, &merged.tree)? {
        if !stays.contains(&name) && is_pruned(cluster, &name).await? {
            objects.push(Change { by: Some("argocd"), ..Change::new(&name.to_string(), Sort::Remove) });
        }
    }
    let applications = wanted.iter().filter(|it| it.object.name.kind == argo::APPLICATION);
    let not_compared = applications.filter_map(|it| not_compared(&it.object.object(), merged)).collect();
    Ok(OnCluster { counts: Counts::of(&objects), unchanged, objects, not_compared, not_looked_at, findings })
}

/// What was rendered: the files, and the objects in them by their paths, which so need not be read again.
#[derive(Default)]
pub struct AsRendered {
    pub tree: Tree,
    pub objects: BTreeMap<String, Kept>,
}

/// An object that git is to hold, and whether it is of the bootstrap.
struct Wanted {
    object: Kept,
    is_bootstrap: bool,
}

fn wanted(files: &Tree, rendered: AsRendered) -> Outcome<Vec<Wanted>> {
    files.text(&RepoFile::Root.path())?;
    let AsRendered { tree, objects } = rendered;
    let objects = render::hub::objects_after(files, &tree, objects, render::hub::is_plain, |it| Kept::of(&it))?;
    let wanted = |(path, object)| Wanted { object, is_bootstrap: render::hub::is_bootstrap(path) };
    Ok(objects.into_iter().map(wanted).collect())
}

/// The objects in the files that are others afterwards, or gone.
fn names_of_what_changes(before: &Tree, after: &Tree) -> Outcome<Vec<ObjectRef>> {
    let is_other = |path: &str| render::hub::is_plain(path) && after.get(path) != before.get(path);
    render::hub::objects_in(before, is_other, |it| ObjectRef::of(&it))
}

async fn try_object(cluster: &Cluster, wanted: &Wanted, installation: Option<&str>) -> Result<Tried, Fault> {
    let name = &wanted.object.name;
    let live = cluster.get(name).await?;
    let object = wanted.object.object();
    if wanted.is_bootstrap && !live.as_ref().is_some_and(ownership::argocd_owns) {
        return try_as(cluster, &object, live, MANAGER, false).await;
    }
    let id = tracking_id(application_of(name), name);
    try_as(cluster, &tracked(object, &id, installation), live, argo::MANAGER, true).await
}

/// The object with the marks by which Argo CD knows it. CRDs get none (argo-cd `reposerver/repository/repository.go`).
pub(super) fn tracked(mut object: Value, id: &str, installation: Option<&str>) -> Value {
    if !ObjectRef::of(&object).is_crd() {
        annotate(&mut object, argo::TRACKING_ID, id);
        if let Some(id) = installation {
            annotate(&mut object, argo::INSTALLATION_ID, id);
        }
    }
    object
}

async fn try_as(
    cluster: &Cluster,
    object: &Value,
    live: Option<Value>,
    manager: &str,
    force: bool,
) -> Result<Tried, Fault> {
    let name = ObjectRef::of(object).to_string();
    let by = Some(if manager == argo::MANAGER { "argocd" } else { "backstack" });
    let preview = engine::difference(cluster, object, live, manager, force).await?;
    let change = change_of(&name, preview.effect).map(|it| Change { by, ..it });
    Ok(Tried { change, foreign: preview.foreign })
}

/// The change that an object of this name would get; nothing where it would stay as it is.
pub(super) fn change_of(name: &str, effect: Effect) -> Option<Change> {
    match effect {
        Effect::Same => None,
        Effect::Create => Some(Change::new(name, Sort::Add)),
        Effect::Refused(fault) => Some(Change { why: Some(fault.message), ..Change::new(name, Sort::Refuse) }),
        Effect::Change(states) => Some(update(name, *states)),
    }
}

/// What differs between two states of an object, without the values of Secrets.
fn update(name: &str, (mut before, mut after): (Value, Value)) -> Change {
    let fields = differing_fields(&before, &after);
    let mut values = SecretValues::default();
    values.hide(&mut before);
    values.hide(&mut after);
    let text = text_diff(&yaml::print(&before), &yaml::print(&after));
    Change { fields, text, ..Change::new(name, Sort::Update) }
}

/// Whether Argo CD deletes an object that git no longer holds.
async fn is_pruned(cluster: &Cluster, name: &ObjectRef) -> Result<bool, Fault> {
    let Some(live) = cluster.metadata(name).await? else { return Ok(false) };
    Ok(tracked_by(&live) == Some(application_of(name)) && !stays_when_pruned(&live))
}

/// An Application that is rendered from a chart, and whether the commit changes what it is rendered from.
fn not_compared(object: &Value, merged: &Merged) -> Option<NotCompared> {
    let name = ObjectRef::of(object);
    let has_chart = object.pointer("/spec/source/helm").is_some() || object.pointer("/spec/sources").is_some();
    if name.kind != argo::APPLICATION || !has_chart {
        return None;
    }
    let chart = object.pointer("/spec/sources/0").or_else(|| object.pointer("/spec/source"));
    let folder = chart.map_or("", |it| str_at(it, "/path"));
    let is_input = |path: &str| match RepoFile::of(path) {
        Some(RepoFile::Application(of) | RepoFile::Values(of) | RepoFile::Chart(of, _) | RepoFile::Hook(of, _))
            if of == name.name =>
        {
            true
        }
        _ => is_below(folder, path),
    };
    let input_changes = merged.changes.iter().any(|change| is_input(&change.path));
    Some(NotCompared { how: format!("argocd app diff {}", name.name), application: name.name, input_changes })
}
