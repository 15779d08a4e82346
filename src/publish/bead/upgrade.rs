//! What a new version of a bead would take away from others. Pure.
//!
//! Crossplane deletes every object of an XRD that goes, and a Configuration takes its XRDs along; so Argo CD asks for a
//! confirmation before it removes anything of these parts, and an upgrade would wait for it for ever.

use crate::hub_repository::bead::Beads;
use crate::render::bead::{BEHIND, Part, RenderedBead, file_name, is_xrd, scope};
use serde_json::Value;

use crate::document::{Bead, OwnedApi};
use crate::files::Snapshot;
use crate::hub_repository::layout::{BeadFile, RepoFile};
use crate::object::{ObjectRef, kind, name};
use crate::yaml;

/// The objects and APIs that this version would no longer have, and those that belong to another bead.
pub fn taken_away(there: &Snapshot, beads: &Beads, bead: &Bead, rendered: &RenderedBead) -> Vec<String> {
    let name = &bead.metadata.name;
    let parts_of = |object: &ObjectRef| -> Vec<&str> {
        let same = rendered.objects.iter().filter(|(_, it)| is_same(object, &ObjectRef::of(it)));
        same.map(|(part, _)| part.name()).collect()
    };
    // An object may have a file of another name, when one beside it has come that would have the same. One that moves into
    // another part is removed from its own.
    let goes = |path: &str, bytes: Option<&[u8]>| {
        let Some((_, part)) = behind(path).filter(|(of, _)| of == name) else { return false };
        let stays = || object_in(path, bytes).is_some_and(|it| parts_of(&ObjectRef::of(&it)).contains(&part));
        rendered.tree.get(path).is_none() && !stays()
    };
    let mut taken: Vec<String> = there
        .iter()
        .filter(|(path, bytes)| goes(path, bytes.as_deref()))
        .map(|(path, bytes)| format!("{} is not in this version", title(path, bytes.as_deref())))
        .collect();
    let apis = |bead: &Bead| bead.spec.crossplane.iter().flat_map(|part| part.apis.clone()).collect::<Vec<OwnedApi>>();
    if let Some(before) = beads.get(name) {
        let after = apis(bead);
        let still = |api: &OwnedApi| {
            after.iter().any(|it| (&it.group, &it.kind, &it.claim_kind) == (&api.group, &api.kind, &api.claim_kind))
        };
        let gone = apis(&before.bead).into_iter().filter(|api| !still(api));
        taken.extend(
            gone.map(|api| format!("`crossplane.apis` no longer names {}.{} as it was", api.plural, api.group)),
        );
    }
    for (path, bytes) in there {
        let Some((other, _)) = behind(path).filter(|(of, _)| of != name && beads.contains_key(*of)) else { continue };
        let object = object_in(path, bytes.as_deref()).map(|it| ObjectRef::of(&it));
        if object.is_some_and(|it| !parts_of(&it).is_empty()) {
            taken.push(format!("{} belongs to bead {other}", title(path, bytes.as_deref())));
        }
    }
    taken
}

/// An XRD, and the scope of what it defines: in this version, and in the one that is in git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The XRD.
    pub xrd: ObjectRef,
    /// The scope in this version.
    pub now: String,
    /// The scope in the version that is in git, when that has the XRD.
    pub before: Option<String>,
}

/// The XRDs of this version.
pub fn scopes(there: &Snapshot, bead: &str, rendered: &RenderedBead) -> Vec<Scope> {
    let scope_in_git = |part: Part, object: &Value| {
        let path = RepoFile::Bead(bead, BeadFile::Manifest(part.name(), &file_name(object))).path();
        let before = object_in(&path, there.get(&path)?.as_deref())?;
        is_xrd(&before).then(|| scope(&before).to_owned())
    };
    let xrds = rendered.objects.iter().filter(|(_, object)| is_xrd(object));
    let scopes = xrds.map(|(part, object)| Scope {
        xrd: ObjectRef::of(object),
        now: scope(object).to_owned(),
        before: scope_in_git(*part, object),
    });
    scopes.collect()
}

/// The bead and the part of a file on which the data of others hangs.
fn behind(path: &str) -> Option<(&str, &str)> {
    match RepoFile::of(path)? {
        RepoFile::Bead(bead, BeadFile::Manifest(part, _)) => {
            BEHIND.iter().any(|behind| behind.name() == part).then_some((bead, part))
        }
        _ => None,
    }
}

/// The object in a file of ours.
fn object_in(path: &str, bytes: Option<&[u8]>) -> Option<Value> {
    let text = std::str::from_utf8(bytes?).ok()?;
    yaml::manifests(path, text).ok()?.into_iter().next()
}

/// Whether both are one object, of whatever version.
fn is_same(one: &ObjectRef, other: &ObjectRef) -> bool {
    one.is_kind_of(other) && (&one.name, &one.namespace) == (&other.name, &other.namespace)
}

/// Kind and name of the object in a file; else its path.
fn title(path: &str, bytes: Option<&[u8]>) -> String {
    let object = object_in(path, bytes).unwrap_or_default();
    match (kind(&object), name(&object)) {
        ("", _) | (_, "") => path.to_owned(),
        (kind, name) => format!("{kind} {name}"),
    }
}
