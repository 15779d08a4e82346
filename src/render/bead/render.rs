//! From a Bead document and the files of its bundle to the files of the hub repository. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::backstage::{ENTRY, location};
use super::content::{Content, content};
use super::definitions::{brought, said_otherwise, unsaid, without_definition};
use super::fill::fill_hub_words;
use super::hub_words::{empty_words, hub_words};
use super::input::{BeadInput, filled_values};
use super::kyverno::with_defaults;
use super::leaks::{Committed, FilledValues, keep_back, masked};
use super::misplaced::misplaced;
use super::namespace::{Writer, has_its_own, is_namespace, keep, label, namespace, unsteady};
use super::packages::{self, packages};
use super::parameters::{Values, values};
use super::parts::{self, Part};
use super::permissions::{self, excess};
use super::piece::{Piece, names};
use super::privileges::privileges;
use super::project::project;
use super::spokes::OnSpokes;
use super::twice::twice;
use super::{catalog, compositions, hooks, image_doubts, registration, slips, xrd};
use crate::document::{Bead, HubClaims, PARTS, POD_SECURITY, PodSecurity, Workload, bead_object, is_definition_of_hub};
use crate::files::Tree;
use crate::hub_repository::HubImages;
use crate::hub_repository::bead::BeadLock;
use crate::hub_repository::layout::{BeadFile, CHART, RepoFile, folder_of_bead};
use crate::object::annotate;
use crate::render::relocate::Relocation;
use crate::report::{Diagnostic, Failure, Outcome};
use crate::words::crossplane::{CONFIGURATION, FUNCTION, PROVIDER};

/// The first revision of the rendering by which files may be run.
const WITH_MODES: u32 = 3;
/// Where the values of the application are written in the document.
const VALUES: &str = "spec.application.values";

/// A rendered bead.
#[derive(Debug, Clone)]
pub struct RenderedBead {
    /// Its files in the hub repository.
    pub tree: Tree,
    /// Its images.
    pub images: HubImages,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The objects of every part but a chart, each with its part.
    pub objects: Vec<(Part, Value)>,
    /// The objects of every part but a chart, each with its place.
    pub(super) content: Vec<Piece>,
    /// The objects that come to spokes, but for those of a chart.
    pub(super) on_spokes: Vec<Piece>,
    /// Its namespace, where the parent Application brings it.
    pub namespace: Option<Value>,
    /// The revision of the rendering.
    pub revision: u32,
    /// The resource definitions that it brings, by name; those that only a rendered chart shows are not seen.
    pub definitions: BTreeSet<String>,
    /// What it can do beyond what its projects bound.
    pub privileges: Vec<String>,
    /// The same by what can it.
    pub(super) powers: Powers,
    /// The objects of the charts that were seen.
    pub of_charts: Vec<Piece>,
    /// Charts whose content was not seen so far; see [`see`](Self::see).
    pub unseen: BTreeMap<Side, String>,
    /// What is right and may not be meant, each at its place.
    pub warnings: Vec<Diagnostic>,
    /// Marks of the document, that something is no secret, which excuse nothing.
    pub unused_marks: Vec<String>,
}

/// Where something of a bead comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The hub.
    Hub,
    /// Its spokes.
    Spokes,
}

impl RenderedBead {
    /// Its objects, for the hub and for spokes, but for those of charts.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.content.iter().chain(&self.on_spokes)
    }

    /// What is to be said of its manifests that make themselves hooks, on the hub and on spokes.
    #[must_use]
    pub fn hook_doubts(&self) -> Vec<Diagnostic> {
        [hooks::doubts(&self.content), hooks::doubts(&self.on_spokes)].concat()
    }

    /// What stands in its manifests for an image, and is none.
    #[must_use]
    pub fn image_doubts(&self) -> Vec<Diagnostic> {
        [image_doubts::doubts(&self.content), image_doubts::doubts(&self.on_spokes)].concat()
    }
}

/// What a bead can do, by what can it.
#[derive(Debug, Clone, Default)]
pub(super) struct Powers {
    pub on_hub: Vec<String>,
    pub of_catalog: Vec<String>,
    pub on_spokes: Vec<String>,
}

impl Powers {
    pub fn lines(&self) -> Vec<String> {
        [self.on_hub.as_slice(), &self.of_catalog, &self.on_spokes].concat()
    }
}

/// Renders a bead. Refuses content that its permissions do not allow, and secrets.
pub fn render(input: &BeadInput) -> Outcome<RenderedBead> {
    rendered(input).map_err(|failure| masked(&input.files, failure))
}

