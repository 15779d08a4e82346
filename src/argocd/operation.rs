//! Operations on Applications, written as Argo CD's own API server writes them.

use serde_json::{Value, json};

use super::application::Application;

/// The patch that asks for a sync of this Application at a commit, as Argo CD's own API server would write it
/// (argo-cd `server/application/application.go`, `Sync`): options, retries and pruning are read from the operation
/// alone, and without them it would be a client-side apply.
#[must_use]
pub fn sync_operation(application: &Application, revision: &str) -> Value {
    let policy = application.0.pointer("/spec/syncPolicy").unwrap_or(&Value::Null);
    let mut sync = json!({
        "syncStrategy": {"hook": {}},
        "prune": policy.pointer("/automated/prune").unwrap_or(&Value::Bool(false)),
    });
    if let Some(options) = policy.get("syncOptions") {
        sync["syncOptions"] = options.clone();
    }
    // Several sources are compared at the revisions that each of them names.
    if application.0.pointer("/spec/sources").is_none() {
        sync["revision"] = json!(revision);
    }
    let mut operation = json!({
        "initiatedBy": {"username": "backstack"},
        "info": [{"name": "Reason", "value": "backstack asks for a sync that Argo CD does not repeat by itself"}],
        "sync": sync,
    });
    if let Some(retry) = policy.get("retry") {
        operation["retry"] = retry.clone();
    }
    json!({"operation": operation})
}

/// The patch that ends the running operation.
#[must_use]
pub fn end_operation() -> Value {
    json!({"status": {"operationState": {"phase": "Terminating"}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_asked_for_with_the_options_of_the_application() {
        let app = Application(json!({"spec": {"syncPolicy": {"automated": {"prune": true}, "retry": {"limit": 5},
            "syncOptions": ["ServerSideApply=true"]}}}));
        let operation = sync_operation(&app, "0123456789ab");
        assert_eq!(operation["operation"]["sync"]["syncOptions"], json!(["ServerSideApply=true"]));
        assert_eq!(operation["operation"]["sync"]["prune"], true);
        assert_eq!(operation["operation"]["sync"]["revision"], "0123456789ab");
        assert_eq!(operation["operation"]["retry"]["limit"], 5);
    }
}
