//! Holding the hub still: the Applications by which it holds itself, and the controller that works on them.
//!
//! The annotation keeps Argo CD from looking at an Application at all, and automated sync is off besides: whoever takes one of
//! them away has not let it go yet. Neither stops an operation that is under way, so the controller is stopped first, and the
//! operation is ended by hand. A fresh controller would go on with it, at the commit that it was for.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::application::Application;
use crate::engine::{Cluster, Fault, FaultKind, Poll, REQUEST_MANAGER, absent};
use crate::object::{Identity, ObjectRef, annotate, annotation, is_of_program, name, str_at};
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;

/// How long the controller's pods may take to end: several times the 30 s that Kubernetes gives a pod, since upstream's manifest
/// says nothing else (3.6.1). On a node that is lost they never do, and a person has to decide.
const END: Duration = Duration::from_secs(180);
/// How often a write is tried again after somebody else's. An Application has no status of its own to write
/// (`subresources: {}` in its CRD), so each word of Argo CD in it is another version.
const RETRIES: usize = 5;
const SWITCH: &str = "/spec/syncPolicy/automated/enabled";

/// Why an Application is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    /// Who asked for it, as the API server calls them.
    pub by: String,
    /// Since when.
    pub since: String,
    /// The commit that the hub was at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The commit that it is brought back to.
    pub to: String,
}

impl Hold {
    /// The one that is written on an Application.
    #[must_use]
    pub fn on(application: &Value) -> Option<Self> {
        serde_json::from_str(annotation(application, argo::HELD)?).ok()
    }

    /// An Application as it is applied while it is held.
    #[must_use]
    pub fn over(&self, application: &Value) -> Value {
        let mut held = application.clone();
        annotate(&mut held, argo::SKIP_RECONCILE, "true");
        annotate(&mut held, argo::HELD, json!(self).to_string());
        if held.pointer("/spec/syncPolicy/automated").is_some_and(Value::is_object) {
            held["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false);
        }
        held
    }

    /// Holds an Application, and looks whether it is held. One that is not there needs nothing; one that is held already stays
    /// held by whom it is.
    pub async fn put_on(&self, cluster: &Cluster, object: &ObjectRef) -> Outcome<()> {
        let Some(live) = cluster.get(object).await? else { return Ok(()) };
        if is_held(&live) {
            return Ok(());
        }
        let mut patch =
            json!({"metadata": {"annotations": {argo::SKIP_RECONCILE: "true", argo::HELD: json!(self).to_string()}}});
        if live.pointer("/spec/syncPolicy/automated").is_some() {
            patch["spec"] = json!({"syncPolicy": {"automated": {"enabled": false}}});
        }
        let this = Identity::of(&live);
        cluster.merge_patch_of(&this, &patch, REQUEST_MANAGER).await?;
        if self.is_on(cluster, object).await? {
            return Ok(());
        }
        // A definition without the switch, from before Argo CD 3.1, drops it silently, and the Application stays automated.
        let off = json!({"spec": {"syncPolicy": {"automated": null}}});
        cluster.merge_patch_of(&this, &off, REQUEST_MANAGER).await?;
        if self.is_on(cluster, object).await? {
            return Ok(());
        }
        Err(Failure::failed(format!("{object} cannot be held: what was written is not there when it is read again"))
            .hint("see who writes it (`kubectl get --show-managed-fields`), stop that first, and run again"))
    }

    async fn is_on(&self, cluster: &Cluster, object: &ObjectRef) -> Result<bool, Fault> {
        Ok(cluster.get(object).await?.is_none_or(|live| is_held(&live)))
    }
}

/// Whether Argo CD leaves an Application alone, in both ways.
#[must_use]
pub fn is_held(application: &Value) -> bool {
    let is_off = application.pointer("/spec/syncPolicy/automated").is_none_or(Value::is_null)
        || application.pointer(SWITCH) == Some(&json!(false));
    annotation(application, argo::SKIP_RECONCILE) == Some("true")
        && annotation(application, argo::HELD).is_some()
        && is_off
}

/// Takes the marks of a hold away. Its automated sync comes with the Application as git has it.
pub async fn let_go(cluster: &Cluster, object: &ObjectRef) -> Result<(), Fault> {
    let Some(live) = cluster.metadata(object).await? else { return Ok(()) };
    let patch = json!({"metadata": {"annotations": {argo::SKIP_RECONCILE: null, argo::HELD: null}}});
    absent(cluster.merge_patch_of(&Identity::under(object, &live), &patch, REQUEST_MANAGER).await).map(drop)
}

/// Ends the operation of an Application that nobody works on. Answers whether there was one.
pub async fn end_by_hand(cluster: &Cluster, object: &ObjectRef, now: &str) -> Result<bool, Fault> {
    let mut tries = 0;
    loop {
        let Some(live) = cluster.get(object).await?.map(Application) else { return Ok(false) };
        let Some(patch) = ended(&live, now) else { return Ok(false) };
        match cluster.json_patch_by(object, &patch, REQUEST_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::Changed && tries < RETRIES => tries += 1,
            answer => return answer.map(|_| true),
        }
    }
}

/// The patch that ends an operation while the controller is down. The request alone must not go: as long as the phase says that
/// it runs, the next operation would go on with the old commit (argo-cd 3.6.1 `controller/appcontroller.go`,
/// `processRequestedAppOperation`).
fn ended(application: &Application, now: &str) -> Option<Value> {
    let mut operations = Vec::new();
    if application.0.get("operation").is_some() {
        operations.push(json!({"op": "remove", "path": "/operation"}));
    }
    if matches!(application.phase(), "Running" | "Terminating") {
        let state = "/status/operationState";
        operations.push(json!({"op": "replace", "path": format!("{state}/phase"), "value": "Failed"}));
        operations.push(json!({"op": "add", "path": format!("{state}/finishedAt"), "value": now}));
        let message = "ended by backstack, which brings the hub back to its last proven commit";
        operations.push(json!({"op": "add", "path": format!("{state}/message"), "value": message}));
    }
    if operations.is_empty() {
        return None;
    }
    let version = str_at(&application.0, "/metadata/resourceVersion");
    operations.push(json!({"op": "replace", "path": "/metadata/resourceVersion", "value": version}));
    Some(json!(operations))
}

/// Stops the controller, and waits until none of its pods is left: one that still ends goes on with its sync, and writes over
/// what is put back meanwhile. Answers whether it was wanted.
pub async fn stop_controller(cluster: &Cluster, console: &Console) -> Outcome<bool> {
    let object = argo::controller();
    let Some(live) = cluster.get(&object).await? else { return Ok(false) };
    let was_wanted = live.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1) > 0;
    if was_wanted {
        let none = json!({"spec": {"replicas": 0}});
        cluster.merge_patch_of(&Identity::of(&live), &none, REQUEST_MANAGER).await?;
    }
    let deadline = cluster.deadline().at_most(END);
    let look = async || {
        let pods = cluster.list(&ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), "")).await?;
        let Some(pod) = pods.iter().find(|pod| is_of_program(pod, argo::CONTROLLER)) else { return Ok(Poll::Done(())) };
        Ok(deadline.blocked(console, "controller", format!("Pod {}/{} is still there", argo::NAMESPACE, name(pod))))
    };
    deadline.poll("the end of Argo CD's controller", Duration::from_millis(500), look).await.map_err(|failure| {
        failure.hint("where its node is lost, remove the pod by force (`kubectl delete pod --force`), then run again")
    })?;
    Ok(was_wanted)
}

