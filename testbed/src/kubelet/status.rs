//! What the kubelet writes into a pod's status.

use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

/// How a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs but does not answer its probe yet.
    Starting,
    /// It runs and answers.
    Ready,
    /// It has run to its end, and is not started anew.
    Ended {
        /// Its exit code.
        code: i32,
    },
    /// It does not run, and why.
    Waiting {
        /// A kubelet's word, such as `CrashLoopBackOff`.
        reason: &'static str,
        /// The whole story.
        message: String,
    },
}

impl State {
    /// The word for it in tables.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Starting => "Starting",
            Self::Ready => "Running",
            Self::Ended { code: 0 } => "Completed",
            Self::Ended { .. } => "Error",
            Self::Waiting { reason, .. } => reason,
        }
    }
}

/// Writes the status; a pod that has gone meanwhile is no error.
pub async fn write(client: &Client, pod: &Pod, state: &State, restarts: u32) -> kube::Result<()> {
    let namespace = pod.namespace().unwrap_or_default();
    let api: Api<Pod> = Api::namespaced(client.clone(), &namespace);
    let patch = Patch::Strategic(json!({
        // A pod of the same name may have taken its place.
        "metadata": {"uid": pod.uid()},
        "status": status(pod, state, restarts),
    }));
    match api.patch_status(&pod.name_any(), &PatchParams::default(), &patch).await {
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        other => other.map(drop),
    }
}

fn status(pod: &Pod, state: &State, restarts: u32) -> Value {
    let now = Timestamp::now().to_string();
    let ready = *state == State::Ready;
    let condition = |kind: &str, met: bool| {
        json!({
            "type": kind,
            "status": if met { "True" } else { "False" },
            "lastTransitionTime": now,
        })
    };
    let container_state = match state {
        State::Starting | State::Ready => json!({"running": {"startedAt": now}}),
        State::Ended { code } => {
            json!({"terminated": {"exitCode": code, "reason": state.word(), "startedAt": now, "finishedAt": now}})
        }
        State::Waiting { reason, message } => {
            json!({"waiting": {"reason": reason, "message": message}})
        }
    };
    let spec = pod.spec.as_ref();
    let containers = spec.map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let inits = spec.and_then(|spec| spec.init_containers.as_deref()).unwrap_or_default();
    let started = !matches!(state, State::Waiting { .. });
    let phase = match state {
        State::Ended { code: 0 } => "Succeeded",
        State::Ended { .. } => "Failed",
        _ if started || restarts > 0 => "Running",
        _ => "Pending",
    };
    json!({
        "phase": phase,
        "startTime": pod.status.as_ref().and_then(|status| status.start_time.clone()).map_or(json!(now), |time| json!(time)),
        "hostIP": "127.0.0.1",
        "conditions": [
            condition("Initialized", true),
            condition("Ready", ready),
            condition("ContainersReady", ready),
        ],
        "containerStatuses": containers.iter().map(|container| json!({
            "name": container.name,
            "image": container.image,
            "imageID": "",
            "ready": ready,
            "started": started,
            "restartCount": restarts,
            "state": container_state,
        })).collect::<Vec<_>>(),
        "initContainerStatuses": inits.iter().map(|container| json!({
            "name": container.name,
            "image": container.image,
            "imageID": "",
            "ready": true,
            "restartCount": 0,
            "state": {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}},
        })).collect::<Vec<_>>(),
    })
}
