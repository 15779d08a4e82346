//! Which Applications deploy Argo CD itself, and which version of it runs.

use std::collections::BTreeSet;

use semver::Version;
use serde_json::Value;

use super::application::{deploys, instance_name};
use super::facts::Facts;
use crate::object::{annotation, is_of_program, items, name, str_at};
use crate::schema::ImageReference;
use crate::words::argo;

/// The last part of the name of its image, wherever that was copied to.
const IMAGE: &str = "argocd";

/// The `Deployments` and `StatefulSets` of Argo CD.
pub(super) fn workloads(facts: &Facts) -> impl Iterator<Item = &Value> {
    facts.workloads.iter().flatten().filter(|it| is_part(it))
}

/// Whether a workload is one of Argo CD, and not a neighbour in its namespace.
#[must_use]
pub fn is_part(workload: &Value) -> bool {
    is_of_program(workload, "argocd") || version_of(workload).is_some()
}

/// The Applications that deploy them, or say that they do.
pub(super) fn itself(facts: &Facts) -> Vec<&Value> {
    let parts: BTreeSet<&str> = workloads(facts).map(name).collect();
    let trackers: BTreeSet<&str> = workloads(facts)
        .filter_map(|it| annotation(it, argo::TRACKING_ID)?.split_once(':').map(|(tracker, _)| tracker))
        .collect();
    let is_part = |[group, kind, namespace, name]: [&str; 4]| {
        group == "apps"
            && ["Deployment", "StatefulSet"].contains(&kind)
            && namespace == facts.namespace
            && parts.contains(name)
    };
    let holds = |it: &&Value| {
        facts.is_here(it)
            && (deploys(it).any(is_part) || trackers.contains(instance_name(it, &facts.namespace).as_str()))
    };
    facts.applications.iter().flatten().filter(holds).collect()
}

/// These, and the Applications that deploy them in turn, up to the top.
pub(super) fn holders(facts: &Facts) -> Vec<&Value> {
    let mut found = itself(facts);
    let mut next = 0;
    while let Some(below) = found.get(next).copied() {
        let wanted = [argo::GROUP, argo::APPLICATION, str_at(below, "/metadata/namespace"), name(below)];
        for parent in facts.applications.iter().flatten() {
            if facts.is_here(parent) && deploys(parent).any(|it| it == wanted) && !found.contains(&parent) {
                found.push(parent);
            }
        }
        next += 1;
    }
    found
}

/// The version of Argo CD: the oldest of its parts.
#[must_use]
pub fn version(facts: &Facts) -> Option<Version> {
    workloads(facts).filter_map(version_of).min()
}

/// The version of a part of it, by the tag of its image.
pub(super) fn version_of(workload: &Value) -> Option<Version> {
    items(workload, "/spec/template/spec/containers").find_map(|it| {
        let image = ImageReference::parse(str_at(it, "/image"))?;
        let is_argocd = image.repository.rsplit('/').next() == Some(IMAGE);
        Version::parse(image.tag.filter(|_| is_argocd)?.trim_start_matches('v')).ok()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::facts::SecretFacts;

    fn application(name: &str, deploys: &Value) -> Value {
        json!({"metadata": {"name": name, "namespace": "argocd"}, "spec": {"destination": {"name": "in-cluster"}},
            "status": {"resources": [deploys]}})
    }

    #[test]
    fn what_deploys_argo_cd_is_found_up_to_the_top() {
        let server = json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}}});
        let child =
            |name: &str| json!({"group": argo::GROUP, "kind": argo::APPLICATION, "namespace": "argocd", "name": name});
        let facts = Facts {
            namespace: "argocd".to_owned(),
            workloads: Some(vec![server]),
            applications: Some(vec![
                application("top", &child("root")),
                application(
                    "argo",
                    &json!({"group": "apps", "kind": "Deployment", "namespace": "argocd", "name": "argocd-server"}),
                ),
                application(
                    "other",
                    &json!({"group": "apps", "kind": "Deployment", "namespace": "x", "name": "argocd-server"}),
                ),
                application("root", &child("argo")),
                application("circle", &child("circle")),
            ]),
            ..Facts::default()
        };
        let names = |all: Vec<&Value>| all.into_iter().map(name).collect::<Vec<_>>().join(" ");
        assert_eq!((names(itself(&facts)), names(holders(&facts))), ("argo".into(), "argo root top".into()));
    }

    #[test]
    fn what_deploys_to_this_cluster_by_another_name_is_found_too() {
        let mut argo = application(
            "argo",
            &json!({"group": "apps", "kind": "Deployment", "namespace": "argocd", "name": "argocd-server"}),
        );
        argo["spec"]["destination"] = json!({"name": "hub"});
        let secret = |address: &str| SecretFacts {
            labels: [(argo::SECRET_TYPE.to_owned(), argo::CLUSTER.to_owned())].into(),
            address: address.to_owned(),
            called: "hub".to_owned(),
            ..SecretFacts::default()
        };
        for (address, count) in [(argo::IN_CLUSTER, 1), ("https://elsewhere", 0)] {
            let server =
                json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}}});
            let facts = Facts {
                namespace: "argocd".to_owned(),
                workloads: Some(vec![server]),
                applications: Some(vec![argo.clone()]),
                secrets: Some(vec![secret(address)]),
                ..Facts::default()
            };
            assert_eq!(itself(&facts).len(), count, "{address}");
        }
    }

    #[test]
    fn the_version_is_that_of_the_image_and_of_no_neighbour() {
        let of = |image: &str| version_of(&json!({"spec": {"template": {"spec": {"containers": [{"image": image}]}}}}));
        for (image, version) in [
            ("quay.io/argoproj/argocd:v3.6.1", Some("3.6.1")),
            (
                "mirror.example.org:5000/a/argocd:v3.3.2@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
                Some("3.3.2"),
            ),
            ("ghcr.io/dexidp/dex:v2.46.0", None),
            ("quay.io/argoproj/argocd", None),
        ] {
            assert_eq!(of(image).map(|it| it.to_string()).as_deref(), version, "{image}");
        }
    }
}
