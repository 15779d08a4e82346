//! Following an Application to a commit: what Argo CD needs from us on the way, and when waiting is in vain.

use std::collections::{BTreeMap, BTreeSet};

use super::application::{Application, short};
use super::hooks::Hooks;
use super::old_operations::OldOperations;
use super::operation::sync_operation;
use super::pods_of_wait::PodsOfWait;
use super::refusal::{Attempts, remedy};
use super::reminder::Reminders;
use super::schema::{Schema, lacks_a_kind};
use crate::engine::{Cluster, Fault, REQUEST_MANAGER, absent};
use crate::object::Identity;
use crate::report::{Failure, Outcome};

/// Retries of Argo CD in one wait after which waiting is in vain; by the strategy that the hub renders about a minute
/// (10, 20 and 40 s); all five take five. Argo CD's own tries decide about what fails until something else is there.
const VAIN_RETRIES: u64 = 3;

/// What one wait has seen and done so far.
#[derive(Default)]
pub struct Follow {
    /// The operations that were under way when the wait began.
    pub old: OldOperations,
    /// The Applications that a sync was asked of.
    asked: BTreeSet<String>,
    /// How often each had been tried again when the wait began: what failed before may have been mended since.
    retries: BTreeMap<String, u64>,
    /// The comparisons that were asked for.
    pub reminders: Reminders,
    attempts: Attempts,
    /// What to do about what a project does not permit, as of the last look.
    pub(super) remedy: Option<String>,
    /// Whether one could not be compared since Argo CD does not know a kind yet.
    pub(super) lacks_a_kind: bool,
    pub(super) schema: Schema,
    pub(super) hooks: Hooks,
    /// What keeps a hook from going on, as of the last look.
    pub(super) stuck_hook: Option<String>,
    /// The pods that do not come up, of what is not well.
    pub(super) pods: PodsOfWait,
}

impl Follow {
    /// Gives an Application that is not there yet what it waits for.
    ///
    /// One that is behind is compared anew, as [`Reminders`] says. A sync that failed at this commit before we came is asked
    /// for once more, because Argo CD itself never does; a failure after that, or one that outlives Argo CD's first retries, is
    /// an error with its cause. `root` is the Application that brings its project.
    pub(super) async fn help(
        &mut self,
        cluster: &Cluster,
        application: &Application,
        root: Option<&Application>,
        commit: &str,
        only_look: bool,
    ) -> Outcome<()> {
        let name = application.name();
        self.reminders.remind(cluster, application, commit).await?;
        self.lacks_a_kind |= lacks_a_kind(application);
        self.remedy = remedy(application, commit).or(self.remedy.take());
        let stuck = self.hooks.look(cluster, application).await;
        self.stuck_hook = self.stuck_hook.take().or(stuck);
        if let Some(failure) = self.hooks.failure(application, commit) {
            return Err(failure);
        }
        if self.attempts.are_in_vain(application, root, commit) {
            return Err(self.failed(application, commit));
        }
        let retries = application.retries_at(commit);
        let retries_before = *self.retries.entry(name.to_owned()).or_insert(retries);
        if retries >= retries_before + VAIN_RETRIES {
            return Err(self.failed(application, commit));
        }
        if application.needs_a_sync_at(commit) && !only_look {
            if !self.asked.insert(name.to_owned()) {
                return Err(self.failed(application, commit));
            }
            sync_again(cluster, application, commit).await?;
        }
        Ok(())
    }

    /// Has an Application go on to a commit that takes things away. Whether they are gone, others look.
    pub async fn urge(&mut self, cluster: &Cluster, live: &Application, commit: &str) -> Result<(), Fault> {
        self.old.end(cluster, live, commit, &[]).await?;
        if lacks_a_kind(live) {
            self.schema.have_read(cluster).await;
        }
        self.reminders.remind(cluster, live, commit).await
    }

    fn failed(&self, application: &Application, commit: &str) -> Failure {
        sync_failed(application, commit, self.hooks.told(application))
    }
}

/// Asks for a sync of an Application at this commit; of one that is gone meanwhile, of nobody.
pub async fn sync_again(cluster: &Cluster, application: &Application, commit: &str) -> Result<(), Fault> {
    let operation = sync_operation(application, commit);
    absent(cluster.merge_patch_of(&Identity::of(&application.0), &operation, REQUEST_MANAGER).await).map(drop)
}

fn sync_failed(application: &Application, revision: &str, hooks: Vec<String>) -> Failure {
    let name = application.name();
    Failure::failed(format!(
        "Application argocd/{name} failed to sync at {}: {}",
        short(revision),
        application.operation_message()
    ))
    .details([application.failed_resources(), hooks].concat())
    .hint(remedy(application, revision).unwrap_or_else(|| {
        format!(
            "mend the cause in the hub repository or the cluster, then run again; `kubectl -n argocd describe application \
             {name}` shows all of it"
        )
    }))
}
