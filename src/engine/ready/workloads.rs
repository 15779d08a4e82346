//! The readiness of what makes pods.

use serde_json::Value;

use super::said;
use super::state::{Readiness, condition};
use crate::object::{group, kind, str_at};

/// Whether the kind says which generation it describes: one that has said nothing yet has not been looked at.
pub fn observes(object: &Value) -> bool {
    match group(object) {
        "apps" => true,
        "" => kind(object) == "ReplicationController",
        _ => false,
    }
}

pub fn deployment(object: &Value) -> Readiness {
    let progress = condition(object, "Progressing").filter(|it| str_at(it, "/status") == "False");
    if let Some(progress) = progress {
        let why = format!("{}: {}", str_at(progress, "/reason"), str_at(progress, "/message"));
        // The others, such as a `ReplicaSet` that a webhook does not let in, are tried again.
        let is_over = str_at(progress, "/reason") == "ProgressDeadlineExceeded";
        return if is_over { Readiness::Failed(why) } else { Readiness::Pending(why) };
    }
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Readiness::Failed("the rollout is paused".to_owned());
    }
    let wanted = wanted(object);
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

pub fn stateful_set(object: &Value) -> Readiness {
    let wanted = wanted(object);
    let ready = number(object, "/status/readyReplicas");
    if ready < wanted {
        return Readiness::Pending(format!("{ready} of {wanted} replicas are ready"));
    }
    if is_updated_by_hand(object) {
        return Readiness::Ready;
    }
    let partition = number(object, "/spec/updateStrategy/rollingUpdate/partition");
    let updated = number(object, "/status/updatedReplicas");
    if updated < wanted - partition {
        return Readiness::Pending(format!("{updated} of {} replicas are updated", wanted - partition));
    }
    let revision = |which: &str| str_at(object, &format!("/status/{which}Revision"));
    if partition == 0 && revision("update") != revision("current") {
        return Readiness::Pending("old replicas are still there".to_owned());
    }
    Readiness::Ready
}

/// No node that it is for is no reason to wait.
pub fn daemon_set(object: &Value) -> Readiness {
    let wanted = number(object, "/status/desiredNumberScheduled");
    let updated = number(object, "/status/updatedNumberScheduled");
    let available = number(object, "/status/numberAvailable");
    if !is_updated_by_hand(object) && updated < wanted {
        Readiness::Pending(format!("{updated} of {wanted} pods are updated"))
    } else if available < wanted {
        Readiness::Pending(format!("{available} of {wanted} pods are available"))
    } else {
        Readiness::Ready
    }
}

pub fn replicas(object: &Value) -> Readiness {
    if let Some(failure) = condition(object, "ReplicaFailure").filter(|it| str_at(it, "/status") == "True") {
        return Readiness::Pending(said::words("ReplicaFailure", failure));
    }
    let (wanted, available) = (wanted(object), number(object, "/status/availableReplicas"));
    if available < wanted {
        return Readiness::Pending(format!("{available} of {wanted} replicas are available"));
    }
    Readiness::Ready
}

/// Begun is not done, as kstatus has it (cli-utils `pkg/kstatus/status/core.go`, `jobConditions`).
pub fn job(object: &Value) -> Readiness {
    let is_so = |name| condition(object, name).filter(|it| str_at(it, "/status") == "True");
    // Of one that is to fail the first says why, and its last pods may still run.
    if let Some((name, failed)) = ["Failed", "FailureTarget"].iter().find_map(|it| Some((it, is_so(it)?))) {
        return Readiness::Failed(said::words(name, failed));
    }
    if is_so("Complete").is_some() {
        return Readiness::Ready;
    }
    if object.pointer("/spec/suspend").and_then(Value::as_bool) == Some(true) {
        return Readiness::Pending("it is suspended".to_owned());
    }
    let (done, wanted) = (number(object, "/status/succeeded"), number_or(object, "/spec/completions", 1));
    Readiness::Pending(format!("{done} of {wanted} pods have ended well"))
}

/// `OnDelete` updates when somebody deletes pods: waiting for it would never end.
fn is_updated_by_hand(object: &Value) -> bool {
    str_at(object, "/spec/updateStrategy/type") == "OnDelete"
}

fn wanted(object: &Value) -> i64 {
    number_or(object, "/spec/replicas", 1)
}

fn number(object: &Value, pointer: &str) -> i64 {
    number_or(object, pointer, 0)
}

fn number_or(object: &Value, pointer: &str, default: i64) -> i64 {
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(default)
}
