//! Whether Argo CD comes to a cluster: a sync that is asked for, and what becomes of just this one.
//!
//! What an Application says of itself is no answer. Argo CD goes on with what it remembers of a cluster that died, and
//! calls what is there Synced and Healthy for hours. A sync sends requests.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::application::Application;
use super::claim::State;
use super::operation::end_operation;
use crate::engine::{Cluster, Deadline, Fault, REQUEST_MANAGER, absent, growing_pauses, one_line};
use crate::object::{Identity, ObjectRef, items, str_at};
use crate::words::{argo, spoke};

/// How a probe is synced. Its namespace on the spoke is made by nobody else.
pub const PROBE_OPTIONS: [&str; 2] = ["CreateNamespace=true", "ServerSideApply=true"];
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
    /// It has failed, for this reason.
    Silent(String),
    /// It has not ended in time, for this reason.
    Late(String),
    /// There is no probe to ask for, for this reason.
    NoProbe(String),
}

/// Asks for a sync of the probe of a spoke, and waits for its end. No other operation is taken for it: one that is under way
/// is waited for, and where another one has taken its place it is asked for again. It is tried once, but while Argo CD has
/// not heard of the cluster. What has not ended at the deadline is ended, since Argo CD works on few operations at a time.
pub async fn ask(cluster: &Cluster, spoke: &str, deadline: Deadline) -> Result<Answer, Fault> {
    let probe = spoke::probe(spoke);
    let mut mark: Option<String> = None;
    let mut pauses = growing_pauses();
    loop {
        let Some(live) = cluster.get(&probe).await?.map(Application) else {
            return Ok(Answer::NoProbe(format!("{probe} is not there")));
        };
        if let Some(why) = why_not_the_probe(&live, spoke) {
            return Ok(Answer::NoProbe(format!("{probe} is not its probe: {why}")));
        }
        let why = match Next::after(&live, mark.as_deref()) {
            Next::Prove(at) => return Ok(Answer::Proven(at)),
            Next::GiveUp(why) => return Ok(Answer::Silent(why)),
            Next::Wait(why) => why,
            Next::Compare(why) => {
                let compare = json!({"metadata": {"annotations": {argo::REFRESH: "normal"}}});
                cluster.merge_patch_as_read(&live.0, &compare, REQUEST_MANAGER).await?;
                mark = None;
                why
            }
            Next::Ask => {
                let new = format!("{} {}", Timestamp::now(), std::process::id());
                if cluster.merge_patch_as_read(&live.0, &request(&new), REQUEST_MANAGER).await? {
                    mark = Some(new);
                }
                "Argo CD has not begun the sync".to_owned()
            }
        };
        if deadline.passed() {
            if let Some(mark) = &mark {
                end(cluster, &probe, mark).await?;
            }
            return Ok(Answer::Late(format!("{why}, within {} s", deadline.total().as_secs())));
        }
        deadline.pause(pauses.next().unwrap_or_default()).await;
    }
}

/// Notes on the Secret of a spoke when Argo CD came there.
pub async fn note_proof(cluster: &Cluster, secret: &Identity, at: &str, manager: &str) -> Result<(), Fault> {
    let noted = json!({"metadata": {"annotations": {spoke::PROVEN: at}}});
    absent(cluster.merge_patch_of(secret, &noted, manager).await)?;
    Ok(())
}

/// Ends the sync with the mark, unless it has ended.
async fn end(cluster: &Cluster, probe: &ObjectRef, mark: &str) -> Result<(), Fault> {
    let Some(live) = cluster.get(probe).await?.map(Application) else { return Ok(()) };
    if let Some(ending) = ending(&live, mark) {
        cluster.merge_patch_as_read(&live.0, &ending, REQUEST_MANAGER).await?;
    }
    Ok(())
}

