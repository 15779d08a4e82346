//! Operations on Applications: what they say of theirs, and ours, written as Argo CD's own API server writes them. Pure.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::application::{Application, named, revisions, short};
use crate::object::{ObjectRef, items, str_at};

/// The last operation, which may still run.
impl Application {
    /// The phase of the last operation: `Running`, `Succeeded`, `Failed`, `Error`, `Terminating`, or nothing.
    #[must_use]
    pub fn phase(&self) -> &str {
        str_at(&self.0, "/status/operationState/phase")
    }

    /// The message of the last operation.
    #[must_use]
    pub fn operation_message(&self) -> &str {
        str_at(&self.0, "/status/operationState/message")
    }

    /// The revisions of the last operation that synced something.
    #[must_use]
    pub fn synced_revisions(&self) -> Vec<&str> {
        revisions(&self.0, "/status/operationState/syncResult")
    }

    /// Whether an operation is running for a commit that is not this one; it would hold this one up until its own end.
    #[must_use]
    pub fn runs_for_another(&self, revision: &str) -> bool {
        self.phase() == "Running" && !self.operated_revisions().is_empty() && !self.runs_for(revision)
    }

    /// Whether an operation is running for this commit.
    #[must_use]
    pub fn runs_for(&self, revision: &str) -> bool {
        self.phase() == "Running" && self.operated_revisions().contains(&revision)
    }

    /// What may still bring back what this commit takes away; nothing when the last comparison was with it, and no
    /// operation is asked for or under way that is for another one.
    #[must_use]
    pub fn may_bring_back(&self, revision: &str) -> Option<String> {
        let name = self.name();
        let operations = [revisions(&self.0, "/operation/sync"), self.operated_revisions()];
        let operates_elsewhere = operations.iter().any(|of| !of.is_empty() && !of.contains(&revision));
        if self.is_operating() && operates_elsewhere {
            return Some(format!("{name} still syncs another commit"));
        }
        self.is_behind(revision).then(|| format!("{name} was not compared with commit {} yet", short(revision)))
    }

    /// The commits that it is at or goes to: those of its last comparison, and of an operation that is asked for or running.
    #[must_use]
    pub fn known_commits(&self) -> BTreeSet<&str> {
        let operations = [revisions(&self.0, "/operation/sync"), self.operated_revisions()].concat();
        let operations = operations.into_iter().filter(|_| self.is_operating());
        self.compared_revisions().into_iter().chain(operations).collect()
    }

    /// What its last operation was asked for: of several sources one for each.
    fn operated_revisions(&self) -> Vec<&str> {
        revisions(&self.0, "/status/operationState/operation/sync")
    }

    /// When the last operation began; empty before the first.
    #[must_use]
    pub fn operation_began(&self) -> &str {
        str_at(&self.0, "/status/operationState/startedAt")
    }

    /// Whether an operation is asked for or running.
    #[must_use]
    pub fn is_operating(&self) -> bool {
        self.0.get("operation").is_some() || matches!(self.phase(), "Running" | "Terminating")
    }

    /// How often the running operation at this commit has failed and is tried again, when objects of it failed or belong
    /// to another Application (argo-cd `controller/sync.go`, `SyncAppState`).
    #[must_use]
    pub fn retries_at(&self, revision: &str) -> u64 {
        let failing = self.phase() == "Running"
            && self.synced_revisions().contains(&revision)
            && (!self.failed_resources().is_empty() || self.operation_message().starts_with("Shared resource found"));
        let count = self.0.pointer("/status/operationState/retryCount").and_then(Value::as_u64).unwrap_or_default();
        if failing { count } else { 0 }
    }

    /// When the last attempt of an operation ended: nothing while one is under way, empty before the first. An operation that
    /// waits for its next attempt is running and has ended (argo-cd `controller/appcontroller.go`,
    /// `processRequestedAppOperation`).
    #[must_use]
    pub fn last_attempt(&self) -> Option<&str> {
        let ended = str_at(&self.0, "/status/operationState/finishedAt");
        let is_under_way = ended.is_empty() && matches!(self.phase(), "Running" | "Terminating");
        (!is_under_way).then_some(ended)
    }

