//! The resource definitions in files: those that a bead brings, and who else has them in the hub repository. Pure.
//!
//! Argo CD marks no definition with the Application that brings it, so two that bring one do not see each other: both
//! apply it, in turns, and the older one takes away versions in which the other keeps its objects.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::piece::Piece;
use super::xrd;
use crate::document::{Bead, OwnedApi};
use crate::files::{Snapshot, Tree};
use crate::hub_repository::layout::{BeadFile, ROOT, RepoFile, is_below};
use crate::object::{ObjectRef, group, kind, name, str_at};
use crate::report::Diagnostic;
use crate::words::crossplane::{EXTENSIONS, XRD};
use crate::yaml;

/// Group and kind of what an object defines: a CRD, or an XRD with its claim. One that is named otherwise than by its group is
/// none to the API server.
pub fn kinds_of(definition: &Value) -> Vec<(&str, &str)> {
    let places: &[&str] = match (group(definition), kind(definition)) {
        ("apiextensions.k8s.io", "CustomResourceDefinition") => &["/spec/names/kind"],
        (EXTENSIONS, XRD) => &["/spec/names/kind", "/spec/claimNames/kind"],
        _ => &[],
    };
    let group = str_at(definition, "/spec/group");
    let is_named_so = name(definition).strip_suffix(group).is_some_and(|it| it.ends_with('.'));
    places.iter().filter(|_| is_named_so).map(|place| (group, str_at(definition, place))).collect()
}

/// The APIs that the document calls the bead's own and that nothing of it can define. What is in packages is not known, and
/// that of a chart not always.
pub fn without_definition(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let Some(part) = &bead.spec.crossplane else { return Vec::new() };
    if !part.configurations.is_empty() || !part.providers.is_empty() || bead.spec.application.chart.is_some() {
        return Vec::new();
    }
    let defined: Vec<(&str, &str)> = content.iter().flat_map(|it| kinds_of(&it.object)).collect();
    let kinds = part.apis.iter().flat_map(OwnedApi::kinds);
    let undefined = kinds.filter(|kind| !defined.contains(kind)).map(|(group, kind)| {
        let message = format!("no file of the bead defines {kind}.{group}, which `crossplane.apis` calls its own");
        Diagnostic::error("spec.crossplane.apis", message)
            .hint("bring its XRD under `spec.crossplane.definitions`, or a package that does, or take the line out")
    });
    undefined.collect()
}

/// The XRDs of which the document says something else than they do, each with its place.
pub fn said_otherwise(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let Some(part) = &bead.spec.crossplane else { return Vec::new() };
    let of_piece = |piece: &Piece| -> Option<Diagnostic> {
        let kind = (piece.text("/spec/group"), piece.text("/spec/names/kind"));
        let api = part.apis.iter().find(|api| (api.group.as_str(), api.kind.as_str()) == kind)?;
        let plural = piece.text("/spec/names/plural");
        (xrd::is_xrd(&piece.object) && plural != api.plural).then(|| {
            let message =
                format!("{}: its plural is `{plural}`, and `{}` in `crossplane.apis`", piece.title(), api.plural);
            let place = piece.place_of("spec.names.plural");
            let mistake = Diagnostic::error("spec.names.plural", message).at(&piece.source, place);
            mistake.hint("write the one that is meant in both")
        })
    };
    content.iter().filter_map(of_piece).collect()
}

/// The XRDs, and claims to what they define, that the document does not call the bead's own: nobody is let order them.
pub fn unsaid(bead: &Bead, content: &[Piece]) -> Vec<Diagnostic> {
    let Some(part) = &bead.spec.crossplane else { return Vec::new() };
    let said: Vec<(&str, &str)> = part.apis.iter().flat_map(OwnedApi::kinds).collect();
    let of_piece = |piece: &Piece| -> Vec<Diagnostic> {
        let told = |(group, kind): &(&str, &str)| {
            let message = format!("{}: `crossplane.apis` of bead.yaml does not name {kind}.{group}", piece.title());
            let hint = "what it does not name nobody may order by the claims repository; leave it so if only this bead makes them";
            Diagnostic::warning("spec.names", message).at(&piece.source, piece.place_of("spec.names")).hint(hint)
        };
        let kinds = kinds_of(&piece.object);
        kinds.iter().filter(|kind| !kind.1.is_empty() && !said.contains(kind)).map(told).collect()
    };
    content.iter().filter(|it| xrd::is_xrd(&it.object)).flat_map(of_piece).collect()
}

const KIND: &[u8] = b"CustomResourceDefinition";

/// The names of the definitions in the files of a bead: in its manifests, and in its chart as far as they stand there as
/// they are.
#[must_use]
pub fn brought(files: &Tree) -> BTreeSet<String> {
    files.iter().filter(|(path, _)| bead_of(path).is_some()).flat_map(|(_, bytes)| defined(bytes)).collect()
}