/// Why an Application with the name of a spoke's probe is none: somebody may have made it for something else, and a sync of
/// it would prove nothing of the spoke.
fn why_not_the_probe(live: &Application, spoke: &str) -> Option<String> {
    let label = live.0.pointer("/metadata/labels").and_then(|it| it.get(spoke::SPOKE)).and_then(Value::as_str);
    let of = |at: &str| str_at(&live.0, at);
    [
        (format!("label {}", spoke::SPOKE), label.unwrap_or_default(), spoke),
        ("project".to_owned(), of("/spec/project"), spoke::PROJECT),
        ("destination.name".to_owned(), of("/spec/destination/name"), spoke),
    ]
    .into_iter()
    .find(|(_, is, wanted)| is != wanted)
    .map(|(what, is, wanted)| format!("its {what} is `{is}`, and not `{wanted}`"))
}

/// A sync of the head of the branch, which prunes nothing, without retries: a cluster that does not answer would never come
/// to an end. Its options are those of the probe as we write it, whatever somebody has made of them since.
fn request(mark: &str) -> Value {
    json!({"operation": {
        "initiatedBy": {"username": "backstack"},
        "info": [{"name": MARK, "value": mark}],
        "sync": {"syncStrategy": {"hook": {}}, "prune": false, "syncOptions": PROBE_OPTIONS},
    }})
}

/// The patch that ends the sync with the mark; nothing when it has ended, or another one has taken its place.
fn ending(live: &Application, mark: &str) -> Option<Value> {
    let is_asked_for = bears(live, "/operation", mark);
    if bears(live, OPERATED, mark) {
        return (is_asked_for && live.is_operating()).then(end_operation);
    }
    let has_not_begun = !matches!(live.phase(), "Running" | "Terminating");
    (is_asked_for && has_not_begun).then(|| json!({"operation": null}))
}

/// Where an Application has the operation that is under way, or was the last.
const OPERATED: &str = "/status/operationState/operation";

fn bears(live: &Application, operation: &str, mark: &str) -> bool {
    let is_it = |info: &Value| str_at(info, "/name") == MARK && str_at(info, "/value") == mark;
    items(&live.0, &format!("{operation}/info")).any(is_it)
}

/// What is to be done after a look.
#[derive(Debug, PartialEq)]
enum Next {
    Prove(String),
    GiveUp(String),
    Wait(String),
    /// The sync was asked for too early: the Application has to be compared, and the sync to be asked for again.
    Compare(String),
    Ask,
}

impl Next {
    /// After a look at the Application, where a sync with this mark was asked for.
    fn after(live: &Application, mark: Option<&str>) -> Self {
        match mark {
            Some(mark) if bears(live, OPERATED, mark) => Self::after_the_sync(live),
            Some(mark) if bears(live, "/operation", mark) => Self::Wait("Argo CD has not begun the sync".to_owned()),
            _ if live.is_operating() => Self::Wait("another sync of it has not ended".to_owned()),
            _ => Self::Ask,
        }
    }

