//! What a new version of a bead would take away from others. Pure.
//!
//! Crossplane deletes every object of an XRD that goes, and a Configuration takes its XRDs along; so Argo CD asks for a
//! confirmation before it removes anything of these parts, and an upgrade would wait for it for ever.

use super::overlay::Beads;
use super::parts::BEHIND;
use super::render::RenderedBead;
use crate::gitops::merge::Snapshot;
use crate::object::{kind, name};
use crate::spec::{Bead, OwnedApi, yaml};

/// The objects and APIs that this version would no longer have, and those that belong to another bead.
pub fn taken_away(there: &Snapshot, beads: &Beads, bead: &Bead, rendered: &RenderedBead) -> Vec<String> {
    let name = &bead.metadata.name;
    let ours = BEHIND.map(|part| format!("beads/{name}/{}/", part.name()));
    let goes = |path: &str| ours.iter().any(|folder| path.starts_with(folder)) && rendered.tree.get(path).is_none();
    let mut taken: Vec<String> = there
        .iter()
        .filter(|(path, _)| goes(path))
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
    for (path, bytes) in rendered.tree.iter() {
        let Some(inside) = ours.iter().find_map(|folder| path.strip_prefix(folder)) else { continue };
        let of_another = beads.keys().filter(|other| *other != name).find(|other| {
            BEHIND.iter().any(|part| there.contains_key(&format!("beads/{other}/{}/{inside}", part.name())))
        });
        taken.extend(of_another.map(|other| format!("{} belongs to bead {other}", title(path, Some(bytes)))));
    }
    taken
}

/// Kind and name of the object in a file; else its path.
fn title(path: &str, bytes: Option<&[u8]>) -> String {
    let text = std::str::from_utf8(bytes.unwrap_or_default()).unwrap_or_default();
    let object = yaml::manifests(path, text).ok().and_then(|all| all.into_iter().next()).unwrap_or_default();
    match (kind(&object), name(&object)) {
        ("", _) | (_, "") => path.to_owned(),
        (kind, name) => format!("{kind} {name}"),
    }
}
