//! From a Hub document to the hub repository. Pure: the same input gives the same bytes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::argocd::argocd_files;
use super::made::Made;
use super::readme::readme;
use crate::document::{Asset, AssetForm, Component, Hub, ImageMap, Lock, Resolved, bead_crd, check_hub};
use crate::files::{Tree, sha256};
use crate::hub_repository::HubLock;
use crate::hub_repository::layout::{self, ARGOCD, COMPONENTS, HUB_FILE, LOCK_FILE, README, ROOT, RepoFile};
use crate::object::{ObjectRef, annotate};
use crate::render::projects::projects;
use crate::render::relocate::Relocation;
use crate::render::{self, applications, claims, hooks, spokes};
use crate::report::{Failure, Outcome};
use crate::schema::closest;
use crate::vendor::{ARGOCD_ASSET, Assets};
use crate::words::{argo, spoke};
use crate::yaml;

/// Everything that the hub repository is made from.
#[derive(Debug, Clone)]
pub struct HubInput {
    /// The Hub document.
    pub hub: Hub,
    /// The lock of the bundle.
    pub lock: Lock,
    /// The downloads that the lock pins.
    pub assets: Assets,
    /// Where the hub is.
    pub resolved: Resolved,
    /// Where its images are, when the bundle was copied.
    pub relocation: Option<ImageMap>,
}

/// A rendered hub.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Its files in the hub repository.
    pub tree: Tree,
    /// What [`plain_objects`] reads from these files, by their paths.
    pub objects: BTreeMap<String, Value>,
    /// The lock among the files.
    pub lock: HubLock,
}

/// Renders the whole hub repository.
pub fn render(input: &HubInput) -> Outcome<Rendered> {
    check_hub(&input.hub)?;
    render_as_it_is(input)
}

/// The same for what commits nothing of it: the document may be older than a rule.
pub fn render_as_it_is(input: &HubInput) -> Outcome<Rendered> {
    let HubInput { hub, lock, assets, resolved, relocation } = input;
    let mut relocation = Relocation::by(relocation.as_ref());
    let hub = &relocation.hub(hub);
    let mut made = Made::default();

    let argocd = argocd_files(argocd_manifest(hub, lock, assets)?, &hub.spec.argocd, &mut relocation)?;
    made.insert_below(ARGOCD, argocd)?;
    made.insert(RepoFile::Root.path(), applications::root(resolved))?;
    made.insert(RepoFile::Application(argo::ARGOCD).path(), applications::argocd(resolved))?;
    made.insert(RepoFile::BeadDefinition.path(), bead_definition())?;
    for (name, project) in projects(hub, resolved) {
        made.insert(RepoFile::Project(&name).path(), project)?;
    }
    made.insert(RepoFile::Project(spoke::PROJECT).path(), spokes::project(resolved))?;
    if let Some(of_hub) = &hub.spec.claims {
        claims::is_apart(of_hub, resolved)?;
        made.insert(RepoFile::Project(argo::CLAIMS).path(), claims::project(of_hub))?;
        made.insert(RepoFile::Application(argo::CLAIMS).path(), claims::claims(of_hub))?;
    }
    for component in &hub.spec.components {
        made.insert(RepoFile::Application(&component.name).path(), applications::component(component, resolved))?;
    }
    let Made { mut tree, objects } = made;

    tree.insert_yaml(RepoFile::Probe.path(), &spokes::probe(resolved))?;
    for component in &hub.spec.components {
        let name = &component.name;
        let (values, chart) = (relocation.values(component)?, locked_chart(component, lock, assets)?);
        tree.insert_yaml(RepoFile::Values(name).path(), &values)?;
        if let Some(chart) = chart {
            tree.insert_below(&applications::chart_folder(component), chart)?;
        }
        for object in with_mark(component, hooks::jobs(component)?, &values, chart, lock, &mut relocation) {
            tree.insert_yaml(RepoFile::Hook(name, &hooks::file_name(&object)).path(), &object)?;
        }
    }

    tree.insert_yaml(RepoFile::Entry(render::bead::STAYS).path(), &render::bead::stays())?;

    let mut resolved_hub = hub.clone();
    resolved_hub.spec.resolved = Some(resolved.clone());
    let header = format!(
        "# Rendered from the hub.yaml of the bundle, for you to read. Edits here have no effect: change the bundle,\n\
         # or the files below {ROOT}/, {COMPONENTS}/ and {ARGOCD}/.\n"
    );
    tree.insert(HUB_FILE, header + &yaml::print(&resolved_hub))?;
    tree.insert(README, readme(&resolved_hub, lock))?;
    let lock = HubLock::of(&tree, &lock.assets, &resolved.cluster_uid, relocation.met);
    tree.insert_yaml(LOCK_FILE, &lock)?;
    Ok(Rendered { tree, objects, lock })
}

