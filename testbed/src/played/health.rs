//! How an object is, in the words of Argo CD.

use serde_json::{Value, json};

use super::world::text;

/// How good an object or an Application is, from the best to the worst (gitops-engine `pkg/health/health.go`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    Healthy,
    Progressing,
    Missing,
    Degraded,
}

impl Health {
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Progressing => "Progressing",
            Self::Missing => "Missing",
            Self::Degraded => "Degraded",
        }
    }

    /// How a live object is; nothing for a kind that has no health.
    pub fn of(live: &Value) -> Option<Self> {
        let is = match text(live, "/kind") {
            "Application" => return Some(of_application(live)),
            "Deployment" => is_rolled_out(live, "availableReplicas"),
            "StatefulSet" => is_rolled_out(live, "readyReplicas"),
            "CustomResourceDefinition" => is_established(live),
            _ => return None,
        };
        Some(if is { Self::Healthy } else { Self::Progressing })
    }
}

/// By the check that the settings of the hub bring.
fn of_application(live: &Value) -> Health {
    let (sync, health) = (text(live, "/status/sync/status"), text(live, "/status/health/status"));
    let phase = text(live, "/status/operationState/phase");
    if sync.is_empty() || health.is_empty() {
        return Health::Progressing;
    }
    if matches!(phase, "Failed" | "Error") && sync != "Synced" {
        return Health::Degraded;
    }
    let policy = live.pointer("/spec/syncPolicy/automated");
    let is_automated = policy.is_some_and(|it| !it.is_null() && it["enabled"] != false);
    let waits = is_automated && sync != "Synced" || sync == "Unknown";
    match health {
        "Healthy" if waits => Health::Progressing,
        "Healthy" => Health::Healthy,
        "Degraded" => Health::Degraded,
        "Missing" => Health::Missing,
        _ => Health::Progressing,
    }
}

fn is_rolled_out(live: &Value, ready: &str) -> bool {
    let number = |at: &str| live.pointer(at).and_then(Value::as_i64).unwrap_or_default();
    let wanted = live.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1);
    let is_seen = number("/status/observedGeneration") >= number("/metadata/generation");
    is_seen && number("/status/updatedReplicas") >= wanted && number(&format!("/status/{ready}")) >= wanted
}

fn is_established(live: &Value) -> bool {
    let conditions = live.pointer("/status/conditions").and_then(Value::as_array);
    let holds = |it: &Value| it["type"] == json!("Established") && it["status"] == json!("True");
    conditions.is_some_and(|all| all.iter().any(holds))
}