fn rendered(input: &BeadInput) -> Outcome<RenderedBead> {
    let BeadInput { bead, files, hub, .. } = input;
    let words = hub_words(input.claims.as_ref());
    let mut values = values(bead, &input.parameters)?;
    values.extend(words.clone());
    let mut relocation = Relocation::by(input.relocation.as_ref());
    let (mut contents, mut warnings) = contents(bead, files, &values)?;
    contents.iter_mut().flat_map(|(_, pieces)| pieces).for_each(|piece| relocation.manifests(&mut piece.object));
    mark_hooks(input, &values, &mut contents)?;
    let all: Vec<Piece> = contents.iter().flat_map(|(_, pieces)| pieces).cloned().collect();
    let on_spokes = OnSpokes::read(bead, files, &values)?.map(|it| it.relocated(&mut relocation));
    let beyond = on_spokes.as_ref().map(|it| it.excess(input.revision)).unwrap_or_default();
    let wrong = [mistakes(input.revision, bead, &all), beyond].concat();
    if !wrong.is_empty() {
        return Err(Failure::document(&the_content(bead), wrong));
    }
    let filled = filled_values(bead, VALUES, &values)?;
    let unused_marks = kept_back(input, &filled, &all, on_spokes.as_ref())?;
    first_to_go(bead, &all)?;
    let writer = Writer::of(input.revision, bead, &all);
    on_spokes.as_ref().map_or(Ok(()), OnSpokes::has_its_own)?;
    if writer != Writer::ArgoCd {
        has_its_own(bead)?;
        let level = bead.spec.permissions.pod_security;
        let pieces = contents.iter_mut().flat_map(|(_, pieces)| pieces);
        pieces.filter(|piece| is_namespace(piece)).for_each(|piece| label(piece, level));
    }

    let mut tree = Tree::default();
    let name = bead.metadata.name.as_str();
    let path = |file: BeadFile<'_>| RepoFile::Bead(name, file).path();
    let placed = relocation.bead(bead);
    let bounds = project(input.revision, &placed, hub, writer);
    tree.insert_yaml(RepoFile::Project(&bead.application_name()).path(), &bounds)?;
    tree.insert_yaml(parts::parent_file(name), &parts::parent(bead, hub, input.depth))?;
    tree.insert_yaml(path(BeadFile::Document), bead)?;
    let namespace = (writer == Writer::Above).then(|| namespace(bead));
    if let Some(namespace) = &namespace {
        tree.insert_yaml(path(BeadFile::Namespace), namespace)?;
    }
    for (right, object) in registration::rights(bead) {
        tree.insert_yaml(path(BeadFile::Right(right)), &object)?;
    }
    for (part, pieces) in &contents {
        for (piece, file) in pieces.iter().zip(names(pieces)) {
            tree.insert_yaml(path(BeadFile::Manifest(part.name(), &file)), &piece.object)?;
        }
    }
    let mut found: Vec<Part> = contents.iter().map(|(part, _)| *part).collect();
    let of_part = |(part, pieces): (Part, Vec<Piece>)| pieces.into_iter().map(move |piece| (part, piece.object));
    let objects = contents.into_iter().flat_map(of_part).collect();
    let mut unseen = BTreeMap::new();
    if let Some(chart) = &bead.spec.application.chart {
        tree.insert_yaml(path(BeadFile::Values), &chart_values(bead, &filled, &mut relocation)?)?;
        if let Some(locked) = &chart.locked {
            tree.insert_below(&format!("{}/{CHART}", folder_of_bead(name)), input.chart(locked)?)?;
        }
        unseen.insert(Side::Hub, chart.title().to_owned());
        // Its hooks may have brought the part already.
        found.retain(|part| *part != Part::Application);
        found.push(Part::Application);
    }
    for part in &found {
        tree.insert_yaml(path(BeadFile::Application(part.name())), &parts::part(&placed, *part, hub, writer))?;
    }
    let definitions = definitions(&tree)?;
    let mut powers = Powers { on_hub: privileges(bead, &all, None), ..Powers::default() };
    let mut comes_to_spokes = Vec::new();
    if let Some(on_spokes) = on_spokes {
        on_spokes.add_to(&mut tree, input, &mut relocation)?;
        let OnSpokes { bead, content, warnings: said, .. } = on_spokes;
        unseen.extend(bead.spec.application.chart.iter().map(|chart| (Side::Spokes, chart.title().to_owned())));
        powers.on_spokes = OnSpokes::privileges(&bead, &content, None);
        warnings.extend(said);
        comes_to_spokes = content;
    }
    let catalog::Found { warnings: of_entities, powers: of_catalog, .. } =
        backstage(bead, files, input.claims.as_ref(), &mut tree)?;
    warnings.extend(empty_words(bead, files, &words));
    warnings.extend([of_entities, doubts(bead, &all)].concat());
    tree.insert_yaml(RepoFile::BeadObject(name).path(), &resource(bead, &found))?;
    let images = relocation.met;
    tree = modes_as_of(input.revision, tree);
    tree.insert_yaml(path(BeadFile::Lock), &BeadLock::of(&tree, images.clone(), input.revision))?;
    powers.of_catalog = of_catalog;
    let (revision, parts, content, on_spokes) = (input.revision, found, all, comes_to_spokes);
    Ok(RenderedBead {
        tree,
        images,
        parts,
        objects,
        content,
        on_spokes,
        namespace,
        revision,
        definitions,
        privileges: powers.lines(),
        powers,
        of_charts: Vec::new(),
        unseen,
        warnings,
        unused_marks,
    })
}

