//! What would be deleted, or is being deleted, together with all that it deploys.

use crate::doctor::application::cascades;
use crate::doctor::code::{PENDING_CASCADE, SELF_CASCADES};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::holders;
use crate::object::{ObjectRef, is_being_deleted, items};
use crate::report::counted;

/// Applications that are going, and take along what they deploy.
pub fn pending(facts: &Facts) -> Vec<Finding> {
    let going = facts.applications.iter().flatten().filter(|it| is_being_deleted(it) && cascades(it));
    going
        .map(|it| {
            let objects = counted(items(it, "/status/resources").count(), "object");
            let says = format!("it is being deleted, and what it deploys with it: {objects}");
            Finding::new(PENDING_CASCADE, Harm::Loss, &ObjectRef::of(it), says)
        })
        .collect()
}

/// The Applications by which Argo CD holds itself, where they would take it along or prune all of it.
pub fn of_itself(facts: &Facts) -> Vec<Finding> {
    let automated = |it: &serde_json::Value, field: &str| {
        it.pointer("/spec/syncPolicy/automated").and_then(|it| it.get(field)) == Some(&true.into())
    };
    let mut found = Vec::new();
    for it in holders(facts) {
        let object = ObjectRef::of(it);
        if cascades(it) {
            let says = "it deploys Argo CD itself, and its deletion deletes what it deploys";
            found.push(Finding::new(SELF_CASCADES, Harm::Loss, &object, says));
        }
        if automated(it, "allowEmpty") && automated(it, "prune") {
            let says = "it deploys Argo CD itself, and an empty folder in git would have it prune everything";
            found.push(Finding::new(SELF_CASCADES, Harm::Trouble, &object, says));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::words::argo;

    fn root(metadata: &Value, automated: &Value) -> Facts {
        let mut application = json!({"metadata": {"name": "argocd", "namespace": "argocd"},
            "spec": {"destination": {"server": argo::IN_CLUSTER}, "syncPolicy": {"automated": automated}},
            "status": {"resources": [{"group": "apps", "kind": "Deployment", "namespace": "argocd", "name": "argocd-server"}]}});
        application["metadata"].as_object_mut().expect("a map").extend(metadata.as_object().expect("a map").clone());
        let server = json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}}});
        Facts {
            namespace: "argocd".to_owned(),
            applications: Some(vec![application]),
            workloads: Some(vec![server]),
            ..Facts::default()
        }
    }

    #[test]
    fn only_a_deletion_with_the_finalizer_of_a_cascade_is_one() {
        let time = "2026-01-01T00:00:00Z";
        for (metadata, count) in [
            (json!({"deletionTimestamp": time, "finalizers": [argo::CASCADE]}), 1),
            (json!({"deletionTimestamp": time, "finalizers": ["example.org/x"]}), 0),
            (json!({"finalizers": [argo::CASCADE]}), 0),
        ] {
            assert_eq!(pending(&root(&metadata, &json!({}))).len(), count, "{metadata}");
        }
    }

    #[test]
    fn what_holds_argo_cd_must_not_cascade_nor_be_emptied() {
        for (metadata, automated, count) in [
            (json!({}), json!({"prune": true}), 0),
            (json!({"finalizers": [argo::ANY_CASCADE]}), json!({"prune": true}), 1),
            (json!({}), json!({"prune": true, "allowEmpty": true}), 1),
            (json!({}), json!({"allowEmpty": true}), 0),
        ] {
            assert_eq!(of_itself(&root(&metadata, &automated)).len(), count, "{metadata} {automated}");
        }
    }
}
