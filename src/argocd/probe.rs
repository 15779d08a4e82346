//! Whether Argo CD comes to a cluster: a sync that is asked for, and what becomes of just this one.
//!
//! What an Application says of itself is no answer. Argo CD goes on with what it remembers of a cluster that died, and
//! calls what is there Synced and Healthy for hours. A sync sends requests.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::application::Application;
use super::claim::State;
use super::operation::trial_operation;
use crate::argo;
use crate::engine::{Cluster, Deadline, REQUEST_MANAGER, absent, growing_pauses, one_line};
use crate::object::{Identity, ObjectRef, items, str_at};
use crate::report::Outcome;

/// The name under which a sync carries the mark by which it is known again.
const MARK: &str = "backstack-probe";
/// How Argo CD says that it has not heard yet of a cluster that is registered (argo-cd `util/argo/argo.go`).
const UNHEARD_OF: &str = "there are no clusters with this name";

/// A cluster that was asked, or was not, as the proof tells it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Its name, or that of its Secret where this says nothing.
    pub spoke: String,
    /// Whether Argo CD came there.
    pub state: State,
    /// When, or why not.
    pub detail: String,
}

/// What became of a sync that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has succeeded, at this time as Argo CD writes it.
    Proven(String),
    /// It has not, for this reason.
    Silent(String),
    /// There is no such Application.
    NoProbe,
}

/// Asks for a sync of the Application, and waits for its end. No other operation is taken for it; one that is under way is
/// waited for. It is tried once, but while Argo CD has not heard of the cluster.
pub async fn ask(cluster: &Cluster, application: &ObjectRef, deadline: Deadline) -> Outcome<Answer> {
    let mut mark: Option<String> = None;
    let mut pauses = growing_pauses();
    loop {
        let Some(live) = cluster.get(application).await?.map(Application) else { return Ok(Answer::NoProbe) };
        let why = match mark.as_deref().map(|mark| said(&live, mark)) {
            Some(Said::Yes(at)) => return Ok(Answer::Proven(at)),
            Some(Said::No(why)) => return Ok(Answer::Silent(why)),
            Some(Said::Nothing(why)) => why,
            Some(Said::TooEarly(why)) => {
                let compare = json!({"metadata": {"annotations": {argo::REFRESH: "normal"}}});
                absent(cluster.merge_patch_of(&Identity::of(&live.0), &compare, REQUEST_MANAGER).await)?;
                mark = None;
                why
            }
            None if live.is_operating() => "an older sync of it has not ended".to_owned(),
            None => {
                let new = format!("{} {}", Timestamp::now(), std::process::id());
                absent(cluster.merge_patch_of(&Identity::of(&live.0), &request(&live, &new), REQUEST_MANAGER).await)?;
                mark = Some(new);
                "Argo CD has not begun the sync".to_owned()
            }
        };
        if deadline.passed() {
            return Ok(Answer::Silent(format!("{why}, within {} s", deadline.total().as_secs())));
        }
        deadline.pause(pauses.next().unwrap_or_default()).await;
    }
}

/// A sync of the head of the branch, without retries: a cluster that does not answer would never come to an end.
fn request(live: &Application, mark: &str) -> Value {
    let mut patch = trial_operation(live, "");
    if let Some(sync) = patch["operation"]["sync"].as_object_mut() {
        sync.remove("revision");
    }
    patch["operation"]["info"] = json!([{"name": MARK, "value": mark}]);
    patch
}

/// What an Application says of the sync with a mark.
#[derive(Debug, PartialEq)]
enum Said {
    Yes(String),
    No(String),
    Nothing(String),
    /// It was asked too early, and has to be asked again.
    TooEarly(String),
}

fn said(live: &Application, mark: &str) -> Said {
    let is_it = |info: &Value| str_at(info, "/name") == MARK && str_at(info, "/value") == mark;
    let is_under_way = live.0.get("operation").is_some() || live.phase() == "Running";
    if !items(&live.0, "/status/operationState/operation/info").any(is_it) {
        return Said::Nothing("Argo CD has not begun the sync".to_owned());
    }
    let message = one_line(live.operation_message());
    let failed = live.failed_resources();
    let why = match failed.first() {
        Some(of_object) => format!("{message}: {}", one_line(of_object)),
        None => message,
    };
    match live.phase() {
        "Succeeded" => Said::Yes(str_at(&live.0, "/status/operationState/finishedAt").to_owned()),
        _ if is_under_way => Said::Nothing(if why.is_empty() { "the sync has not ended".to_owned() } else { why }),
        _ if why.contains(UNHEARD_OF) => Said::TooEarly(why),
        _ => Said::No(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(mark: &str, phase: &str, message: &str) -> Application {
        let operation = json!({"info": [{"name": MARK, "value": mark}], "sync": {}});
        Application(json!({"spec": {}, "status": {"operationState": {
            "phase": phase, "message": message, "finishedAt": "2026-11-29T12:00:00Z", "operation": operation}}}))
    }

    #[test]
    fn only_the_sync_that_was_asked_for_counts() {
        assert_eq!(said(&probe("now", "Succeeded", ""), "now"), Said::Yes("2026-11-29T12:00:00Z".to_owned()));
        assert!(matches!(said(&probe("before", "Succeeded", ""), "now"), Said::Nothing(_)));
        assert!(matches!(said(&Application(json!({})), "now"), Said::Nothing(_)));
        assert_eq!(said(&probe("now", "Failed", "dial tcp"), "now"), Said::No("dial tcp".to_owned()));
        assert_eq!(said(&probe("now", "Running", "waits"), "now"), Said::Nothing("waits".to_owned()));
        let early = said(&probe("now", "Error", "InvalidSpecError: there are no clusters with this name: a"), "now");
        assert!(matches!(early, Said::TooEarly(_)));
        let twice = said(&probe("now", "Error", "there are 2 clusters with the same name: [a b]"), "now");
        assert!(matches!(twice, Said::No(_)));
    }

    #[test]
    fn a_sync_is_asked_for_at_the_head_and_once() {
        let live = Application(json!({"spec": {"source": {}, "syncPolicy": {
            "retry": {"limit": 5}, "syncOptions": ["ServerSideApply=true"]}}}));
        let operation = &request(&live, "now")["operation"];
        assert_eq!(operation["sync"].get("revision"), None);
        assert_eq!(operation["sync"]["syncOptions"], json!(["ServerSideApply=true"]));
        assert_eq!(operation.get("retry"), None);
    }
}
