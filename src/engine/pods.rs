//! What a pod says about its containers, and why it does not come up. Pure.

use serde_json::Value;

use super::fault::one_line;
use super::ready::state::condition;
use crate::object::{is_being_deleted, items, owners, str_at};

/// Why a container waits that nothing is wrong with: its node makes it, or another one goes first.
const BEING_MADE: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];
/// The label, of all that a Deployment has made, with the hash by which its `ReplicaSet` is called behind its name.
pub const HASH: &str = "pod-template-hash";

/// A container of a pod, as its node reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether it does what it should: it is ready, or it was there to prepare the pod and has.
    pub is_well: bool,
    /// How it is, in the node's words: `running`, `CrashLoopBackOff: back-off 10s …`. Once it has ended, with its last words:
    /// those may be the end of its log, and are for those alone who mask the Secrets of its namespace.
    pub state: String,
    /// How often it was started anew.
    pub restarts: u64,
    /// Whether the log that tells why is that of the container before this one: it has ended, and this one is not ready
    /// or has not begun.
    pub has_crashed: bool,
    /// Whether it has a log of its own by now.
    pub has_begun: bool,
    /// What keeps it from doing what it should; nothing of one that may only need time.
    pub trouble: Option<Trouble>,
}

/// Why a pod does not come up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Of which sort it is.
    pub cause: Cause,
    /// The words of the kubelet or of the scheduler, in one line. Nothing of it was written by the container.
    pub why: String,
    /// The container that it is of; none where it is of the pod as a whole.
    pub container: Option<String>,
    /// Whether that was started anew since it ended: what it wrote before is in the log that kubectl calls the previous one.
    pub has_restarted: bool,
}

/// What has to be mended for a pod to come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// No node takes it.
    NoNode,
    /// Its node does not get an image.
    Image,
    /// What its container is to be made of is not there, or is wrong.
    Config,
    /// Its container ends again and again, or has failed for good.
    Crash,
    /// Something else.
    Other,
}

impl Trouble {
    /// That of a pod as a whole.
    #[must_use]
    pub fn of_pod(cause: Cause, why: impl Into<String>) -> Self {
        Self { cause, why: why.into(), container: None, has_restarted: false }
    }
}

impl Container {
    /// Whether it has prepared the pod, and runs no more.
    #[must_use]
    pub fn has_prepared(&self) -> bool {
        self.is_well && self.state != "running"
    }
}

/// The containers of a pod, those that prepare it first. A pod that no node has taken has none.
#[must_use]
pub fn containers(pod: &Value) -> Vec<Container> {
    let of = |list: &str, prepares: bool| {
        items(pod, list).map(move |status| container(pod, status, prepares)).collect::<Vec<_>>()
    };
    [of("/status/initContainerStatuses", true), of("/status/containerStatuses", false)].concat()
}

/// Whether the pod does what it should, or has done it.
#[must_use]
pub fn is_well(pod: &Value) -> bool {
    let containers = containers(pod);
    str_at(pod, "/status/phase") == "Succeeded" || (!containers.is_empty() && containers.iter().all(|it| it.is_well))
}

/// How the pod as a whole is: its phase, and why no node has taken it or taken it away.
#[must_use]
pub fn state(pod: &Value) -> String {
    let unscheduled = condition(pod, "PodScheduled").filter(|it| str_at(it, "/status") == "False");
    let why = [unscheduled, pod.get("status")]
        .into_iter()
        .flatten()
        .map(|it| described(str_at(it, "/reason"), str_at(it, "/message")))
        .find(|it| !it.is_empty());
    let phase = str_at(pod, "/status/phase");
    why.map_or_else(|| phase.to_owned(), |why| format!("{phase}, {why}"))
}

/// Why no node takes the pod, in the words of the scheduler; nothing of one that has a node or was not looked at yet.
#[must_use]
pub fn unscheduled(pod: &Value) -> Option<String> {
    let scheduled = condition(pod, "PodScheduled")?;
    let is_it = str_at(scheduled, "/status") == "False" && str_at(scheduled, "/reason") == "Unschedulable";
    is_it.then(|| one_line(str_at(scheduled, "/message")))
}

