//! What a pod says about its containers. Pure.

use serde_json::Value;

use super::fault::one_line;
use super::ready::condition;
use crate::object::{items, str_at};

/// A container of a pod, as its node reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its name.
    pub name: String,
    /// Whether it does what it should: it is ready, or it was there to prepare the pod and has.
    pub is_well: bool,
    /// How it is, in the node's words: `running`, `CrashLoopBackOff: back-off 10s …`.
    pub state: String,
    /// How often it was started anew.
    pub restarts: u64,
    /// Whether the log that tells why is that of the container before this one: it has ended, and this one is not ready
    /// or has not begun.
    pub has_crashed: bool,
    /// Whether it has a log of its own by now.
    pub has_begun: bool,
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
        items(pod, list).map(move |status| container(status, prepares)).collect::<Vec<_>>()
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

fn container(status: &Value, prepares: bool) -> Container {
    let restarts = status.pointer("/restartCount").and_then(Value::as_u64).unwrap_or_default();
    let waiting = status.pointer("/state/waiting");
    let terminated = status.pointer("/state/terminated");
    let succeeded = terminated.and_then(|it| it.get("exitCode")).and_then(Value::as_i64) == Some(0);
    let state = match (waiting, terminated) {
        (Some(it), _) => described(str_at(it, "/reason"), str_at(it, "/message")),
        (_, Some(it)) => {
            let code = it.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
            let why = described(str_at(it, "/reason"), str_at(it, "/message"));
            format!("ended with exit code {code} {why}").trim_end().to_owned()
        }
        _ => "running".to_owned(),
    };
    let is_well = status.get("ready").and_then(Value::as_bool).unwrap_or_default() || (prepares && succeeded);
    Container {
        name: str_at(status, "/name").to_owned(),
        is_well,
        has_crashed: !is_well && restarts > 0,
        has_begun: waiting.is_none(),
        state,
        restarts,
    }
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

    #[test]
    fn ready_and_finished_pods_are_well() {
        assert!(is_well(
            &json!({"status": {"containerStatuses": [{"name": "a", "ready": true, "state": {"running": {}}}]}})
        ));
        assert!(is_well(&json!({"status": {"phase": "Succeeded"}})));
    }
}