/// The hooks of a component with their images, and the mark of its version beside them; nothing of one without hooks.
fn with_mark(
    component: &Component,
    mut jobs: Vec<Value>,
    values: &Map<String, Value>,
    chart: Option<&Tree>,
    lock: &Lock,
    relocation: &mut Relocation<'_>,
) -> Vec<Value> {
    if jobs.is_empty() {
        return jobs;
    }
    for job in &mut jobs {
        relocation.manifests(job);
    }
    let Component { name, namespace, chart: named, .. } = component;
    let pinned = named.locked.as_ref().and_then(|name| find(lock, name, AssetForm::Chart));
    let version = named.version.as_deref().or(pinned.map(|it| it.version.as_str())).unwrap_or_default();
    let made_from = json!({"chart": named, "files": chart.map(Tree::digests), "values": values, "hooks": jobs});
    jobs.push(hooks::Owner { name, namespace }.mark(version, &made_from));
    jobs
}

/// The definition of beads, which has to be there before any of them.
fn bead_definition() -> Value {
    let mut definition = bead_crd();
    annotate(&mut definition, argo::SYNC_WAVE, argo::PROJECT_WAVE.to_string());
    definition
}

/// The names of the hub's Applications in a tree: `root`, and one for each file of theirs. That of the claims follows
/// another repository, which its people change at any time.
#[must_use]
pub fn applications_in(tree: &Tree) -> Vec<String> {
    let below = tree.iter().filter_map(|(path, _)| match RepoFile::of(path) {
        Some(RepoFile::Application(name)) if name != argo::CLAIMS => Some(name.to_owned()),
        _ => None,
    });
    std::iter::once(argo::ROOT.to_owned()).chain(below).collect()
}

/// The objects that bring Argo CD up and give it the root.
#[derive(Debug, Default)]
pub struct Bootstrap {
    /// The objects, ordered by the paths of their files.
    pub objects: Vec<Value>,
    /// The paths.
    paths: Vec<String>,
}

/// The bootstrap set among rendered objects.
#[must_use]
pub fn bootstrap_of(objects: BTreeMap<String, Value>) -> Bootstrap {
    let (paths, objects) = objects.into_iter().filter(|(path, _)| is_bootstrap(path)).unzip();
    Bootstrap { objects, paths }
}

/// The same of a commit: read back from the files, so that what is applied is what is committed.
pub fn bootstrap_set(tree: &Tree) -> Outcome<Vec<Value>> {
    bootstrap_set_after(tree, &Tree::default(), Bootstrap::default())
}

/// The same where these objects were rendered into these files. What is committed as it was rendered need not be read: the definitions
/// alone are a megabyte and a half of YAML.
pub fn bootstrap_set_after(tree: &Tree, rendered: &Tree, planned: Bootstrap) -> Outcome<Vec<Value>> {
    tree.text(&RepoFile::Root.path())?;
    let planned = planned.paths.into_iter().zip(planned.objects).collect();
    let objects = objects_after(tree, rendered, planned, is_bootstrap, |it| it)?;
    Ok(objects.into_iter().map(|(_, object)| object).collect())
}

/// The same for a proof, which asks of a definition what it is called and how its objects are; the rest is megabytes.
pub fn bootstrap_to_prove(tree: &Tree) -> Outcome<Vec<Value>> {
    tree.text(&RepoFile::Root.path())?;
    objects_in(tree, is_bootstrap, without_versions)
}

fn without_versions(mut object: Value) -> Value {
    if ObjectRef::of(&object).is_crd()
        && let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut)
    {
        spec.remove("versions");
    }
    object
}

/// The objects that stand in the repository as they are, and not in a chart: what the Applications `root` and `argocd`
/// bring to the cluster.
pub fn plain_objects(tree: &Tree) -> Outcome<Vec<Value>> {
    objects_in(tree, is_plain, |it| it)
}

/// Whether they stand in the file of this path.
#[must_use]
pub fn is_plain(path: &str) -> bool {
    [ARGOCD, ROOT].iter().any(|folder| layout::is_below(folder, path))
}

