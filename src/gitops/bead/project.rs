//! The AppProject of a bead: its permissions, as Argo CD enforces them.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::permissions::{BOUNDS, cluster_resources, namespaces};
use crate::gitops::applications::{IN_CLUSTER, chart_repository};
use crate::gitops::projects::PROJECT_WAVE;
use crate::spec::{ARGOCD_NAMESPACE, Bead, Resolved};

/// The project.
pub fn project(bead: &Bead, hub: &Resolved) -> Value {
    let chart = bead.spec.application.chart.as_ref().and_then(chart_repository);
    let repositories: BTreeSet<String> = chart.into_iter().chain([hub.repository.clone()]).collect();
    let destinations: Vec<Value> =
        namespaces(bead).into_iter().map(|name| json!({"server": IN_CLUSTER, "namespace": name})).collect();
    let never: Vec<Value> = BOUNDS
        .iter()
        .chain(&[("argoproj.io", "*")])
        .map(|(group, kind)| json!({"group": group, "kind": kind}))
        .collect();
    json!({
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {
            "name": bead.application_name(),
            "namespace": ARGOCD_NAMESPACE,
            "annotations": {"argocd.argoproj.io/sync-wave": PROJECT_WAVE.to_string()},
        },
        "spec": {
            "description": format!("What the bead {} may write", bead.metadata.name),
            "sourceRepos": repositories,
            "destinations": destinations,
            "clusterResourceWhitelist": cluster_resources(bead),
            "namespaceResourceBlacklist": never,
        },
    })
}
