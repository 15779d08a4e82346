//! What an Application on a spoke says of the spoke. Pure.
//!
//! Argo CD compares with what it has in memory: an Application on a cluster that does not answer stays Synced and Healthy as long
//! as there is nothing new to compare. Only a sync sends requests for certain, so a spoke is reached by one that has
//! succeeded, and by nothing else.

use super::application::Application;
use crate::engine::one_line;
use crate::object::{items, str_at};

/// How Go's client says that a cluster has given no answer.
const NO_ANSWER: [&str; 14] = [
    "connection refused",
    "i/o timeout",
    "no such host",
    "no route to host",
    "network is unreachable",
    "connection reset by peer",
    "TLS handshake timeout",
    "context deadline exceeded",
    "Client.Timeout exceeded",
    "client connection lost",
    "server misbehaving",
    "connection timed out",
    "broken pipe",
    ": EOF",
];

impl Application {
    /// Whether its last operation has reached its cluster: it has succeeded, has synced one of these commits, and is not the one
    /// that began at `before`.
    #[must_use]
    pub fn has_reached(&self, commits: &[&str], before: &str) -> bool {
        let is_of_one = self.synced_revisions().iter().any(|it| commits.contains(it));
        self.phase() == "Succeeded" && !self.is_operating() && is_of_one && self.operation_began() != before
    }

    /// What Argo CD says of a request to this server that got no answer. A webhook or a git host that gives none is another
    /// matter: there the server is not named.
    #[must_use]
    pub fn no_answer_from(&self, server: &str) -> Option<String> {
        let has_failed = matches!(self.phase(), "Running" | "Failed" | "Error");
        let of_operation = Some(self.operation_message()).filter(|_| has_failed);
        let conditions = items(&self.0, "/status/conditions").map(|it| str_at(it, "/message"));
        let mut told = conditions.chain(of_operation).filter(|it| it.contains(server));
        told.find_map(|it| NO_ANSWER.iter().find(|words| it.contains(**words)).map(|_| no_answer(it, server)))
    }

    /// Whether its last operation shows that its cluster answers, where nothing else is said of it: an object is applied or
    /// pruned, or it is over.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        let mut resources = items(&self.0, "/status/operationState/syncResult/resources");
        let is_done = resources.any(|it| matches!(str_at(it, "/status"), "Synced" | "Pruned"));
        is_done || self.has_failed() || self.phase() == "Succeeded" && !self.is_operating()
    }

    /// Whether an operation has begun that has nothing to show yet.
    #[must_use]
    pub fn waits_for_first_answer(&self) -> bool {
        self.phase() == "Running" && items(&self.0, "/status/operationState/syncResult/resources").next().is_none()
    }
}

/// The end of what Go says, which is the cause: what goes before are the calls that came to it.
fn no_answer(message: &str, server: &str) -> String {
    let message = one_line(message);
    let cause = message.rfind(server).map_or(message.as_str(), |at| &message[at..]);
    let cause = cause.split_once("\": ").map_or(cause, |(_, cause)| cause);
    let cause = cause.split_once(". Retrying attempt").map_or(cause, |(cause, _)| cause);
    format!("{server} does not answer: {cause}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SERVER: &str = "https://127.0.0.1:21202";

    fn with(status: &Value) -> Application {
        Application(json!({"metadata": {"name": "spoke-west.web"}, "status": status}))
    }

    #[test]
    fn a_sync_that_succeeded_since_is_an_answer_and_nothing_else() {
        let synced = |phase: &str, commit: &str, began: &str| {
            with(&json!({"sync": {"status": "Synced"}, "health": {"status": "Healthy"},
                "operationState": {"phase": phase, "startedAt": began, "syncResult": {"revision": commit}}}))
        };
        assert!(synced("Succeeded", "new", "2").has_reached(&["new"], "1"));
        assert!(synced("Succeeded", "earlier", "2").has_reached(&["new", "earlier"], "1"), "of this run");
        assert!(!synced("Succeeded", "new", "1").has_reached(&["new"], "1"), "it was there before");
        assert!(!synced("Succeeded", "old", "2").has_reached(&["new"], "1"));
        assert!(!synced("Running", "new", "2").has_reached(&["new"], "1"));
    }

    /// As Argo CD 3.6.1 says it of a cluster whose API server has ended.
    #[test]
    fn no_answer_is_told_from_a_refusal_and_from_that_of_others() {
        let compared = with(
            &json!({"conditions": [{"type": "ComparisonError", "message": "Failed to compare desired state to live \
            state: failed to calculate diff: error calculating server side diff: serverSideDiff error: error running server side \
            apply in dryrun mode for resource ConfigMap/greeting: Patch \"https://127.0.0.1:21202/api/v1/namespaces/web/configmaps/\
            greeting?dryRun=All&fieldManager=argocd-controller&force=true\": dial tcp 127.0.0.1:21202: connect: connection refused"}]}),
        );
        let cause = format!("{SERVER} does not answer: dial tcp 127.0.0.1:21202: connect: connection refused");
        assert_eq!(compared.no_answer_from(SERVER).as_deref(), Some(cause.as_str()));
        let operated =
            |phase: &str, message: &str| with(&json!({"operationState": {"phase": phase, "message": message}}));
        let refused = "one or more synchronization tasks are not valid: failed to discover server resources for group version v1: \
                       Get \"https://127.0.0.1:21202/api/v1?timeout=32s\": dial tcp 127.0.0.1:21202: connect: connection refused. \
                       Retrying attempt #1 at 2026-11-29T14:12:21Z.";
        assert_eq!(operated("Running", refused).no_answer_from(SERVER).as_deref(), Some(cause.as_str()));
        assert_eq!(operated("Succeeded", refused).no_answer_from(SERVER), None, "it is over");
        for other in [
            "Get \"https://127.0.0.1:21202/api/v1\": Unauthorized",
            "failed calling webhook \"w\": Post \"https://w.web.svc:443/\": dial tcp 10.0.0.1:443: connect: connection refused",
            "failed to list refs: dial tcp 127.0.0.1:20000: connect: connection refused",
        ] {
            assert_eq!(operated("Failed", other).no_answer_from(SERVER), None, "{other}");
        }
    }
}
