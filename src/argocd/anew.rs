//! A comparison of Applications with git and the cluster as they are now, and not as they were a moment ago.
//!
//! Argo CD compares with what it has heard of the cluster, which it takes in in batches. So a moment passes first.
//!
//! A comparison that is under way when it is asked for has seen the state before, and its end says nothing. So a request carries
//! a stamp: Argo CD 3.6 takes one away only by the comparison that had read it when it began, since the patch that
//! takes it tests its value (`controller/appcontroller.go`, `handleRefreshAnnotation`). A comparison that was asked for so is also
//! made without the memory of earlier differences (`controller/state.go`, `useDiffCache`). Older versions know no stamps: there a
//! second answer is waited for, as the comparison that it ends began after the one that the first answer ended.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::application::Application;
use crate::engine::{Changes, Cluster, Fault, REQUEST_MANAGER, absent};
use crate::object::{Identity, annotation, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// How long Argo CD may take to hear of what was written just before. It takes in what its watches tell ten times in a second
/// (gitops-engine 3.6.1 `pkg/cache/cluster.go`, `defaultEventProcessingInterval`), and of a field that it does not know to be its own
/// by then the comparison would say nothing.
const HEARD: Duration = Duration::from_secs(1);
/// Between two looks, where no watch tells of a change.
const PAUSE: Duration = Duration::from_millis(500);
/// When a request is made again that was not answered: the controller does not run, or had failed to read git and does not look
/// again by itself. Each time it is given twice as long, up to the longest: a comparison that takes longer than that ends with
/// another stamp than it had read, and is no answer. Asked for every ten seconds, one of thirteen seconds never was (seen).
const UNANSWERED: Duration = Duration::from_secs(10);
const UNANSWERED_AT_MOST: Duration = Duration::from_secs(160);
/// Answers of a version that knows no stamps after which one of them was to our request.
const ENOUGH: u32 = 2;

/// Waits until Argo CD has compared all of these Applications with git and the cluster as they are now. What is waited for is
/// said under the name of the phase.
pub async fn compare_anew(phase: &str, names: &[impl AsRef<str>], cluster: &Cluster, console: &Console) -> Outcome<()> {
    let deadline = cluster.deadline();
    deadline.pause(HEARD).await;
    let mut awaited: Vec<Awaited> = names.iter().map(|name| Awaited::of(name.as_ref())).collect();
    let mut changes = Changes::of(cluster, awaited.iter().map(|it| argo::application(&it.name)));
    loop {
        let mut missing = Vec::new();
        for it in &mut awaited {
            if !it.look(cluster).await? {
                missing.push(it.name.as_str());
            }
        }
        if missing.is_empty() {
            console.waited(phase);
            return Ok(());
        }
        let missing = missing.join(" and ");
        let why = format!("Argo CD compares {missing} with git and the cluster");
        if deadline.passed() {
            return Err(deadline.missed(&format!("a comparison of Application {missing}")).details([why]));
        }
        deadline.tell(console, phase, why);
        changes.wait(PAUSE).await;
    }
}

/// An Application whose comparison is waited for.
struct Awaited {
    name: String,
    asked: Option<Asked>,
    /// How often a request was taken away without its stamp.
    unstamped: u32,
    is_compared: bool,
}

/// The last request.
struct Asked {
    at: Instant,
    /// How long its answer may take.
    patience: Duration,
    /// When the comparison began that was the last one then, as Argo CD writes it.
    before: String,
}

impl Asked {
    fn is_late(&self) -> bool {
        self.at.elapsed() > self.patience
    }
}

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Ask,
    Wait,
    Done,
}

impl Awaited {
    fn of(name: &str) -> Self {
        Self { name: name.to_owned(), asked: None, unstamped: 0, is_compared: false }
    }

    /// Whether it is compared. Asks for it as often as it takes.
    async fn look(&mut self, cluster: &Cluster) -> Result<bool, Fault> {
        if self.is_compared {
            return Ok(true);
        }
        let Some(live) = cluster.get(&argo::application(&self.name)).await?.map(Application) else { return Ok(false) };
        match self.next(&live) {
            Next::Wait => {}
            Next::Ask => {
                annotate(cluster, &live, &json!({argo::REFRESH: "normal", argo::REFRESH_STAMP: stamp()})).await?;
                let patience = self.asked.as_ref().filter(|it| it.is_late()).map_or(UNANSWERED, |it| it.patience * 2);
                let patience = patience.min(UNANSWERED_AT_MOST);
                self.asked = Some(Asked { at: Instant::now(), patience, before: compared_at(&live).to_owned() });
            }
            Next::Done => {
                if self.asked.is_some() && annotation(&live.0, argo::REFRESH_STAMP).is_some() {
                    annotate(cluster, &live, &json!({argo::REFRESH_STAMP: null})).await?;
                }
                self.is_compared = true;
            }
        }
        Ok(self.is_compared)
    }

