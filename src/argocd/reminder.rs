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
use crate::argo;
use crate::engine::{Cluster, Fault, FaultKind, REQUEST_MANAGER};
use crate::object::annotation;

/// When a request that was answered, and did not help, is made again.
const AGAIN: Duration = Duration::from_secs(3);
/// When one is made again that Argo CD has not answered at all.
const UNANSWERED: Duration = Duration::from_secs(10);
/// How often an Application is asked for that has no need of it, in case Argo CD has missed something.
const IN_DOUBT: Duration = Duration::from_secs(60);

/// What one wait has asked for.
pub struct Reminders {
    began: Instant,
    asked: RefCell<BTreeMap<String, Instant>>,
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
            self.ask(cluster, live).await
        } else {
            self.ask_after(cluster, live, IN_DOUBT).await
        }
    }

    /// Asks for a comparison, as often as it takes until the caller has seen it.
    pub async fn ask(&self, cluster: &Cluster, live: &Application) -> Result<(), Fault> {
        let is_asked = self.asked.borrow().contains_key(live.name());
        let is_pending = annotation(&live.0, argo::REFRESH).is_some();
        let pause = match (is_asked, is_pending) {
            (false, _) => Duration::ZERO,
            (true, true) => UNANSWERED,
            (true, false) => AGAIN,
        };
        self.ask_after(cluster, live, pause).await
    }

    async fn ask_after(&self, cluster: &Cluster, live: &Application, pause: Duration) -> Result<(), Fault> {
        let name = live.name();
        let last = self.asked.borrow().get(name).copied().unwrap_or(self.began);
        if last.elapsed() < pause {
            return Ok(());
        }
        self.asked.borrow_mut().insert(name.to_owned(), Instant::now());
        let patch = json!({"metadata": {"annotations": {argo::REFRESH: "normal"}}});
        match cluster.merge_patch(&argo::application(name), &patch, REQUEST_MANAGER).await {
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(()), // gone since we looked
            answer => answer.map(|_| ()),
        }
    }
}