/// Of our files in a repository those that nobody has changed since they were rendered.
pub fn as_rendered(tree: &Tree) -> Outcome<Tree> {
    let lock = HubLock::in_tree(tree)?;
    let mut rendered = Tree::default();
    for (path, bytes) in tree.iter().filter(|(path, bytes)| lock.files.get(*path) == Some(&sha256(bytes))) {
        rendered.insert(path, bytes)?;
    }
    Ok(rendered)
}

/// What `of` makes of each object in the files that are wanted by their paths.
pub fn objects_in<T>(tree: &Tree, is_wanted: impl Fn(&str) -> bool, of: impl Fn(Value) -> T + Copy) -> Outcome<Vec<T>> {
    let objects = objects_after(tree, &Tree::default(), BTreeMap::new(), is_wanted, of)?;
    Ok(objects.into_iter().map(|(_, object)| object).collect())
}

/// The same, each with the path of its file, where some are known by that path: a file that stands as it was rendered is not read.
pub fn objects_after<'t, T>(
    tree: &'t Tree,
    rendered: &Tree,
    mut known: BTreeMap<String, T>,
    is_wanted: impl Fn(&str) -> bool,
    of: impl Fn(Value) -> T + Copy,
) -> Outcome<Vec<(&'t str, T)>> {
    let mut objects = Vec::new();
    for (path, bytes) in tree.iter().filter(|(path, _)| is_wanted(path)) {
        let is_as_rendered = rendered.get(path) == Some(&**bytes);
        match known.remove(path).filter(|_| is_as_rendered) {
            Some(object) => objects.push((path, object)),
            None => objects.extend(yaml::manifests(path, tree.text(path)?)?.into_iter().map(|it| (path, of(it)))),
        }
    }
    Ok(objects)
}

/// Whether objects of the bootstrap set stand in the file of this path.
#[must_use]
pub fn is_bootstrap(path: &str) -> bool {
    matches!(RepoFile::of(path), Some(RepoFile::Argocd(_) | RepoFile::Project(_) | RepoFile::Root))
}

fn argocd_manifest<'a>(hub: &Hub, lock: &Lock, assets: &'a Assets) -> Outcome<&'a [u8]> {
    let pinned = find(lock, ARGOCD_ASSET, AssetForm::Manifest)
        .ok_or_else(|| Failure::usage(format!("lock.yaml pins no manifest `{ARGOCD_ASSET}`")))?;
    let wanted = &hub.spec.argocd.version;
    if pinned.version != *wanted {
        return Err(Failure::usage(format!(
            "hub.yaml asks for Argo CD {wanted}, but lock.yaml pins {}; nothing was changed",
            pinned.version
        ))
        .hint("pin the version that hub.yaml names, with its digest, and run `backstack vendor`"));
    }
    let wanted = hub.spec.argocd.variant;
    if pinned.variant != wanted {
        let message = format!(
            "hub.yaml asks for variant {wanted} of Argo CD, but lock.yaml pins {}; nothing was changed",
            pinned.variant
        );
        return Err(Failure::usage(message).hint(wanted.how_to_pin()));
    }
    assets.manifest(ARGOCD_ASSET).ok_or_else(|| not_fetched(pinned))
}

fn locked_chart<'a>(component: &Component, lock: &Lock, assets: &'a Assets) -> Outcome<Option<&'a Tree>> {
    let Some(name) = &component.chart.locked else { return Ok(None) };
    let Some(pinned) = find(lock, name, AssetForm::Chart) else {
        let charts: Vec<&str> = lock
            .assets
            .iter()
            .filter(|asset| asset.form == AssetForm::Chart)
            .map(|asset| asset.name.as_str())
            .collect();
        let hint = closest(name, &charts)
            .map_or_else(|| "pin it in lock.yaml first".to_owned(), |best| format!("did you mean `{best}`?"));
        let component = &component.name;
        return Err(Failure::usage(format!("component {component}: lock.yaml pins no chart `{name}`")).hint(hint));
    };
    assets.chart(name).map(Some).ok_or_else(|| not_fetched(pinned))
}

fn find<'a>(lock: &'a Lock, name: &str, form: AssetForm) -> Option<&'a Asset> {
    lock.assets.iter().find(|asset| asset.name == name && asset.form == form)
}

fn not_fetched(asset: &Asset) -> Failure {
    Failure::failed(format!("{} {} is pinned but not there", asset.name, asset.version))
        .hint("run `backstack vendor` in the bundle's folder")
}
