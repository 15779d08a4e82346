//! Operations that were under way for another commit when a wait began.
//!
//! A sync of a commit that has been taken back can wait for its health for ever, and holds up the one that mends it. A sync
//! that fails and is tried again holds up the deletion of its Application.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::application::Application;
use super::operation::end_operation;
use crate::engine::{Cluster, Fault, REQUEST_MANAGER};
use crate::object::str_at;
use crate::pace::paced;

/// How long an operation for another commit may go on. Argo CD itself ends it after 900 s
/// (`controller.sync.timeout.seconds`, as the hub renders it), which is all that a step has by default.
const STALE: Duration = Duration::from_secs(30);

/// How long one for an earlier commit of this run may go on: mostly it brings what is waited for, too. At most a third of the
/// step's time, so that the sync of the commit that is waited for has the rest.
const STALE_OF_OURS: Duration = Duration::from_secs(300);

/// What one wait has seen of them.
pub struct OldOperations {
    since: Instant,
    /// When the operation of each Application began that was its last one at the first look. A later one is of a commit
    /// that somebody made since, and is left alone.
    first: RefCell<BTreeMap<String, String>>,
    ended: RefCell<BTreeSet<String>>,
}

impl Default for OldOperations {
    fn default() -> Self {
        Self { since: Instant::now(), first: RefCell::default(), ended: RefCell::default() }
    }
}

impl OldOperations {
    /// Ends the operation of this Application, once, when it had begun before the wait, has had its time, and is for another
    /// commit or of an Application that is being deleted. `earlier` are the commits that this run has waited for before.
    pub async fn end(
        &self,
        cluster: &Cluster,
        application: &Application,
        revision: &str,
        earlier: &[String],
    ) -> Result<(), Fault> {
        let time_of_ours = STALE_OF_OURS.min(cluster.deadline().total() / 3);
        let is_of_ours = earlier.iter().any(|commit| application.runs_for(commit));
        let time = if is_of_ours { time_of_ours } else { paced(STALE) };
        if self.is_due(application, revision, time, self.since.elapsed()) {
            // One that has ended meanwhile is not to be ended: nobody would take the word back.
            let was_there = cluster.merge_patch_as_read(&application.0, &end_operation(), REQUEST_MANAGER).await?;
            if !was_there {
                self.ended.borrow_mut().remove(application.name());
            }
        }
        Ok(())
    }

    fn is_due(&self, application: &Application, revision: &str, time: Duration, waited: Duration) -> bool {
        let name = application.name();
        let began = str_at(&application.0, "/status/operationState/startedAt");
        let is_old = *self.first.borrow_mut().entry(name.to_owned()).or_insert_with(|| began.to_owned()) == began;
        let is_vain = application.is_being_deleted() && application.phase() == "Running";
        let is_stale = is_vain || application.runs_for_another(revision);
        is_old && is_stale && waited > time && self.ended.borrow_mut().insert(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_began_before_and_is_in_vain_is_ended_and_once() {
        let running = |name: &str, revision: &str, began: &str, deleted: Option<&str>| {
            let metadata = match deleted {
                Some(deleted) => json!({"name": name, "deletionTimestamp": deleted}),
                None => json!({"name": name}),
            };
            Application(json!({"metadata": metadata, "status": {"operationState":
                {"phase": "Running", "startedAt": began, "operation": {"sync": {"revision": revision}}}}}))
        };
        let (old, late) = (OldOperations::default(), STALE * 2);
        assert!(old.is_due(&running("a", "old", "1", None), "new", STALE, late));
        assert!(!old.is_due(&running("a", "old", "1", None), "new", STALE, late), "once");
        assert!(!old.is_due(&running("b", "new", "1", None), "new", STALE, late), "it is the one that is waited for");
        assert!(!old.is_due(&running("b", "newer", "2", None), "new", STALE, late), "somebody has made a commit since");
        assert!(old.is_due(&running("c", "", "1", Some("2")), "new", STALE, late), "it holds up the deletion");
        assert!(
            !OldOperations::default().is_due(&running("a", "old", "1", None), "new", STALE, STALE),
            "it has its time"
        );
    }
}