/// Why the pod does not come up; nothing of one that may only need time, that has done its work, that goes, or that has failed
/// where another one takes its place.
#[must_use]
pub fn trouble(pod: &Value) -> Option<Trouble> {
    let phase = str_at(pod, "/status/phase");
    if is_being_deleted(pod) || phase == "Succeeded" || (phase == "Failed" && is_replaced(pod)) {
        return None;
    }
    if let Some(why) = unscheduled(pod) {
        return Some(Trouble::of_pod(Cause::NoNode, why));
    }
    let of_container = |it: Container| {
        let trouble = it.trouble?;
        Some(Trouble { why: format!("container {}: {}", it.name, trouble.why), ..trouble })
    };
    let failed = || (phase == "Failed").then(|| Trouble::of_pod(Cause::Other, state(pod)));
    containers(pod).into_iter().find_map(of_container).or_else(failed)
}

/// The kind and the name of the workload that a pod is of: its owner, and of a `ReplicaSet` the Deployment behind it.
#[must_use]
pub fn workload(pod: &Value) -> Option<(&str, &str)> {
    let owner = owners(pod).find(|it| it["controller"] == true)?;
    let (kind, name) = (str_at(owner, "/kind"), str_at(owner, "/name"));
    let hash = pod.pointer("/metadata/labels").and_then(|it| it.get(HASH)).and_then(Value::as_str);
    let of_deployment = || name.strip_suffix(hash?)?.strip_suffix('-');
    match of_deployment().filter(|_| kind == "ReplicaSet") {
        Some(deployment) => Some(("Deployment", deployment)),
        None => Some((kind, name)),
    }
}

/// Whether its owner makes another pod in its place once it has failed. It stays in the list, long after the other one runs.
fn is_replaced(pod: &Value) -> bool {
    let replaces = |kind: &str| matches!(kind, "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet");
    workload(pod).is_some_and(|(kind, _)| replaces(kind))
}

fn container(pod: &Value, status: &Value, prepares: bool) -> Container {
    let name = str_at(status, "/name");
    let restarts = status.pointer("/restartCount").and_then(Value::as_u64).unwrap_or_default();
    let waiting = status.pointer("/state/waiting");
    let terminated = status.pointer("/state/terminated");
    let before = status.pointer("/lastState/terminated").map(ended);
    let succeeded = terminated.is_some_and(|it| exit_code(it) == 0);
    let is_well = status.get("ready").and_then(Value::as_bool).unwrap_or_default() || (prepares && succeeded);
    let state = match (waiting, terminated) {
        (Some(it), _) => waits(it, image(pod, name), before.as_deref()),
        (_, Some(it)) => described(&ended(it), str_at(it, "/message")),
        _ => "running".to_owned(),
    };
    let trouble = match (waiting, terminated) {
        _ if is_well => None,
        (Some(it), _) => cause(str_at(it, "/reason")).map(|cause| (cause, state.clone())),
        (_, Some(it)) => (!succeeded).then(|| (Cause::Crash, ended(it))),
        _ => before.map(|before| (Cause::Crash, format!("runs again and is not ready; before it {before}"))),
    };
    let trouble = trouble.map(|(cause, why)| Trouble {
        cause,
        why,
        container: Some(name.to_owned()),
        has_restarted: restarts > 0 && terminated.is_none(),
    });
    Container {
        name: name.to_owned(),
        is_well,
        has_crashed: !is_well && restarts > 0,
        has_begun: waiting.is_none(),
        state,
        restarts,
        trouble,
    }
}

/// What stands behind a kubelet's reason to wait; nothing of one that goes by itself.
fn cause(reason: &str) -> Option<Cause> {
    Some(match reason {
        _ if BEING_MADE.contains(&reason) => return None,
        "CrashLoopBackOff" => Cause::Crash,
        _ if reason.contains("Image") || reason == "RegistryUnavailable" => Cause::Image,
        _ if reason.ends_with("ConfigError") => Cause::Config,
        _ => Cause::Other,
    })
}

/// The image that somebody wants in a container.
fn image<'v>(pod: &'v Value, container: &str) -> &'v str {
    let all = ["/spec/containers", "/spec/initContainers"].into_iter().flat_map(|list| items(pod, list));
    all.filter(|it| str_at(it, "/name") == container).map(|it| str_at(it, "/image")).next().unwrap_or_default()
}

/// Why a container waits, with its image and with how it has ended before, unless its kubelet says that as well.
fn waits(waiting: &Value, image: &str, before: Option<&str>) -> String {
    let reason = str_at(waiting, "/reason");
    let mut told = described(reason, str_at(waiting, "/message"));
    if BEING_MADE.contains(&reason) {
        return told;
    }
    // Messages leave out the digest of an image, some of them.
    let is_told = image.split('@').next().is_none_or(|name| told.contains(name));
    if !is_told {
        told = format!("{told}; image {image}");
    }
    match before {
        Some(before) => format!("{told}; before it {before}"),
        None => told,
    }
}