/// The files as this revision of the rendering has them.
fn modes_as_of(revision: u32, tree: Tree) -> Tree {
    if revision < WITH_MODES { tree.without_modes() } else { tree }
}

/// What is wrong with the content of a bead on the hub.
fn mistakes(revision: u32, bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let definitions =
        [without_definition(bead, content), said_otherwise(bead, content), xrd::misnamed(content)].concat();
    let scopes = registration::without_namespace(bead, content);
    [twice(bead, content), excess(revision, bead, content), definitions, scopes].concat()
}

/// What is right there and may not be meant.
fn doubts(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let of_packages = bead.spec.crossplane.iter().flat_map(packages::doubts);
    let of_definitions = [unsaid(bead, content), xrd::doubts(content), compositions::doubts(content)].concat();
    let of_each = [hooks::doubts, slips::doubts, image_doubts::doubts, permissions::doubts];
    of_packages.chain(of_definitions).chain(of_each.iter().flat_map(|doubts| doubts(content))).collect()
}

/// The resource definitions of the bead. Those of manifests were held against its permissions already.
fn definitions(tree: &Tree) -> Outcome<BTreeSet<String>> {
    let brought = brought(tree);
    match brought.iter().find(|name| is_definition_of_hub(name)) {
        None => Ok(brought),
        Some(name) => Err(Failure::usage(format!(
            "the chart of the bead brings CustomResourceDefinition {name}, on which the hub itself stands"
        ))
        .hint("the hub brings it in the version that it needs; leave it out of the chart")),
    }
}

/// What a bead is rendered from, read once; it may have mistakes.
pub struct Written<'i> {
    input: &'i BeadInput,
    values: Values,
    content: Vec<Piece>,
    on_spokes: Option<OnSpokes>,
}

impl<'i> Written<'i> {
    /// Reads it.
    pub fn read(input: &'i BeadInput) -> Outcome<Self> {
        let BeadInput { bead, files, parameters, .. } = input;
        let mut values = values(bead, parameters)?;
        values.extend(hub_words(input.claims.as_ref()));
        let content = contents(bead, files, &values)?.0.into_iter().flat_map(|(_, pieces)| pieces).collect();
        let on_spokes = OnSpokes::read(bead, files, &values)?;
        Ok(Self { input, values, content, on_spokes })
    }

    /// The objects, for the hub and for spokes, but for those of charts.
    pub fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.content.iter().chain(self.on_spokes.iter().flat_map(|it| &it.content))
    }

    /// What stands in them for an image, and is none.
    #[must_use]
    pub fn image_doubts(&self) -> Vec<Diagnostic> {
        let on_spokes = self.on_spokes.iter().flat_map(|it| image_doubts::doubts(&it.content));
        image_doubts::doubts(&self.content).into_iter().chain(on_spokes).collect()
    }

    /// Secrets in what would be committed. Gives the marks that excuse nothing.
    pub fn secrets(&self) -> Outcome<Vec<String>> {
        let filled = filled_values(&self.input.bead, VALUES, &self.values)?;
        kept_back(self.input, &filled, &self.content, self.on_spokes.as_ref())
    }
}

