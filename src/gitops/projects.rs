//! The projects of the hub: what the Applications in them may read and where they may write.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::applications::chart_repository;
use crate::argo;
use crate::spec::{Hub, Resolved};

/// Every AppProject by name: `hub`, and one for every other name that a component gives.
pub fn projects(hub: &Hub, resolved: &Resolved) -> BTreeMap<String, Value> {
    let mut rooms: BTreeMap<&str, Room> = BTreeMap::new();
    // Argo CD, its root, and whatever a chart of the hub needs: `kube-system` is a common guest.
    rooms.entry(argo::HUB).or_default().namespaces.insert("*");
    for component in &hub.spec.components {
        let room = rooms.entry(&component.project).or_default();
        room.repositories.extend(chart_repository(&component.chart));
        if component.project != argo::HUB {
            room.namespaces.insert(&component.namespace);
        }
    }
    rooms.into_iter().map(|(name, room)| (name.to_owned(), room.project(name, resolved))).collect()
}

#[derive(Default)]
struct Room<'a> {
    repositories: BTreeSet<String>,
    namespaces: BTreeSet<&'a str>,
}

impl Room<'_> {
    fn project(mut self, name: &str, resolved: &Resolved) -> Value {
        // Values, and charts that are kept there, come from the hub repository.
        self.repositories.insert(resolved.repository.clone());
        let destinations: Vec<Value> = self
            .namespaces
            .into_iter()
            .map(|namespace| json!({"server": argo::IN_CLUSTER, "namespace": namespace}))
            .collect();
        json!({
            "apiVersion": argo::API,
            "kind": argo::PROJECT,
            "metadata": {
                "name": name,
                "namespace": argo::NAMESPACE,
                "annotations": {argo::SYNC_WAVE: argo::PROJECT_WAVE.to_string()},
            },
            "spec": {
                "description": format!("What the hub repository deploys in the project {name}"),
                "sourceRepos": self.repositories,
                "destinations": destinations,
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            },
        })
    }
}