    /// Whether the last operation failed and none is under way.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        matches!(self.phase(), "Failed" | "Error") && !self.is_operating()
    }

    /// Whether only an operation that is asked for can bring the Application to Succeeded at this commit: its last one
    /// failed there, which Argo CD does not try again at the same commit, or failed at another one while there is
    /// nothing left to sync (argo-cd `controller/appcontroller.go`, `autoSync`).
    #[must_use]
    pub fn needs_a_sync_at(&self, revision: &str) -> bool {
        let failed_here = self.synced_revisions().contains(&revision);
        let nothing_to_do = self.sync() == "Synced" && self.is_at(revision);
        self.has_failed() && (failed_here || nothing_to_do)
    }

    /// The resources whose sync failed in the last operation, each with its message.
    #[must_use]
    pub fn failed_resources(&self) -> Vec<String> {
        self.failed()
            .map(|it| format!("{} {}: {}", str_at(it, "/kind"), str_at(it, "/name"), str_at(it, "/message")))
            .collect()
    }

    /// The objects whose sync failed in the last operation, each with the cause.
    pub fn failed_objects(&self) -> impl Iterator<Item = (ObjectRef, &str)> {
        self.failed().map(|it| (named(it), str_at(it, "/message")))
    }

    fn failed(&self) -> impl Iterator<Item = &Value> {
        items(&self.0, "/status/operationState/syncResult/resources").filter(|it| {
            str_at(it, "/status") == "SyncFailed" || matches!(str_at(it, "/hookPhase"), "Failed" | "Error")
        })
    }
}

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

/// The same without another try: whoever asks to see whether a cluster answers wants one answer.
#[must_use]
pub fn trial_operation(application: &Application, revision: &str) -> Value {
    let mut trial = sync_operation(application, revision);
    if let Some(operation) = trial["operation"].as_object_mut() {
        operation.remove("retry");
    }
    trial
}

/// The patch that ends the running operation, as Argo CD's own API server writes it (argo-cd `server/application/application.go`,
/// `TerminateOperation`): the controller takes it from there. Where that is down, see [`super::hold`].
#[must_use]
pub fn end_operation() -> Value {
    json!({"status": {"operationState": {"phase": "Terminating"}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_commit_takes_away_comes_back_by_an_older_sync_alone() {
        let root = |at: &str, phase: &str, of: &str, asked: &str| {
            let operation = |revision: &str| json!({"sync": {"revision": revision}});
            let mut root = json!({"metadata": {"name": "root"}, "spec": {}, "status": {
                "sync": {"status": "Synced", "revision": at},
                "operationState": {"phase": phase, "operation": operation(of)}}});
            if !asked.is_empty() {
                root["operation"] = operation(asked);
            }
            Application(root).may_bring_back("new")
        };
        assert_eq!(root("new", "Succeeded", "old", ""), None, "it is over");
        assert_eq!(root("new", "Running", "new", "new"), None);
        let syncs = Some("root still syncs another commit".to_owned());
        assert_eq!(root("new", "Running", "old", ""), syncs);
        assert_eq!(root("new", "Terminating", "old", ""), syncs);
        assert_eq!(root("new", "Succeeded", "new", "old"), syncs, "it was asked for");
        assert!(root("old", "Succeeded", "old", "").is_some_and(|why| why.contains("not compared with commit new")));
    }

    #[test]
    fn an_operation_on_several_sources_is_for_the_commit_of_any() {
        let app = Application(json!({"metadata": {"name": "a"}, "spec": {"sources": []}, "status": {"operationState":
            {"phase": "Running", "operation": {"sync": {"revisions": ["1.2.3", "new", "new"]}}}}}));
        assert!(app.runs_for("new") && !app.runs_for_another("new"));
        assert!(app.runs_for_another("old") && !app.runs_for("old"));
    }

    #[test]
    fn a_sync_is_asked_for_with_the_options_of_the_application() {
        let app = Application(json!({"spec": {"syncPolicy": {"automated": {"prune": true}, "retry": {"limit": 5},
            "syncOptions": ["ServerSideApply=true"]}}}));
        let operation = sync_operation(&app, "0123456789ab");
        assert_eq!(operation["operation"]["sync"]["syncOptions"], json!(["ServerSideApply=true"]));
        assert_eq!(operation["operation"]["sync"]["prune"], true);
        assert_eq!(operation["operation"]["sync"]["revision"], "0123456789ab");
        assert_eq!(operation["operation"]["retry"]["limit"], 5);
        let trial = trial_operation(&app, "0123456789ab");
        assert_eq!(trial["operation"].get("retry"), None);
        assert_eq!(trial["operation"]["sync"], operation["operation"]["sync"]);
    }
}