/// Refuses secrets in all that would be committed. Gives the marks that excuse nothing.
fn kept_back(
    input: &BeadInput,
    filled: &Map<String, Value>,
    content: &[Piece],
    on_spokes: Option<&OnSpokes>,
) -> Outcome<Vec<String>> {
    let BeadInput { bead, files, parameters, .. } = input;
    let own = FilledValues { path: VALUES, values: filled };
    let values = [own].into_iter().chain(on_spokes.map(OnSpokes::filled)).collect();
    let more = on_spokes.iter().flat_map(|it| &it.content);
    let content: Vec<Piece> = content.iter().chain(more).cloned().collect();
    keep_back(&Committed { bead, files, parameters, values, content: &content })
}

/// The same with its images in them.
fn chart_values(
    bead: &Bead,
    filled: &Map<String, Value>,
    relocation: &mut Relocation<'_>,
) -> Outcome<Map<String, Value>> {
    relocation
        .chart_values(filled, &bead.spec.application.images)
        .map_err(|failure| failure.context(format!("`{VALUES}` of bead.yaml")))
}

/// Whether the workloads that a removal ends first are there; what a chart brings is not seen here.
fn first_to_go(bead: &Bead, content: &[Piece]) -> Outcome<()> {
    let Some(manifests) = &bead.spec.application.manifests else { return Ok(()) };
    let is_there = |workload: &Workload| {
        content.iter().any(|piece| {
            let namespace = piece.text("/metadata/namespace");
            piece.text("/kind") == workload.kind.name()
                && piece.text("/metadata/name") == workload.name
                && (namespace.is_empty() || namespace == bead.spec.application.namespace)
        })
    };
    let Some(absent) = bead.spec.uninstall.first.iter().find(|it| !is_there(it)) else { return Ok(()) };
    let (kind, name) = (absent.kind.name(), &absent.name);
    Err(Failure::usage(format!("`uninstall.first` of bead.yaml names {kind} {name}, which is not in {manifests}"))
        .hint("it is a workload of the application, in its namespace"))
}

/// The bead as `kubectl get beads` shows it. Nothing acts on it.
fn resource(bead: &Bead, parts: &[Part]) -> Value {
    let on_spokes = bead.spec.spokes.as_ref().map(|_| "spokes");
    let parts: Vec<&str> = parts.iter().map(|part| part.name()).chain(on_spokes).collect();
    let level = bead.spec.permissions.pod_security;
    let mut resource = bead_object(bead);
    resource["metadata"]["annotations"] = json!({PARTS: parts.join(",")});
    if level != PodSecurity::default() {
        annotate(&mut resource, POD_SECURITY, level.name());
    }
    resource
}

/// The objects of parts.
type Contents = Vec<(Part, Vec<Piece>)>;

/// The objects of every part but a chart, and what is to be said of their folders.
fn contents(bead: &Bead, files: &Tree, values: &Values) -> Outcome<(Contents, Vec<Diagnostic>)> {
    let (mut contents, mut warnings) = (Vec::new(), Vec::new());
    let mut add = |part: Part, pieces: Vec<Piece>| {
        if !pieces.is_empty() {
            contents.push((part, pieces));
        }
    };
    let mut wrong = Vec::new();
    let mut brought = |part: Part, folder: &str| match of_folder(bead, part, files, folder, values) {
        Ok(Content { pieces, warnings: said }) => {
            warnings.extend(said);
            Ok(pieces)
        }
        // Those of the other folders are told with them.
        Err(failure) if !failure.diagnostics.is_empty() => {
            wrong.push(failure);
            Ok(Vec::new())
        }
        Err(failure) => Err(failure),
    };
    if let Some(crossplane) = &bead.spec.crossplane {
        add(Part::Providers, packages(crossplane, &[PROVIDER, FUNCTION], values)?);
        let mut apis = packages(crossplane, &[CONFIGURATION], values)?;
        if let Some(definitions) = &crossplane.definitions {
            apis.extend(brought(Part::Apis, definitions)?);
        }
        add(Part::Apis, apis);
        if let Some(configs) = &crossplane.provider_configs {
            add(Part::Config, brought(Part::Config, configs)?);
        }
    }
    let mut policies = registration::registrations(bead);
    if let Some(kyverno) = &bead.spec.kyverno {
        let own = brought(Part::Policies, &kyverno.policies)?;
        policies.extend(own.into_iter().map(|piece| with_defaults(piece, kyverno.webhook_failure)));
    }
    add(Part::Policies, policies);
    let mut application = match &bead.spec.application.manifests {
        Some(manifests) => brought(Part::Application, manifests)?,
        None => Vec::new(),
    };
    if !wrong.is_empty() {
        return Err(together(bead, wrong));
    }
    let of_hooks = hooks::hooks(bead, files, values, "spec.application")?;
    application.extend(of_hooks.pieces);
    add(Part::Application, application);
    warnings.extend(of_hooks.warnings);
    Ok((contents, warnings))
}

