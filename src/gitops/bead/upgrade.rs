//! What a new version of a bead would take away from others. Pure.
//!
//! Crossplane deletes every object of an XRD that goes, and a Configuration takes its XRDs along; so Argo CD asks for a
//! confirmation before it removes anything of these parts, and an upgrade would wait for it for ever. A CRD or a
//! namespace of another part goes without a question, with all that is in it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::overlay::Beads;
use super::parts::Part;
use super::render::RenderedBead;
use crate::gitops::merge::Snapshot;
use crate::spec::{Bead, OwnedApi, yaml};

/// The parts on which the data of others hangs.
const BEHIND: [Part; 2] = [Part::Providers, Part::Apis];
/// The parts where CRDs and namespaces may be.
const IN_FRONT: [&str; 4] = ["config/", "policies/", "application/", "chart/"];

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
    let holding_before: BTreeSet<String> = there
        .iter()
        .filter_map(|(path, bytes)| Some((path.as_str(), bytes.as_deref()?)))
        .flat_map(holding(name))
        .collect();
    let holding_now: BTreeSet<String> = rendered.tree.iter().flat_map(holding(name)).collect();
    taken.extend(holding_before.difference(&holding_now).map(|title| format!("{title} is not in this version")));
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

/// The CRDs and namespaces in a file of a bead. In a chart these are seen in its folders `crds` only: what a template
/// makes is known when it is rendered.
fn holding(bead: &str) -> impl Fn((&str, &[u8])) -> Vec<String> {
    let folder = format!("beads/{bead}/");
    move |(path, bytes)| {
        let inside = path.strip_prefix(&folder).unwrap_or_default();
        let is_seen = IN_FRONT.iter().any(|part| inside.starts_with(part));
        if !is_seen || (inside.starts_with("chart/") && !inside.contains("/crds/")) {
            return Vec::new();
        }
        let holds = |object: &Value| matches!(object["kind"].as_str(), Some("CustomResourceDefinition" | "Namespace"));
        objects(path, bytes).iter().filter(|object| holds(object)).filter_map(named).collect()
    }
}

/// Kind and name of the object in a file; else its path.
fn title(path: &str, bytes: Option<&[u8]>) -> String {
    objects(path, bytes.unwrap_or_default()).first().and_then(named).unwrap_or_else(|| path.to_owned())
}

fn objects(path: &str, bytes: &[u8]) -> Vec<Value> {
    std::str::from_utf8(bytes).ok().and_then(|text| yaml::manifests(path, text).ok()).unwrap_or_default()
}

fn named(object: &Value) -> Option<String> {
    Some(format!("{} {}", object["kind"].as_str()?, object["metadata"]["name"].as_str()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_objects_of_others_is_found_where_it_can_be() {
        const CRD: &[u8] = b"kind: CustomResourceDefinition\nmetadata: {name: xs.e.org}\n---\nkind: ConfigMap\n";
        const NAMESPACE: &[u8] = b"kind: Namespace\nmetadata: {name: n}\n";
        for (path, bytes, found) in [
            ("beads/x/application/a.yaml", CRD, Some("CustomResourceDefinition xs.e.org")),
            ("beads/x/policies/a.yaml", NAMESPACE, Some("Namespace n")),
            ("beads/x/chart/charts/y/crds/a.yaml", CRD, Some("CustomResourceDefinition xs.e.org")),
            ("beads/x/chart/crds/a.yaml", b"{{ not YAML".as_slice(), None),
            ("beads/x/chart/templates/a.yaml", CRD, None),
            ("beads/x/apis/a.yaml", CRD, None),
            ("beads/y/application/a.yaml", CRD, None),
        ] {
            assert_eq!(holding("x")((path, bytes)).first().map(String::as_str), found, "{path}");
        }
    }
}
