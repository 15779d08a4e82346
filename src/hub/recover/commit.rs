//! The rendered files of the branch as the proven commit has them, by a commit on top of those that broke the hub.

use serde_json::Value;

use super::Recovery;
use super::source::objects_of;
use crate::argocd::application::short;
use crate::git::{Access, Published, Since};
use crate::publish::{self, Leaving, Restored};
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::{Losses, since};

/// How it stands with the branch.
pub enum BranchState {
    /// Its rendered files are those of the proven commit.
    At(Box<Published>),
    /// It does not take the commit, which is on a branch beside it.
    Beside {
        /// That branch.
        branch: String,
        /// Why.
        why: Box<Failure>,
    },
    /// Nothing was committed.
    Refused(Box<Failure>),
    /// Nobody knows.
    Unreached(String),
}

impl BranchState {
    /// Says what was committed, and where.
    pub fn tell(&self, console: &Console) {
        match self {
            Self::At(published) => {
                let Published { revision, committed, changed, .. } = &**published;
                let what = if *committed {
                    format!("{} brought back", counted(changed.len(), "file"))
                } else {
                    "no change".to_owned()
                };
                console.done("commit", format!("{revision}  {what}"));
                for change in changed {
                    console.done("back", &change.path);
                }
            }
            Self::Beside { branch, why } => {
                console.done("commit", format!("on branch {branch}, since the branch of the hub does not take it"));
                tell_failure(why, console);
            }
            Self::Refused(why) => tell_failure(why, console),
            Self::Unreached(_) => {}
        }
    }

    /// What brings Argo CD up: as the branch has it, else as it was proven.
    pub fn objects(&self, proven: &[Value]) -> Outcome<Vec<Value>> {
        match self {
            Self::At(published) => objects_of(&published.tree),
            _ => Ok(proven.to_vec()),
        }
    }

    /// Why the hub has to stay held, and what finishes it.
    pub fn in_the_way(&self) -> (String, String) {
        match self {
            Self::At(_) => (String::new(), String::new()),
            Self::Beside { branch, why } => (
                format!("the branch of the hub still has what broke it: {}", why.message),
                format!("merge branch {branch} into it, then run again: that finishes it"),
            ),
            Self::Refused(why) => (
                format!("the branch of the hub still has what broke it: {}", why.message),
                why.hint.clone().unwrap_or_default() + "; then run again: that finishes it",
            ),
            Self::Unreached(why) => (why.clone(), "run again when git can be reached: that finishes it".to_owned()),
        }
    }
}

fn tell_failure(failure: &Failure, console: &Console) {
    console.say(format!("warning: {}", failure.message));
    failure.details.iter().for_each(|line| console.say(format!("  {line}")));
}

impl Recovery<'_> {
    /// Brings the branch back. Whatever keeps it from that is no failure yet: the cluster can do without until the next run.
    pub(super) async fn bring_git_back(&self) -> BranchState {
        match self.restored().await {
            Ok(Restored::Done(published)) => BranchState::At(Box::new(published)),
            Ok(Restored::Beside { branch, why }) => BranchState::Beside { branch, why: Box::new(why) },
            Err(failure) => BranchState::Refused(Box::new(failure)),
        }
    }

    /// Refuses what going back would take away and nobody has named, before anything is held. What cannot be asked now is asked
    /// again with the commit.
    pub(super) async fn refuse_losses(&self) -> Outcome<()> {
        let end = self.cluster.deadline().end();
        let asked = async {
            let leaving = publish::foresee_restored(&self.onward().await?, &self.proven.revision, end).await?;
            Losses::of(&leaving, self.cluster).await
        };
        match asked.await {
            Ok(losses) => losses.refuse(&self.step.may_remove),
            Err(why) => {
                self.console.say(format!("warning: what going back takes away is not known yet: {}", why.message));
                Ok(())
            }
        }
    }

    async fn restored(&self) -> Outcome<Restored> {
        let to = &self.proven.revision;
        let admit = async |leaving: &Leaving| {
            Losses::of(leaving, self.cluster).await?.admit(&self.step.may_remove, self.console)
        };
        let message = format!("Bring the rendered files back to {}, the last proven commit", short(to));
        let end = self.cluster.deadline().end();
        publish::restore(&self.onward().await?, to, &message, end, admit).await
    }

    /// The branch has to go on from the proven commit. What root has synced last may be of another repository by now.
    pub(super) async fn onward(&self) -> Outcome<Access> {
        let live = since(self.cluster, self.step.accept_history.as_ref()).await?.unwrap_or_default();
        let since = Since { commit: Some(self.proven.revision.clone()), ..live };
        Ok(Access { since: Some(since), ..self.access.clone() })
    }
}
