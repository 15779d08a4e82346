//! Is this object ready, and if not, why? Pure: no clock, no network.
//!
//! Where other tools disagree, the rule is written beside the case.

use serde_json::Value;

use crate::object::str_at;

/// The readiness of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does what it should.
    Ready,
    /// Not yet, for this reason.
    Pending(String),
    /// It will not get there by waiting.
    Failed(String),
}

/// The readiness of a workload or a CRD. Other kinds are ready when they exist.
#[must_use]
pub fn readiness(object: &Value) -> Readiness {
    match str_at(object, "/kind") {
        "Deployment" => observed(object).unwrap_or_else(|| deployment(object)),
        "StatefulSet" => observed(object).unwrap_or_else(|| stateful_set(object)),
        "CustomResourceDefinition" => crd(object),
        _ => Readiness::Ready,
    }
}

/// A status that describes an older generation says nothing about this one.
fn observed(object: &Value) -> Option<Readiness> {
    let generation = number(object, "/metadata/generation");
    let seen = number(object, "/status/observedGeneration");
    (seen < generation).then(|| Readiness::Pending(format!("generation {generation} is not observed yet (at {seen})")))
}

fn deployment(object: &Value) -> Readiness {
    if let Some(progress) = condition(object, "Progressing")
        && str_at(progress, "/status") == "False"
    {
        return Readiness::Failed(format!("{}: {}", str_at(progress, "/reason"), str_at(progress, "/message")));
    }
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Readiness::Failed("the rollout is paused".to_owned());
    }
    let wanted = number_or(object, "/spec/replicas", 1);
    let updated = number(object, "/status/updatedReplicas");
    let all = number(object, "/status/replicas");
    let available = number(object, "/status/availableReplicas");
    if updated < wanted {
        Readiness::Pending(format!("{updated} of {wanted} replicas are updated"))
    } else if all > updated {
        Readiness::Pending(format!("{} old replicas are still there", all - updated))
    } else if available < wanted {
        Readiness::Pending(format!("{available} of {wanted} replicas are available"))
    } else {
        Readiness::Ready
    }
}

fn stateful_set(object: &Value) -> Readiness {
    let wanted = number_or(object, "/spec/replicas", 1);
    let ready = number(object, "/status/readyReplicas");
    if ready < wanted {
        return Readiness::Pending(format!("{ready} of {wanted} replicas are ready"));
    }
    // OnDelete updates when somebody deletes pods: waiting for it would never end.
    let on_delete = str_at(object, "/spec/updateStrategy/type") == "OnDelete";
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let updated = number(object, "/status/updatedReplicas");
    if !on_delete && updated < wanted - partition {
        return Readiness::Pending(format!("{updated} of {} replicas are updated", wanted - partition));
    }
    Readiness::Ready
}

/// Established alone is not enough: a CRD whose names are refused never serves its own kind.
fn crd(object: &Value) -> Readiness {
    let state = |name| condition(object, name).map_or("", |it| str_at(it, "/status"));
    if state("NamesAccepted") == "False" {
        let why = condition(object, "NamesAccepted").map_or("", |it| str_at(it, "/message"));
        return Readiness::Failed(format!("its names are taken: {why}"));
    }
    if state("NamesAccepted") == "True" && state("Established") == "True" {
        return Readiness::Ready;
    }
    Readiness::Pending("the CRD is not established yet".to_owned())
}

/// A condition of the object's status by its type.
#[must_use]
pub fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    let all = object.pointer("/status/conditions")?.as_array()?;
    all.iter().find(|condition| str_at(condition, "/type") == kind)
}

fn number(object: &Value, pointer: &str) -> i64 {
    number_or(object, pointer, 0)
}

fn number_or(object: &Value, pointer: &str, default: i64) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pending(object: &Value) -> bool {
        matches!(readiness(object), Readiness::Pending(_))
    }

    #[test]
    fn a_deployment_is_ready_only_in_its_own_generation() {
        let status = |observed: i64, updated: i64, replicas: i64, available: i64| {
            json!({"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": {
                "observedGeneration": observed, "updatedReplicas": updated, "replicas": replicas,
                "availableReplicas": available}})
        };
        assert!(pending(&status(1, 2, 2, 2)), "a stale status");
        assert!(pending(&status(2, 1, 2, 2)), "not all updated");
        assert!(pending(&status(2, 2, 3, 2)), "an old replica is left");
        assert!(pending(&status(2, 2, 2, 1)), "not all available");
        assert_eq!(readiness(&status(2, 2, 2, 2)), Readiness::Ready);
    }

    #[test]
    fn a_deployment_past_its_progress_deadline_has_failed() {
        let object = json!({"kind": "Deployment", "metadata": {"generation": 1}, "status": {"observedGeneration": 1,
            "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "m"}]}});
        assert_eq!(readiness(&object), Readiness::Failed("ProgressDeadlineExceeded: m".to_owned()));
    }

    #[test]
    fn a_stateful_set_on_delete_does_not_wait_for_its_update() {
        let object = |strategy: &str| {
            json!({"kind": "StatefulSet", "metadata": {"generation": 1},
                "spec": {"replicas": 1, "updateStrategy": {"type": strategy}},
                "status": {"observedGeneration": 1, "readyReplicas": 1, "updatedReplicas": 0}})
        };
        assert_eq!(readiness(&object("OnDelete")), Readiness::Ready);
        assert!(pending(&object("RollingUpdate")));
    }

    #[test]
    fn a_crd_without_conditions_is_pending_and_a_refused_name_is_a_failure() {
        assert!(pending(&json!({"kind": "CustomResourceDefinition"})));
        let refused = json!({"kind": "CustomResourceDefinition", "status": {"conditions": [
            {"type": "NamesAccepted", "status": "False", "message": "taken"},
            {"type": "Established", "status": "True"}]}});
        assert!(matches!(readiness(&refused), Readiness::Failed(_)));
    }
}
