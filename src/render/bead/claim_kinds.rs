//! The kinds that people may order from the beads of a hub repository. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::parts::Part;
use super::xrd;
use crate::files::Snapshot;
use crate::hub_repository::bead::{bead_of, installed};
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::object::str_at;
use crate::report::{Failure, Outcome};
use crate::words::crossplane::XRD;
use crate::yaml;

/// A kind that may be claimed: a claim, or a composite resource that has a namespace.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimKind {
    /// Its group.
    pub group: String,
    /// Its name.
    pub kind: String,
    /// The bead whose it is.
    pub bead: String,
    /// The XRD that defines it; `None` where that is in a package. Its scope is not known then.
    pub definition: Option<Value>,
}

/// Which kinds the beads in these files of a hub repository offer, by group and kind: what their XRDs define, and what
/// their documents call their own where that is defined in a package. Of a snapshot the files are needed of which
/// [`tells`] says so.
pub fn claim_kinds(files: &Snapshot) -> Outcome<Vec<ClaimKind>> {
    let mut found: BTreeMap<(String, String), ClaimKind> = BTreeMap::new();
    let mut defined = Vec::new();
    for (bead, definition) in definitions(files)? {
        defined
            .push((str_at(&definition, "/spec/group").to_owned(), str_at(&definition, "/spec/names/kind").to_owned()));
        found.extend(offered_by(&definition, &bead).into_iter().map(|it| ((it.group.clone(), it.kind.clone()), it)));
    }
    for (bead, installed) in installed(files)? {
        for api in installed.bead.spec.crossplane.iter().flat_map(|part| &part.apis) {
            if defined.contains(&(api.group.clone(), api.kind.clone())) {
                continue;
            }
            for (group, kind) in api.kinds() {
                let key = (group.to_owned(), kind.to_owned());
                found.entry(key.clone()).or_insert_with(|| of(&key, &bead, None));
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Whether [`claim_kinds`] reads the file at a path.
#[must_use]
pub fn tells(path: &str) -> bool {
    bead_of(path).is_some() || bead_with_definitions(path).is_some()
}

fn of((group, kind): &(String, String), bead: &str, definition: Option<Value>) -> ClaimKind {
    ClaimKind { group: group.clone(), kind: kind.clone(), bead: bead.to_owned(), definition }
}

/// The XRDs of installed beads, each with its bead.
fn definitions(files: &Snapshot) -> Outcome<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for (path, bytes) in files {
        let (Some(bead), Some(bytes)) = (bead_with_definitions(path), bytes) else { continue };
        let is_there = files.contains_key(&RepoFile::Bead(bead, BeadFile::Document).path());
        let text = String::from_utf8_lossy(bytes);
        if !is_there || !text.contains(XRD) {
            continue;
        }
        let objects = yaml::manifests(path, &text).map_err(|failure| {
            Failure { message: format!("{path} of the hub repository cannot be read"), ..failure }
                .hint("it defines what may be claimed: restore it from the history")
        })?;
        found.extend(objects.into_iter().filter(xrd::is_xrd).map(|it| (bead.to_owned(), it)));
    }
    Ok(found)
}

/// The bead to which a file of definitions belongs.
fn bead_with_definitions(path: &str) -> Option<&str> {
    match RepoFile::of(path)? {
        RepoFile::Bead(bead, BeadFile::Manifest(part, _)) if part == Part::Apis.name() => Some(bead),
        _ => None,
    }
}

/// What an XRD of a bead offers: its kinds that stand in namespaces; none where it calls them as no bead may.
#[must_use]
pub fn offered_by(definition: &Value, bead: &str) -> Vec<ClaimKind> {
    if !xrd::wrong_names(definition).is_empty() {
        return Vec::new();
    }
    let of_composite = (xrd::scope(definition) == "Namespaced").then_some("/spec/names/kind");
    let kinds = of_composite.into_iter().chain(["/spec/claimNames/kind"]).map(|place| str_at(definition, place));
    let group = str_at(definition, "/spec/group");
    let offered = |kind: &str| of(&(group.to_owned(), kind.to_owned()), bead, Some(definition.clone()));
    kinds.filter(|kind| !kind.is_empty()).map(offered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: x}\nspec:\n  version: 0.1.0\n  \
                        application: {namespace: x, manifests: app}\n  crossplane:\n    apis:\n    \
                        - {group: e.org, kind: Shelf, plural: shelves}\n    \
                        - {group: e.org, kind: XBook, plural: xbooks, claimKind: Book}\n    \
                        - {group: p.org, kind: XPacked, plural: xpackeds, claimKind: Packed}\n";

    fn xrd(version: &str, kind: &str, more: &str) -> String {
        format!(
            "apiVersion: apiextensions.crossplane.io/{version}\nkind: CompositeResourceDefinition\nmetadata: {{name: \
             n.e.org}}\nspec:\n  group: e.org\n  names: {{kind: {kind}, plural: n}}\n{more}  versions:\n  - {{name: v1, \
             served: true, schema: {{openAPIV3Schema: {{type: object}}}}}}\n"
        )
    }

    fn files(all: &[(&str, &str)]) -> Snapshot {
        all.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).into()))).collect()
    }

    #[test]
    fn kinds_with_a_namespace_are_offered() {
        let shelf = xrd("v2", "Shelf", "  scope: Namespaced\n");
        let book = xrd("v1", "XBook", "  claimNames: {kind: Book, plural: books}\n");
        let hidden = xrd("v2", "Hidden", "  scope: Cluster\n");
        let there = files(&[
            ("beads/x/bead.yaml", BEAD),
            ("beads/x/apis/compositeresourcedefinition-shelves.e.org.yaml", &shelf),
            ("beads/x/apis/more.yaml", &format!("{book}---\n{hidden}")),
            ("beads/gone/apis/compositeresourcedefinition-a.yaml", &xrd("v2", "Left", "")),
        ]);
        assert!(there.keys().all(|path| tells(path)));
        let kinds = claim_kinds(&there).expect("kinds");
        let named: Vec<(&str, &str)> = kinds.iter().map(|it| (it.group.as_str(), it.kind.as_str())).collect();
        assert_eq!(named, [("e.org", "Book"), ("e.org", "Shelf"), ("p.org", "Packed"), ("p.org", "XPacked")]);
        assert!(kinds[2].definition.is_none() && kinds.iter().all(|it| it.bead == "x"));
    }

    #[test]
    fn what_is_not_the_beads_own_is_not_offered() {
        let shelf = xrd("v2", "Shelf", "  scope: Namespaced\n");
        for (own, of_others) in [("e.org\n  names", "rbac.authorization.k8s.io\n  names"), ("kind: Shelf", "kind: '*'")]
        {
            let wrong = shelf.replace(own, of_others);
            let there =
                files(&[("beads/y/bead.yaml", &BEAD.replace("name: x", "name: y")), ("beads/y/apis/a.yaml", &wrong)]);
            let kinds = claim_kinds(&there).expect("kinds");
            assert!(wrong != shelf && kinds.iter().all(|it| it.definition.is_none()), "{kinds:#?}");
        }
    }

    #[test]
    fn a_broken_definition_is_told_and_not_left_out() {
        let broken = format!("{}\t: {{", xrd("v2", "Shelf", ""));
        let there = files(&[("beads/x/bead.yaml", BEAD), ("beads/x/apis/a.yaml", &broken)]);
        let failure = claim_kinds(&there).expect_err("broken");
        assert!(failure.message.contains("beads/x/apis/a.yaml"), "{failure}");
    }
}
