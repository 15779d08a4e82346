//! The projects of a bead: its permissions, as Argo CD enforces them, on the hub and on spokes.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::namespace::Writer;
use super::permissions::{CRD, NAMESPACE, cluster_resources, denies_whole_group, namespaces, within_reach};
use crate::document::{Bead, ClusterResource, HUB_NAMESPACES, Resolved, SPOKE_NAMESPACES, definitions_of_hub};
use crate::render::applications::chart_repository;
use crate::render::projects::permitting;
use crate::render::spokes::on_every_spoke;
use crate::words::{BOUNDS, argo, spoke};

/// The project.
pub fn project(revision: u32, bead: &Bead, hub: &Resolved, namespace: Writer) -> Value {
    let destinations: Vec<Value> =
        namespaces(bead).into_iter().map(|name| json!({"server": argo::IN_CLUSTER, "namespace": name})).collect();
    let own = bead.spec.application.namespace.as_str();
    let mut allowed = cluster_resources(bead);
    if namespace == Writer::Above {
        allowed.retain(|it| (it.group.as_str(), it.kind.as_str(), it.name.as_str()) != (NAMESPACE.0, NAMESPACE.1, own));
    }
    let bounded: Vec<&str> = match namespace {
        Writer::ArgoCd => Vec::new(),
        Writer::Bead => HUB_NAMESPACES.to_vec(),
        Writer::Above => HUB_NAMESPACES.into_iter().chain([own]).collect(),
    };
    let what = format!("What the bead {} may write", bead.metadata.name);
    as_of(revision, bounds(&bead.application_name(), &what, bead, hub, &destinations, &allowed, &bounded))
}

/// The project of its Applications on spokes; `bead` is the side of them. Its namespace is among what it may write: Argo CD
/// holds that against the project, too, which it makes where it is missing (gitops-engine 3.6.1, `pkg/sync/sync_context.go`).
pub fn on_spokes(revision: u32, bead: &Bead, hub: &Resolved) -> Value {
    let destinations: Vec<Value> = namespaces(bead).into_iter().map(on_every_spoke).collect();
    let name = &bead.metadata.name;
    let what = format!("What the bead {name} may write on spokes");
    let allowed = cluster_resources(bead);
    as_of(revision, bounds(&spoke::of_bead(name), &what, bead, hub, &destinations, &allowed, &SPOKE_NAMESPACES))
}

/// A project. Of namespaces that are `bounded` it writes none, whatever it is allowed.
fn bounds(
    name: &str,
    description: &str,
    bead: &Bead,
    hub: &Resolved,
    destinations: &[Value],
    allowed: &BTreeSet<ClusterResource>,
    bounded: &[&str],
) -> Value {
    let chart = bead.spec.application.chart.as_ref().and_then(chart_repository);
    let repositories: BTreeSet<String> = chart.iter().chain([&hub.repository]).map(|url| permitting(url)).collect();
    let mut project = json!({
        "apiVersion": argo::API,
        "kind": argo::PROJECT,
        "metadata": {
            "name": name,
            "namespace": argo::NAMESPACE,
            "annotations": {argo::SYNC_WAVE: argo::PROJECT_WAVE.to_string()},
        },
        "spec": {
            "description": description,
            "sourceRepos": repositories,
            "destinations": destinations,
            "clusterResourceWhitelist": allowed,
            "namespaceResourceBlacklist": denied(&argo::OWN_KINDS),
        },
    });
    let denied = |(group, kind): (&str, &str), name: &str| json!({"group": group, "kind": kind, "name": name});
    let mut never: Vec<Value> =
        definitions_of_hub().filter(|it| within_reach(allowed, CRD, it)).map(|it| denied(CRD, it)).collect();
    never.extend(bounded.iter().filter(|it| within_reach(allowed, NAMESPACE, it)).map(|it| denied(NAMESPACE, it)));
    if !never.is_empty() {
        project["spec"]["clusterResourceBlacklist"] = never.into();
    }
    project
}

/// What a project denies in every namespace: the hub's bounds, and these kinds of Argo CD's group.
fn denied(kinds: &[&str]) -> Value {
    let of_argocd = kinds.iter().map(|kind| (argo::GROUP, *kind));
    BOUNDS.into_iter().chain(of_argocd).map(|(group, kind)| json!({"group": group, "kind": kind})).collect()
}

/// The project as this revision of the rendering has it.
fn as_of(revision: u32, mut project: Value) -> Value {
    if denies_whole_group(revision) {
        project["spec"]["namespaceResourceBlacklist"] = denied(&["*"]);
    }
    project
}

/// The project that allows what the one before allowed, too; `None` when that was nothing more. Argo CD neither compares
/// nor prunes what a project no longer allows, so an upgrade prunes under this one.
pub fn widened(now: &Value, before: &Value) -> Option<Value> {
    let mut wide = now.clone();
    for list in ["clusterResourceWhitelist", "destinations", "sourceRepos"] {
        let more = before["spec"][list].as_array().into_iter().flatten();
        if let Some(allowed) = wide.pointer_mut(&format!("/spec/{list}")).and_then(Value::as_array_mut) {
            for one in more {
                if !allowed.contains(one) {
                    allowed.push(one.clone());
                }
            }
        }
    }
    (wide != *now).then_some(wide)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_allowed_before_stays_allowed() {
        let project = |kinds: &[&str]| json!({"spec": {"clusterResourceWhitelist": kinds, "destinations": ["a"]}});
        assert_eq!(widened(&project(&["x", "y"]), &project(&["x"])), None);
        assert_eq!(widened(&project(&["x"]), &project(&["x", "z"])), Some(project(&["x", "z"])));
    }
}