/// Lets the controller run where git does not say how many of it there are.
pub async fn start_controller(cluster: &Cluster) -> Result<(), Fault> {
    let object = argo::controller();
    let Some(live) = cluster.get(&object).await? else { return Ok(()) };
    if live.pointer("/spec/replicas") != Some(&json!(0)) {
        return Ok(());
    }
    let one = json!({"spec": {"replicas": 1}});
    absent(cluster.merge_patch_of(&Identity::of(&live), &one, REQUEST_MANAGER).await).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold() -> Hold {
        Hold { by: "me".to_owned(), since: "now".to_owned(), from: Some("bad".to_owned()), to: "good".to_owned() }
    }

    #[test]
    fn an_application_is_held_in_both_ways_or_not_at_all() {
        let application =
            json!({"metadata": {"name": "root"}, "spec": {"syncPolicy": {"automated": {"enabled": true}}}});
        let held = hold().over(&application);
        assert!(!is_held(&application) && is_held(&held), "{held}");
        assert_eq!(Hold::on(&held), Some(hold()));
        let mut automated = held.clone();
        automated["spec"]["syncPolicy"]["automated"] = json!({"prune": true});
        assert!(!is_held(&automated), "a definition without the switch");
        let mut manual = held.clone();
        manual["spec"] = json!({});
        assert!(is_held(&manual));
        let mut looked_at = held;
        looked_at["metadata"]["annotations"][argo::SKIP_RECONCILE] = Value::Null;
        assert!(!is_held(&looked_at));
    }

    #[test]
    fn an_operation_is_ended_by_its_phase_and_never_by_its_request_alone() {
        let application = |operation: Value, phase: &str| {
            let mut live =
                json!({"metadata": {"resourceVersion": "7"}, "status": {"operationState": {"phase": phase}}});
            if !operation.is_null() {
                live["operation"] = operation;
            }
            Application(live)
        };
        let paths = |patch: &Value| -> Vec<String> {
            patch
                .as_array()
                .into_iter()
                .flatten()
                .map(|it| format!("{} {}", str_at(it, "/op"), str_at(it, "/path")))
                .collect()
        };
        let running = ended(&application(json!({}), "Running"), "now").expect("it runs");
        assert_eq!(
            paths(&running),
            [
                "remove /operation",
                "replace /status/operationState/phase",
                "add /status/operationState/finishedAt",
                "add /status/operationState/message",
                "replace /metadata/resourceVersion",
            ]
        );
        assert_eq!(running[1]["value"], "Failed");
        let forgotten = ended(&application(Value::Null, "Terminating"), "now").expect("the phase says that it runs");
        assert_eq!(forgotten[0]["path"], "/status/operationState/phase");
        let waiting = ended(&application(json!({}), "Succeeded"), "now").expect("one waits");
        assert_eq!(paths(&waiting), ["remove /operation", "replace /metadata/resourceVersion"]);
        assert_eq!(ended(&application(Value::Null, "Succeeded"), "now"), None);
    }
}
