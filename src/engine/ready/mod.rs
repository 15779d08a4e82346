//! Is this object ready, and if not, why? Pure: no clock, no network.
//!
//! Where other tools disagree, the rule is written beside the case. Applications are judged in [`crate::argocd`], which knows the
//! commit that they should be at.

mod said;
pub(super) mod state;
mod workloads;

use serde_json::Value;

use super::fault::one_line;
use super::pods;
use crate::object::{finalizers, group, is_being_deleted, items, kind, str_at};
use crate::words::argo;
pub use state::{Readiness, condition};

/// The readiness of an object as it is on the cluster. What says nothing of itself is ready when it exists.
#[must_use]
pub fn readiness(object: &Value) -> Readiness {
    if is_being_deleted(object) {
        return going(object);
    }
    if let Some(stale) = unobserved(object) {
        return stale;
    }
    match (group(object), kind(object)) {
        ("apps", "Deployment") => workloads::deployment(object),
        ("apps", "StatefulSet") => workloads::stateful_set(object),
        ("apps", "DaemonSet") => workloads::daemon_set(object),
        ("apps", "ReplicaSet") | ("", "ReplicationController") => workloads::replicas(object),
        ("batch", "Job") => workloads::job(object),
        ("", "Pod") => pod(object),
        ("", "PersistentVolumeClaim") => volume(object),
        ("", "Service") => service(object),
        ("networking.k8s.io", "Ingress") => address(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        ("apiregistration.k8s.io", "APIService") => said::by_conditions(object, &["Available"]),
        (argo::GROUP, argo::APPLICATION_SET) => application_set(object),
        _ => said::by_conditions(object, said::of_its_kind(object)),
    }
}

/// It is there, and will not be. A namespace says itself what holds it (kube-controller-manager,
/// `pkg/controller/namespace/deletion/status_condition_utils.go`).
fn going(object: &Value) -> Readiness {
    let said = items(object, "/status/conditions").filter(|it| {
        let is_of_removal = str_at(it, "/type").starts_with("Namespace") || str_at(it, "/type") == "Terminating";
        is_of_removal && str_at(it, "/status") == "True"
    });
    let held = Some(finalizers(object).join(", ")).filter(|it| !it.is_empty()).map(|it| format!("finalizers {it}"));
    let why: Vec<String> = held.into_iter().chain(said.map(|it| one_line(str_at(it, "/message")))).collect();
    let why = if why.is_empty() { String::new() } else { format!(" ({})", why.join("; ")) };
    Readiness::Pending(format!("it is being deleted{why}"))
}

/// A status that describes an older generation says nothing about this one. Some write its number as a text.
fn unobserved(object: &Value) -> Option<Readiness> {
    let generation = object.pointer("/metadata/generation").and_then(Value::as_i64)?;
    let seen = match object.pointer("/status/observedGeneration") {
        None if !workloads::observes(object) => return None,
        None => 0,
        Some(Value::String(text)) => text.parse().ok()?,
        Some(number) => number.as_i64()?,
    };
    (seen < generation).then(|| Readiness::Pending(format!("generation {generation} is not observed yet (at {seen})")))
}

/// Where something keeps it from coming up, that is the reason; the sum of its containers says no more.
fn pod(object: &Value) -> Readiness {
    match (str_at(object, "/status/phase"), pods::trouble(object)) {
        ("Failed", Some(trouble)) => Readiness::Failed(trouble.why),
        (_, Some(trouble)) => Readiness::Pending(trouble.why),
        _ if pods::is_well(object) => Readiness::Ready,
        ("Failed", None) => Readiness::Failed(format!("it is {}", pods::state(object))),
        _ => Readiness::Pending(format!("it is {}", pods::state(object))),
    }
}

/// A class may bind only when a pod wants it (`WaitForFirstConsumer`), which the claim does not say.
fn volume(object: &Value) -> Readiness {
    match str_at(object, "/status/phase") {
        "Bound" => Readiness::Ready,
        "Lost" => Readiness::Failed("its volume is lost".to_owned()),
        _ if object.pointer("/metadata/annotations/volume.kubernetes.io~1selected-node").is_some() => {
            Readiness::Pending("a pod waits for its volume".to_owned())
        }
        _ => Readiness::Pending("it is Pending: without a volume, or without a pod that wants one".to_owned()),
    }
}

/// Only a balancer takes time, and Argo CD waits for it as well (`gitops-engine/pkg/health/health_service.go`).
fn service(object: &Value) -> Readiness {
    if str_at(object, "/spec/type") == "LoadBalancer" { address(object) } else { Readiness::Ready }
}

fn address(object: &Value) -> Readiness {
    match items(object, "/status/loadBalancer/ingress").next() {
        Some(_) => Readiness::Ready,
        None => Readiness::Pending("nobody has given it an address yet".to_owned()),
    }
}

/// Established alone is not enough: a CRD whose names are refused never serves its own kind.
fn definition(object: &Value) -> Readiness {
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

/// As Argo CD has it (`resource_customizations/argoproj.io/ApplicationSet/health.lua`).
fn application_set(object: &Value) -> Readiness {
    let is_so = |name| condition(object, name).filter(|it| str_at(it, "/status") == "True");
    if let Some(error) = is_so("ErrorOccurred") {
        return Readiness::Failed(said::words("ErrorOccurred", error));
    }
    if is_so("ResourcesUpToDate").is_some() {
        return Readiness::Ready;
    }
    Readiness::Pending("its Applications are not up to date yet".to_owned())
}

#[cfg(test)]
mod tests;