/// The mistakes of all folders as one failure.
fn together(bead: &Bead, mut wrong: Vec<Failure>) -> Failure {
    if wrong.len() == 1 {
        return wrong.remove(0);
    }
    let mistakes = wrong.into_iter().flat_map(|it| it.diagnostics).collect();
    Failure::document(&the_content(bead), mistakes)
}

fn the_content(bead: &Bead) -> String {
    format!("the content of bead {}", bead.metadata.name)
}

/// Puts the mark of the version beside the hooks of the application.
fn mark_hooks(input: &BeadInput, values: &Values, contents: &mut Contents) -> Outcome<()> {
    let chart = input.bead.spec.application.chart.as_ref().and_then(|it| it.locked.as_deref());
    let chart = chart.map(|locked| input.chart(locked)).transpose()?;
    for (_, pieces) in contents.iter_mut().filter(|(part, _)| *part == Part::Application) {
        let mark = hooks::mark(&input.bead, values, chart, pieces.iter());
        pieces.extend(mark);
    }
    Ok(())
}

/// The objects of a folder.
fn of_folder(bead: &Bead, part: Part, files: &Tree, folder: &str, values: &Values) -> Outcome<Content> {
    let Content { mut pieces, warnings } = content(files, folder, values)?;
    let mut mistakes = misplaced(part, &pieces);
    mistakes.extend(pieces.iter().filter_map(|piece| unsteady(bead, piece)));
    if !mistakes.is_empty() {
        return Err(Failure::document(folder, mistakes));
    }
    pieces.iter_mut().filter(|piece| is_namespace(piece)).for_each(keep);
    Ok(Content { pieces, warnings })
}

/// The entities of a bead for Backstage's catalog, by their paths in their folder, and what is to be said of them. They
/// are committed as they are but for what they are told of the hub: `${{ … }}` in a template is Backstage's own. Fails with
/// what Backstage would refuse.
pub fn entities(bead: &Bead, files: &Tree, claims: Option<&HubClaims>) -> Outcome<(Tree, catalog::Found)> {
    let folder = bead.spec.backstage.as_ref().and_then(|part| part.entities.as_ref());
    let Some(folder) = folder.map(|it| it.trim_start_matches("./").trim_end_matches('/')) else {
        return Ok((Tree::default(), catalog::Found::default()));
    };
    let entities = told(files.below(folder), folder, &hub_words(claims))?;
    if entities.get(ENTRY).is_none() {
        return Err(Failure::usage(format!("`{folder}/{ENTRY}` is missing"))
            .hint(format!("`spec.backstage.entities` is a folder with a {ENTRY}, which names the other files")));
    }
    let mut found = catalog::look(bead, folder, &entities);
    if !found.mistakes.is_empty() {
        return Err(masked(files, Failure::document(folder, found.mistakes)));
    }
    found.powers.sort();
    found.powers.dedup();
    Ok((entities, found))
}

/// These files with what they are told of the hub.
fn told(mut files: Tree, folder: &str, words: &Values) -> Outcome<Tree> {
    for (path, bytes) in files.clone().iter() {
        let Ok(text) = std::str::from_utf8(bytes) else { continue };
        let filled = fill_hub_words(text, words).map_err(|why| Failure::usage(format!("{folder}/{path}: {why}")))?;
        files.rewrite(path, filled.into_bytes());
    }
    Ok(files)
}

fn backstage(bead: &Bead, files: &Tree, claims: Option<&HubClaims>, tree: &mut Tree) -> Outcome<catalog::Found> {
    let Some(part) = &bead.spec.backstage else { return Ok(catalog::Found::default()) };
    let name = &bead.metadata.name;
    let (entities, mut found) = entities(bead, files, claims)?;
    found.powers.extend(part.locations.iter().map(|it| catalog::power_of_address(it)));
    found.warnings.extend(part.locations.iter().map(|it| catalog::not_looked_at("spec.backstage.locations", it)));
    for (inside, bytes) in entities.iter() {
        tree.insert(RepoFile::Entities(name, inside).path(), bytes)?;
    }
    tree.insert_yaml(RepoFile::Entry(name).path(), &location(bead, part))?;
    Ok(found)
}
