//! The AppProject of a bead: its permissions, as Argo CD enforces them.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::permissions::{CRD, cluster_resources, definitions_within_reach, namespaces};
use crate::argo;
use crate::gitops::applications::chart_repository;
use crate::spec::{BOUNDS, Bead, Resolved};

/// The project.
pub fn project(bead: &Bead, hub: &Resolved) -> Value {
    let chart = bead.spec.application.chart.as_ref().and_then(chart_repository);
    let repositories: BTreeSet<String> = chart.into_iter().chain([hub.repository.clone()]).collect();
    let destinations: Vec<Value> =
        namespaces(bead).into_iter().map(|name| json!({"server": argo::IN_CLUSTER, "namespace": name})).collect();
    let never: Vec<Value> =
        BOUNDS.iter().chain(&[(argo::GROUP, "*")]).map(|(group, kind)| json!({"group": group, "kind": kind})).collect();
    let mut project = json!({
        "apiVersion": argo::API,
        "kind": argo::PROJECT,
        "metadata": {
            "name": bead.application_name(),
            "namespace": argo::NAMESPACE,
            "annotations": {argo::SYNC_WAVE: argo::PROJECT_WAVE.to_string()},
        },
        "spec": {
            "description": format!("What the bead {} may write", bead.metadata.name),
            "sourceRepos": repositories,
            "destinations": destinations,
            "clusterResourceWhitelist": cluster_resources(bead),
            "namespaceResourceBlacklist": never,
        },
    });
    let definition = |name| json!({"group": CRD.0, "kind": CRD.1, "name": name});
    let of_hub: Vec<Value> = definitions_within_reach(bead).map(definition).collect();
    if !of_hub.is_empty() {
        project["spec"]["clusterResourceBlacklist"] = of_hub.into();
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
