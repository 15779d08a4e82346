//! The projects of the hub: what the Applications in them may read and where they may write.
//!
//! Every field is one of the AppProject CRD of Argo CD 3.6.1 (`manifests/crds/appproject-crd.yaml`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::applications::chart_repository;
use crate::document::{Hub, Resolved};
use crate::words::argo;

/// Every AppProject by name: `hub`, and one for every other name that a component gives.
pub fn projects(hub: &Hub, resolved: &Resolved) -> BTreeMap<String, Value> {
    let mut projects: BTreeMap<&str, Destinations> = BTreeMap::new();
    // Argo CD, its root, and whatever a chart of the hub needs: `kube-system` is a common guest.
    projects.entry(argo::HUB).or_default().namespaces.insert("*");
    for component in &hub.spec.components {
        let destinations = projects.entry(&component.project).or_default();
        destinations.repositories.extend(chart_repository(&component.chart));
        if component.project != argo::HUB {
            destinations.namespaces.insert(&component.namespace);
        }
    }
    projects.into_iter().map(|(name, destinations)| (name.to_owned(), destinations.project(name, resolved))).collect()
}

/// What in `sourceRepos` lets an address through. It is a glob, to which brackets are a class of characters, escaped or not; so where
/// an address has an IPv6 literal any host is let through that has the same port and path.
pub(super) fn permitting(url: &str) -> String {
    let literal = url.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?.1)));
    literal.map_or_else(|| url.to_owned(), |(before, after)| format!("{before}*{after}"))
}

#[derive(Default)]
struct Destinations<'a> {
    repositories: BTreeSet<String>,
    namespaces: BTreeSet<&'a str>,
}

impl Destinations<'_> {
    fn project(mut self, name: &str, resolved: &Resolved) -> Value {
        // Values, and charts that are kept there, come from the hub repository.
        self.repositories.insert(resolved.repository.clone());
        let repositories: BTreeSet<String> = self.repositories.iter().map(|url| permitting(url)).collect();
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
                "sourceRepos": repositories,
                "destinations": destinations,
                "clusterResourceWhitelist": [{"group": "*", "kind": "*"}],
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_lets_an_address_with_an_ipv6_literal_through() {
        for (url, glob) in [
            ("http://[2001:db8::1]:3000/o/r", "http://*:3000/o/r"),
            ("ssh://git@[::1]/o/r.git", "ssh://git@*/o/r.git"),
            ("https://git.example.org/o/r.git", "https://git.example.org/o/r.git"),
        ] {
            assert_eq!(permitting(url), glob);
        }
    }
}