/// Those of these definitions that files of another bead have, or of the hub, a line each.
#[must_use]
pub fn of_others(there: &Snapshot, bead: &str, brought: &BTreeSet<String>) -> Vec<String> {
    let mut holders = BTreeMap::new();
    for (path, bytes) in there {
        let holder = match bead_of(path) {
            Some(other) if other == bead => continue,
            Some(other) => format!("bead {other}"),
            None if is_below(ROOT, path) => "the hub".to_owned(),
            None => continue,
        };
        for name in defined(bytes.as_deref().unwrap_or_default()) {
            if brought.contains(&name) {
                holders.entry(name).or_insert(format!("{holder}, by {path} of the hub repository"));
            }
        }
    }
    holders.into_iter().map(|(name, holder)| format!("CustomResourceDefinition {name} belongs to {holder}")).collect()
}

/// The bead whose objects a file holds.
fn bead_of(path: &str) -> Option<&str> {
    match RepoFile::of(path)? {
        RepoFile::Bead(bead, BeadFile::Manifest(..) | BeadFile::Chart(_)) => Some(bead),
        _ => None,
    }
}

/// The names of the definitions in a file, document by document: in a template of a chart some may be YAML and others not.
fn defined(bytes: &[u8]) -> Vec<String> {
    if !bytes.windows(KIND.len()).any(|window| window == KIND) {
        return Vec::new();
    }
    let text = String::from_utf8_lossy(bytes);
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if line.starts_with("---") {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.push_str(line);
            document.push('\n');
        }
    }
    let objects = documents.iter().filter_map(|document| yaml::manifests("", document).ok()).flatten();
    objects.filter(|object| ObjectRef::of(object).is_crd()).map(|object| name(&object).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn definition(name: &str) -> String {
        format!("apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: {name}\n")
    }

    #[test]
    fn definitions_are_found_in_manifests_and_in_charts() {
        let mut files = Tree::default();
        let template = format!(
            "# a\n{{{{- if .Values.crds }}}}\n---\n{}---\n{}  labels: {{{{ x }}}}\n",
            definition("b.e.org"),
            definition("c.e.org")
        );
        for (path, text) in [
            ("beads/x/application/customresourcedefinition-a.e.org.yaml", definition("a.e.org")),
            ("beads/x/chart/templates/crds.yaml", template),
            ("beads/x/chart/charts/sub/crds/d.yaml", definition("d.e.org")),
            ("beads/x/chart/README.md", format!("```\n{}", definition("none.e.org"))),
            ("backstage/beads/x/crd.yaml", definition("none.e.org")),
        ] {
            files.insert(path, text).expect("free");
        }
        let found = brought(&files);
        assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), ["a.e.org", "b.e.org", "d.e.org"]);

        let there: Snapshot = files.iter().map(|(path, bytes)| (path.to_owned(), Some(bytes.clone()))).collect();
        assert_eq!(of_others(&there, "x", &found), [""; 0], "its own");
        let asked = BTreeSet::from(["d.e.org".to_owned(), "z.e.org".to_owned()]);
        let said = "CustomResourceDefinition d.e.org belongs to bead x, by beads/x/chart/charts/sub/crds/d.yaml of the hub \
                    repository";
        assert_eq!(of_others(&there, "y", &asked), [said]);
    }

    #[test]
    fn apis_and_definitions_say_the_same() {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: x}\nspec:\n  version: 0.1.0\n  \
                    application: {namespace: x, manifests: app}\n  crossplane:\n    definitions: defs\n    \
                    apis: [{group: e.org, kind: Shelf, plural: shelves}, {group: e.org, kind: XBook, plural: books}]\n";
        let bead = crate::document::read_bead("bead.yaml", text).expect("a bead");
        let xrd = |kind: &str, plural: &str, claim: Option<&str>| {
            let claim = claim.map(|kind| json!({"kind": kind}));
            Piece::rendered(
                json!({"apiVersion": "apiextensions.crossplane.io/v1", "kind": "CompositeResourceDefinition",
                "metadata": {"name": format!("{plural}.e.org")}, "spec": {"group": "e.org", "names": {"kind": kind, "plural": plural}, "claimNames": claim}}),
            )
        };
        let content = [xrd("Shelf", "shelves", None), xrd("XBook", "xbooks", Some("Book")), xrd("Lamp", "lamps", None)];
        let said = |found: Vec<Diagnostic>| found.into_iter().map(|it| it.message).collect::<Vec<_>>();
        assert_eq!(
            said(said_otherwise(&bead, &content)),
            ["CompositeResourceDefinition xbooks.e.org: its plural is `xbooks`, and `books` in `crossplane.apis`"]
        );
        assert_eq!(
            said(unsaid(&bead, &content)),
            [
                "CompositeResourceDefinition xbooks.e.org: `crossplane.apis` of bead.yaml does not name Book.e.org",
                "CompositeResourceDefinition lamps.e.org: `crossplane.apis` of bead.yaml does not name Lamp.e.org",
            ]
        );
    }
}