    fn next(&mut self, live: &Application) -> Next {
        let Some(asked) = &self.asked else { return Next::Ask };
        let is_pending = annotation(&live.0, argo::REFRESH).is_some();
        // Somebody else's came after ours, and its end is as good.
        let has_stamp = annotation(&live.0, argo::REFRESH_STAMP).is_some();
        let is_late = asked.is_late();
        // With an error there is nothing to compare with, and whoever waits for it next tells the error.
        if !live.bad_conditions().is_empty() && (!is_pending || is_late) {
            return Next::Done;
        }
        if has_stamp && is_pending {
            return if is_late { Next::Ask } else { Next::Wait };
        }
        if has_stamp {
            self.unstamped += 1;
        }
        // The status is written first. Where that has failed, or both began in the same second, nothing shows it.
        let is_shown = compared_at(live) != asked.before;
        if is_shown && (!has_stamp || self.unstamped >= ENOUGH) { Next::Done } else { Next::Ask }
    }
}

async fn annotate(cluster: &Cluster, live: &Application, annotations: &Value) -> Result<(), Fault> {
    let patch = json!({"metadata": {"annotations": annotations}});
    // It may be gone since we looked.
    absent(cluster.merge_patch_of(&Identity::of(&live.0), &patch, REQUEST_MANAGER).await).map(drop)
}

/// One that was never given before. Argo CD's own are times, too (argo-cd `util/argo/argo.go`, `RefreshApp`).
fn stamp() -> String {
    Timestamp::now().to_string()
}

fn compared_at(application: &Application) -> &str {
    str_at(&application.0, "/status/reconciledAt")
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFRESH: &str = argo::REFRESH;
    const STAMP: &str = argo::REFRESH_STAMP;

    fn live(annotations: &Value, compared_at: &str) -> Application {
        Application(json!({"metadata": {"annotations": annotations}, "status": {"reconciledAt": compared_at}}))
    }

    fn asked_before(time: Duration, patience: Duration) -> Awaited {
        let at = Instant::now().checked_sub(time).expect("a clock that runs");
        Awaited { asked: Some(Asked { at, patience, before: "1".to_owned() }), ..Awaited::of("root") }
    }

    fn asked() -> Awaited {
        asked_before(Duration::ZERO, UNANSWERED)
    }

    #[test]
    fn only_the_comparison_that_takes_the_stamp_is_an_answer() {
        assert_eq!(Awaited::of("root").next(&live(&json!({}), "1")), Next::Ask);
        let mut it = asked();
        assert_eq!(it.next(&live(&json!({REFRESH: "normal", STAMP: "s"}), "1")), Next::Wait);
        let of_before = live(&json!({REFRESH: "normal", STAMP: "s"}), "2");
        assert_eq!(it.next(&of_before), Next::Wait, "one that was under way has ended");
        assert_eq!(it.next(&live(&json!({}), "3")), Next::Done);
        assert_eq!(asked().next(&live(&json!({REFRESH: "normal"}), "3")), Next::Done, "somebody has asked since");
    }

    #[test]
    fn an_answer_that_its_time_does_not_show_is_asked_for_again() {
        assert_eq!(asked().next(&live(&json!({}), "1")), Next::Ask);
    }

    #[test]
    fn where_stamps_are_not_known_it_takes_two_answers() {
        let mut it = asked();
        assert_eq!(it.next(&live(&json!({STAMP: "s"}), "2")), Next::Ask);
        assert_eq!(it.next(&live(&json!({STAMP: "s"}), "3")), Next::Done);
    }

    #[test]
    fn an_error_is_for_the_next_wait_to_tell() {
        let mut broken = live(&json!({}), "1");
        broken.0["status"]["conditions"] = json!([{"type": "ComparisonError", "message": "no such path"}]);
        assert_eq!(Awaited::of("root").next(&broken), Next::Ask, "it may be one of before");
        assert_eq!(asked().next(&broken), Next::Done);
        broken.0["metadata"]["annotations"] = json!({REFRESH: "normal", STAMP: "s"});
        assert_eq!(asked().next(&broken), Next::Wait);
    }

    #[test]
    fn a_request_that_nobody_answers_is_made_again_when_its_time_is_over() {
        let pending = live(&json!({REFRESH: "normal", STAMP: "s"}), "1");
        assert_eq!(asked_before(UNANSWERED * 2, UNANSWERED).next(&pending), Next::Ask);
        // The second one has longer, or a comparison that takes so long would never answer the last of them.
        assert_eq!(asked_before(UNANSWERED * 2, UNANSWERED * 4).next(&pending), Next::Wait);
    }
}