    fn after_the_sync(live: &Application) -> Self {
        let message = one_line(live.operation_message());
        let why = match live.failed_resources().first() {
            Some(of_object) => format!("{message}: {}", one_line(of_object)),
            None => message,
        };
        match live.phase() {
            "Succeeded" => Self::Prove(str_at(&live.0, "/status/operationState/finishedAt").to_owned()),
            _ if live.is_operating() => {
                Self::Wait(if why.is_empty() { "the sync has not ended".to_owned() } else { why })
            }
            _ if why.contains(UNHEARD_OF) => Self::Compare(why),
            _ => Self::GiveUp(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(mark: &str) -> Value {
        json!({"info": [{"name": MARK, "value": mark}], "sync": {}})
    }

    fn probe(mark: &str, phase: &str, message: &str) -> Application {
        Application(json!({"spec": {}, "status": {"operationState": {
            "phase": phase, "message": message, "finishedAt": "2026-11-29T12:00:00Z", "operation": operation(mark)}}}))
    }

    /// The same with an operation that is asked for.
    fn asked(mark: &str, live: Application) -> Application {
        let mut live = live;
        live.0["operation"] = operation(mark);
        live
    }

    #[test]
    fn only_the_sync_that_was_asked_for_counts() {
        let step = |live: &Application| Next::after(live, Some("now"));
        assert_eq!(step(&probe("now", "Succeeded", "")), Next::Prove("2026-11-29T12:00:00Z".to_owned()));
        assert!(matches!(step(&asked("now", probe("before", "Succeeded", ""))), Next::Wait(_)));
        assert_eq!(step(&probe("now", "Failed", "dial tcp")), Next::GiveUp("dial tcp".to_owned()));
        assert_eq!(step(&asked("now", probe("now", "Running", "waits"))), Next::Wait("waits".to_owned()));
        let early = step(&probe("now", "Error", "InvalidSpecError: there are no clusters with this name: a"));
        assert!(matches!(early, Next::Compare(_)));
        let twice = step(&probe("now", "Error", "there are 2 clusters with the same name: [a b]"));
        assert!(matches!(twice, Next::GiveUp(_)));
    }

    #[test]
    fn a_sync_that_another_one_has_displaced_is_asked_for_again_after_that_one() {
        for (live, mark, step) in [
            (Application(json!({})), None, Next::Ask),
            (probe("other", "Succeeded", ""), None, Next::Ask),
            (probe("other", "Succeeded", ""), Some("now"), Next::Ask),
            (probe("other", "Failed", "no such commit"), Some("now"), Next::Ask),
        ] {
            assert_eq!(Next::after(&live, mark), step, "{live:?}");
        }
        for live in [probe("other", "Running", ""), asked("other", probe("before", "Succeeded", ""))] {
            for mark in [None, Some("now")] {
                let waits = Next::Wait("another sync of it has not ended".to_owned());
                assert_eq!(Next::after(&live, mark), waits, "{live:?}");
            }
        }
    }

    #[test]
    fn what_is_ended_is_our_own_sync_while_it_is_one() {
        let running = asked("now", probe("now", "Running", ""));
        assert_eq!(ending(&running, "now"), Some(end_operation()));
        assert_eq!(ending(&asked("now", probe("before", "Succeeded", "")), "now"), Some(json!({"operation": null})));
        for live in [
            probe("now", "Failed", ""),
            asked("other", probe("other", "Running", "")),
            asked("other", probe("now", "Succeeded", "")),
        ] {
            assert_eq!(ending(&live, "now"), None, "{live:?}");
        }
    }

    #[test]
    fn a_sync_is_asked_for_at_the_head_and_once_and_prunes_nothing() {
        let operation = &request("now")["operation"];
        assert_eq!(operation["sync"].get("revision"), None);
        assert_eq!(operation["sync"]["prune"], false);
        assert_eq!(operation["sync"]["syncOptions"], json!(["CreateNamespace=true", "ServerSideApply=true"]));
        assert_eq!(operation.get("retry"), None);
    }

    #[test]
    fn an_application_that_only_has_the_name_of_a_probe_is_none() {
        let live = |label: &str, project: &str, destination: &Value| {
            Application(json!({"metadata": {"name": "spoke-east", "labels": {spoke::SPOKE: label}},
                "spec": {"project": project, "destination": destination}}))
        };
        let (east, west) = (json!({"name": "east"}), json!({"name": "west"}));
        assert_eq!(why_not_the_probe(&live("east", "spokes", &east), "east"), None);
        for (other, why) in [
            (live("west", "spokes", &east), "its label backstack.dev/spoke is `west`, and not `east`"),
            (live("east", "default", &east), "its project is `default`, and not `spokes`"),
            (live("east", "spokes", &west), "its destination.name is `west`, and not `east`"),
            (live("east", "spokes", &json!({"server": "https://east"})), "its destination.name is ``, and not `east`"),
            (Application(json!({})), "its label backstack.dev/spoke is ``, and not `east`"),
        ] {
            assert_eq!(why_not_the_probe(&other, "east").as_deref(), Some(why));
        }
    }
}