/// How a container has ended, without its last words: where its `terminationMessagePolicy` says so they are the end of its log, and
/// a secret may be in them.
fn ended(terminated: &Value) -> String {
    let reason = str_at(terminated, "/reason");
    format!("ended with exit code {} {reason}", exit_code(terminated)).trim_end().to_owned()
}

fn exit_code(terminated: &Value) -> i64 {
    terminated.get("exitCode").and_then(Value::as_i64).unwrap_or_default()
}

fn described(reason: &str, message: &str) -> String {
    let message = one_line(message);
    if message.is_empty() { reason.to_owned() } else { format!("{reason}: {message}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_crash_loop_is_told_with_its_restarts_and_its_earlier_log() {
        let pod = json!({"status": {"phase": "Running",
            "initContainerStatuses": [{"name": "copy", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}],
            "containerStatuses": [{"name": "main", "ready": false, "restartCount": 3,
                "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}}}]}});
        let all = containers(&pod);
        assert!(all[0].is_well && !all[0].has_crashed, "{all:?}");
        assert_eq!((all[1].state.as_str(), all[1].restarts), ("CrashLoopBackOff: back-off 40s", 3));
        assert!(all[1].has_crashed && !all[1].has_begun && !is_well(&pod));

        // Its next attempt has begun, and has not told anything yet.
        let again = json!({"status": {"containerStatuses": [{"name": "main", "ready": false, "restartCount": 3,
            "state": {"running": {}}}]}});
        let next = &containers(&again)[0];
        assert!(next.has_crashed && next.has_begun);
    }

    #[test]
    fn an_image_that_cannot_be_pulled_has_no_earlier_log() {
        let pod = json!({"status": {"containerStatuses": [{"name": "main", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}});
        assert!(!containers(&pod)[0].has_crashed && !is_well(&pod));
    }

    #[test]
    fn a_pod_without_a_node_says_why() {
        let pod = json!({"status": {"phase": "Pending", "conditions": [
            {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node fits"}]}});
        assert!(!is_well(&pod) && containers(&pod).is_empty());
        assert_eq!(state(&pod), "Pending, Unschedulable: no node fits");
        assert_eq!(unscheduled(&pod).as_deref(), Some("no node fits"));
        let gated = json!({"status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}});
        assert_eq!(unscheduled(&gated), None, "whoever has put the gate there opens it");
    }

    fn waiting(reason: &str, message: &str, last: &Value) -> Value {
        json!({"spec": {"containers": [{"name": "main", "image": "r.example.org/shop:9@sha256:abc"}]},
            "status": {"phase": "Pending", "containerStatuses": [{"name": "main", "ready": false, "restartCount": 2,
                "state": {"waiting": {"reason": reason, "message": message}}, "lastState": last}]}})
    }

    #[test]
    fn why_a_pod_does_not_come_up_is_told_with_its_image_and_its_exit_code() {
        let ended = json!({"terminated": {"exitCode": 137, "reason": "OOMKilled"}});
        let image = "image r.example.org/shop:9@sha256:abc";
        for (pod, cause, why) in [
            (
                waiting("ImagePullBackOff", "Back-off pulling image", &json!({})),
                Cause::Image,
                format!("container main: ImagePullBackOff: Back-off pulling image; {image}"),
            ),
            (
                waiting("ErrImagePull", "rpc error: r.example.org/shop:9: not\nfound", &json!({})),
                Cause::Image,
                "container main: ErrImagePull: rpc error: r.example.org/shop:9: not found".to_owned(),
            ),
            (
                waiting("CreateContainerConfigError", "secret \"s\" not found", &json!({})),
                Cause::Config,
                format!("container main: CreateContainerConfigError: secret \"s\" not found; {image}"),
            ),
            (
                waiting("CrashLoopBackOff", "back-off 40s", &ended),
                Cause::Crash,
                format!(
                    "container main: CrashLoopBackOff: back-off 40s; {image}; before it ended with exit code 137 OOMKilled"
                ),
            ),
            (
                json!({"status": {"containerStatuses": [{"name": "main", "ready": false, "restartCount": 1,
                    "state": {"running": {}}, "lastState": ended}]}}),
                Cause::Crash,
                "container main: runs again and is not ready; before it ended with exit code 137 OOMKilled".to_owned(),
            ),
            (
                json!({"status": {"phase": "Failed", "containerStatuses": [{"name": "main", "ready": false,
                    "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}}),
                Cause::Crash,
                "container main: ended with exit code 3 Error".to_owned(),
            ),
            (
                json!({"status": {"phase": "Failed", "reason": "Evicted", "message": "low on memory"}}),
                Cause::Other,
                "Failed, Evicted: low on memory".to_owned(),
            ),
            (
                json!({"status": {"phase": "Pending", "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "no node fits"}]}}),
                Cause::NoNode,
                "no node fits".to_owned(),
            ),
        ] {
            assert_eq!(trouble(&pod).map(|it| (it.cause, it.why)), Some((cause, why)), "{pod:#}");
        }
    }

    #[test]
    fn the_last_words_of_a_container_are_no_part_of_why() {
        let ended = json!({"terminated": {"exitCode": 1, "reason": "Error", "message": "cannot log in with hunter2"}});
        let with = |state: &Value, last: &Value| {
            json!({"status": {"containerStatuses": [{"name": "main", "ready": false, "restartCount": 1,
                "state": state, "lastState": last}]}})
        };
        for pod in [
            with(&ended, &json!({})),
            with(&json!({"running": {}}), &ended),
            with(&json!({"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}), &ended),
        ] {
            let why = trouble(&pod).expect("it has crashed").why;
            assert!(why.contains("ended with exit code 1 Error") && !why.contains("hunter2"), "{why}");
        }
        let state = containers(&with(&ended, &json!({}))).remove(0).state;
        assert_eq!(state, "ended with exit code 1 Error: cannot log in with hunter2", "`logs` masks what it shows");
    }

    #[test]
    fn a_failed_pod_is_told_where_no_other_one_takes_its_place() {
        let of = |kind: &str, phase: &str| {
            json!({"metadata": {"ownerReferences": [{"kind": kind, "name": "shop", "controller": true}]},
                "status": {"phase": phase, "reason": "Evicted", "message": "low on memory", "containerStatuses": [
                    {"name": "main", "ready": false, "state": {"terminated": {"exitCode": 137, "reason": "Error"}}}]}})
        };
        for kind in ["ReplicaSet", "StatefulSet", "DaemonSet"] {
            assert_eq!(trouble(&of(kind, "Failed")), None, "{kind}");
            assert!(trouble(&of(kind, "Running")).is_some(), "{kind}: its node starts the container anew");
        }
        assert!(trouble(&of("Job", "Failed")).is_some());
        let mut bare = of("Job", "Failed");
        bare["metadata"] = json!({});
        assert!(trouble(&bare).is_some());
    }

    #[test]
    fn what_may_only_need_time_is_no_trouble() {
        let running =
            json!({"status": {"containerStatuses": [{"name": "main", "ready": false, "state": {"running": {}}}]}});
        let prepared = json!({"status": {
            "initContainerStatuses": [{"name": "copy", "state": {"terminated": {"exitCode": 0}}}],
            "containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "PodInitializing"}}}]}});
        let mut going = waiting("ImagePullBackOff", "", &json!({}));
        going["metadata"] = json!({"deletionTimestamp": "2026-01-01T00:00:00Z"});
        let done = json!({"status": {"phase": "Succeeded"}});
        for pod in [running, prepared, going, done, waiting("ContainerCreating", "", &json!({}))] {
            assert_eq!(trouble(&pod), None, "{pod:#}");
        }
    }

    #[test]
    fn a_pod_is_of_the_deployment_behind_its_replica_set() {
        let of = |kind: &str, name: &str| json!({"metadata": {"labels": {HASH: "7d9f"}, "ownerReferences": [{"kind": kind, "name": name, "controller": true}]}});
        assert_eq!(workload(&of("ReplicaSet", "shop-web-7d9f")), Some(("Deployment", "shop-web")));
        assert_eq!(workload(&of("ReplicaSet", "by-hand")), Some(("ReplicaSet", "by-hand")));
        assert_eq!(workload(&of("StatefulSet", "db-7d9f")), Some(("StatefulSet", "db-7d9f")));
        assert_eq!(workload(&json!({})), None);
    }

    #[test]
    fn ready_and_finished_pods_are_well() {
        assert!(is_well(
            &json!({"status": {"containerStatuses": [{"name": "a", "ready": true, "state": {"running": {}}}]}})
        ));
        assert!(is_well(&json!({"status": {"phase": "Succeeded"}})));
    }
}
