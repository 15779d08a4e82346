//! The AppProject of a bead: its permissions, as Argo CD enforces them.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::namespace::Writer;
use super::permissions::{CRD, NAMESPACE, cluster_resources, namespaces, within_reach};
use crate::argo;
use crate::gitops::applications::chart_repository;
use crate::spec::{BOUNDS, Bead, HUB_NAMESPACES, Resolved, definitions_of_hub};

/// The project.
pub fn project(bead: &Bead, hub: &Resolved, namespace: Writer) -> Value {
    let chart = bead.spec.application.chart.as_ref().and_then(chart_repository);
    let repositories: BTreeSet<String> = chart.into_iter().chain([hub.repository.clone()]).collect();
    let destinations: Vec<Value> =
        namespaces(bead).into_iter().map(|name| json!({"server": argo::IN_CLUSTER, "namespace": name})).collect();
    let bounds: Vec<Value> =
        BOUNDS.iter().chain(&[(argo::GROUP, "*")]).map(|(group, kind)| json!({"group": group, "kind": kind})).collect();
    let own = bead.spec.application.namespace.as_str();
    let mut allowed = cluster_resources(bead);
    if namespace == Writer::Above {
        allowed.retain(|it| (it.group.as_str(), it.kind.as_str(), it.name.as_str()) != (NAMESPACE.0, NAMESPACE.1, own));
    }
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
            "clusterResourceWhitelist": allowed,
            "namespaceResourceBlacklist": bounds,
        },
    });
    let denied = |(group, kind): (&str, &str), name: &str| json!({"group": group, "kind": kind, "name": name});
    let mut never: Vec<Value> =
        definitions_of_hub().filter(|it| within_reach(&allowed, CRD, it)).map(|it| denied(CRD, it)).collect();
    if namespace != Writer::ArgoCd {
        let bounded = HUB_NAMESPACES.into_iter().chain((namespace == Writer::Above).then_some(own));
        never.extend(bounded.filter(|it| within_reach(&allowed, NAMESPACE, it)).map(|it| denied(NAMESPACE, it)));
    }
    if !never.is_empty() {
        project["spec"]["clusterResourceBlacklist"] = never.into();
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
