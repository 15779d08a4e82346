//! Asking Argo CD to compare an Application with git now, as often as it takes and no more.
//!
//! By itself Argo CD looks at git every two to three minutes. A request is an annotation, which Argo CD takes away at the
//! end of whatever comparison is under way, so one may be lost. But every comparison costs: with server-side diff each
//! object is sent to the API server as a dry run, and the definitions of Argo CD's own kinds alone take it some two seconds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use super::application::Application;
use crate::engine::{Cluster, Fault, REQUEST_MANAGER, absent};
use crate::object::{Identity, annotation};
use crate::words::argo;

/// When a request that was answered, and did not help, is made again; each time twice as long, up to the longest. The first
/// one leaves room for a comparison of Argo CD's own kinds.
const AGAIN: Duration = Duration::from_secs(3);
const AGAIN_AT_LEAST: Duration = Duration::from_secs(30);
/// When one is made again that Argo CD has not answered at all: a comparison is under way, or the controller does not run.
const UNANSWERED: Duration = Duration::from_secs(10);
/// When an Application is asked for that has no need of it, in case Argo CD has missed something.
const FIRST_DOUBT: Duration = Duration::from_secs(10);
/// How often after that. Every ten seconds, for all Applications, kept a small cluster busy with nothing else (seen).
const IN_DOUBT: Duration = Duration::from_secs(60);

/// What one wait has asked for.
pub struct Reminders {
    began: Instant,
    asked: RefCell<BTreeMap<String, Asked>>,
}

#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    times: u32,
}

impl Default for Reminders {
    fn default() -> Self {
        Self { began: Instant::now(), asked: RefCell::default() }
    }
}

impl Reminders {
    /// Asks for a comparison when the last one was not with this commit, or came to nothing; else once in a while.
    pub async fn remind(&self, cluster: &Cluster, live: &Application, commit: &str) -> Result<(), Fault> {
        if live.is_behind(commit) {
            return self.ask(cluster, live).await;
        }
        let (since, pause) = match self.last(live) {
            None => (self.began, FIRST_DOUBT),
            Some(asked) => (asked.at, IN_DOUBT),
        };
        if since.elapsed() > pause { self.send(cluster, live).await } else { Ok(()) }
    }

    /// Asks for a comparison, as often as it takes until the caller has seen it.
    pub async fn ask(&self, cluster: &Cluster, live: &Application) -> Result<(), Fault> {
        let is_pending = annotation(&live.0, argo::REFRESH).is_some();
        let is_due = self.last(live).is_none_or(|asked| asked.at.elapsed() > pause(asked.times, is_pending));
        if is_due { self.send(cluster, live).await } else { Ok(()) }
    }

    fn last(&self, live: &Application) -> Option<Asked> {
        self.asked.borrow().get(live.name()).copied()
    }

    async fn send(&self, cluster: &Cluster, live: &Application) -> Result<(), Fault> {
        let name = live.name();
        let times = self.last(live).map_or(0, |asked| asked.times) + 1;
        self.asked.borrow_mut().insert(name.to_owned(), Asked { at: Instant::now(), times });
        let patch = json!({"metadata": {"annotations": {argo::REFRESH: "normal"}}});
        // It may be gone since we looked.
        absent(cluster.merge_patch_of(&Identity::of(&live.0), &patch, REQUEST_MANAGER).await).map(drop)
    }
}

/// How long the next request has to wait when so many were made before it.
fn pause(times: u32, is_pending: bool) -> Duration {
    let answered = AGAIN * 2_u32.saturating_pow(times.saturating_sub(1).min(8));
    if is_pending { UNANSWERED } else { answered.min(AGAIN_AT_LEAST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_help_is_asked_for_less_and_less() {
        let seconds: Vec<u64> = (1..=6).map(|times| pause(times, false).as_secs()).collect();
        assert_eq!(seconds, [3, 6, 12, 24, 30, 30]);
        assert_eq!(pause(1, true), UNANSWERED);
    }
}
