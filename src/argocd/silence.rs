//! The clock of a spoke that gives no answer. Pure.
//!
//! A sync of a spoke that does not answer runs for a while before it says so, and is then asked for again: all of this is one
//! silence. It ends by what only a cluster that answers brings about. As long as nothing was said of the spoke, it may as well
//! be Argo CD that is slow, so no spoke is called silent before.

use std::time::{Duration, Instant};

use super::application::Application;

/// How long a spoke has given no answer, and what Argo CD said of that.
#[derive(Debug, Default)]
pub(super) struct Silence {
    since: Option<Instant>,
    heard: Option<Heard>,
}

/// What Argo CD said last of a request that got no answer.
#[derive(Debug)]
struct Heard {
    why: String,
    is_of_comparison: bool,
}

impl Silence {
    /// Takes in what the Application on this server says now. `before` is when its last operation before this run began.
    /// Answers what it says of a request that got no answer.
    pub fn hear(&mut self, live: &Application, server: &str, before: &str, now: Instant) -> Option<String> {
        let is_of_this_run = live.operation_began() != before;
        let Some(why) = live.no_answer_from(server) else {
            if self.is_compared_anew(live) || is_of_this_run && live.is_answered() {
                *self = Self::default();
            }
            if live.waits_for_first_answer() {
                self.since.get_or_insert(now);
            }
            return None;
        };
        self.since.get_or_insert(now);
        let is_of_comparison = live.sync() == "Unknown";
        // What an operation of an earlier run has said is no news of this spoke.
        if is_of_comparison || is_of_this_run {
            self.heard = Some(Heard { why: why.clone(), is_of_comparison });
        }
        Some(why)
    }

    /// What was said last, where something was.
    pub fn why(&self) -> Option<&str> {
        self.heard.as_ref().map(|it| it.why.as_str())
    }

    /// What was said last of a silence that is longer than this.
    pub fn outlasts(&self, patience: Duration, now: Instant) -> Option<&str> {
        let is_longer = self.since.is_some_and(|since| now.duration_since(since) > patience);
        self.why().filter(|_| is_longer)
    }

    /// Whether a comparison that got no answer was followed by one that did.
    fn is_compared_anew(&self, live: &Application) -> bool {
        let did_not_answer = self.heard.as_ref().is_some_and(|it| it.is_of_comparison);
        did_not_answer && !matches!(live.sync(), "" | "Unknown")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SERVER: &str = "https://127.0.0.1:21202";
    const HANGS: &str = "failed to discover server resources for group version v1: Get \"https://127.0.0.1:21202/api/v1\": net/http: \
                         TLS handshake timeout";
    const PATIENCE: Duration = Duration::from_secs(90);

    /// An Application whose last operation is this one.
    fn operates(phase: &str, began: &str, message: &str, resources: &Value) -> Application {
        Application(json!({"metadata": {"name": "spoke-west.web"}, "status": {
            "sync": {"status": "Synced", "revision": "new"}, "health": {"status": "Healthy"},
            "operationState": {"phase": phase, "startedAt": began, "message": message, "syncResult": {"resources": resources}}}}))
    }

    fn compared(sync: &str, conditions: &Value) -> Application {
        Application(json!({"metadata": {"name": "spoke-west.web"}, "status": {
            "sync": {"status": sync}, "conditions": conditions, "operationState": {"phase": "Succeeded", "startedAt": "0"}}}))
    }

    /// What each look hears, the seconds at which it comes beside it.
    fn after(looks: &[(u64, Application)]) -> (Silence, Instant) {
        let start = Instant::now();
        let mut silence = Silence::default();
        let mut now = start;
        for (second, live) in looks {
            now = start + Duration::from_secs(*second);
            _ = silence.hear(live, SERVER, "0", now);
        }
        (silence, now)
    }

    #[test]
    fn a_sync_that_fails_slowly_again_and_again_is_one_silence() {
        let none = json!([]);
        let mut looks = Vec::new();
        for cycle in 0..4 {
            let (at, began) = (cycle * 30, format!("{}", cycle + 1));
            looks.push((at, operates("Running", &began, "", &none)));
            looks.push((at + 26, operates("Failed", &began, HANGS, &none)));
            looks.push((at + 28, operates("Terminating", &began, "operation is terminating", &none)));
        }
        let (silence, now) = after(&looks);
        let said = "https://127.0.0.1:21202 does not answer: net/http: TLS handshake timeout";
        assert_eq!(silence.outlasts(PATIENCE, now), Some(said));
        let (silence, now) = after(&looks[..7]);
        assert_eq!((silence.outlasts(PATIENCE, now), silence.why()), (None, Some(said)), "it may still answer");
    }

    #[test]
    fn a_hub_that_is_slow_is_no_silence() {
        let running = || operates("Running", "1", "", &json!([]));
        let (silence, now) = after(&[(0, running()), (100, running()), (300, running())]);
        assert_eq!((silence.outlasts(PATIENCE, now), silence.why()), (None, None));
        let of_earlier_run = operates("Failed", "0", HANGS, &json!([]));
        let (silence, now) = after(&[(0, of_earlier_run), (300, running())]);
        assert_eq!(silence.outlasts(PATIENCE, now), None);
    }

    #[test]
    fn what_only_a_spoke_that_answers_brings_about_ends_it() {
        let none = json!([]);
        let resource = |status: &str| json!([{"kind": "ConfigMap", "name": "greeting", "status": status}]);
        let begun = || (0, operates("Failed", "1", HANGS, &none));
        let then = |live: Application| after(&[begun(), (100, live)]).0.why().is_none();
        assert!(then(operates("Running", "2", "", &resource("Synced"))), "an object is applied");
        assert!(then(operates("Succeeded", "2", "", &none)));
        assert!(then(operates("Failed", "2", "namespaces is forbidden", &none)), "it refuses");
        assert!(!then(operates("Running", "2", "", &resource("SyncFailed"))));
        assert!(!then(operates("Running", "2", "", &none)));
    }

    #[test]
    fn a_comparison_ends_that_of_a_comparison_alone() {
        let failed = json!([{"type": "ComparisonError", "message": HANGS}]);
        let dead = || (0, compared("Unknown", &failed));
        assert!(after(&[dead()]).0.why().is_some());
        assert!(after(&[dead(), (9, compared("OutOfSync", &json!([])))]).0.why().is_none());
        let asked = (0, operates("Failed", "1", HANGS, &json!([])));
        // Argo CD compares with what it has in memory.
        assert!(after(&[asked, (9, operates("Running", "2", "", &json!([])))]).0.why().is_some());
    }
}
