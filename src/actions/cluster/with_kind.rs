//! A cluster that kind makes.

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::maker::{Maker, Remnant};
use super::may_remove::MayRemove;
use super::record::{By, Kept, Origin, Phase};
use crate::actions::found::Found;
use crate::kind::Kind;
use crate::process::TemporaryFolder;
use crate::report::{Console, Failure, Outcome};
use crate::spec::KindCluster;

/// The program and the cluster of the step.
pub struct WithKind<'s> {
    pub program: Kind,
    pub cluster: &'s KindCluster,
    pub console: &'s Console,
}

/// What is to be done for a cluster of this name.
#[derive(Debug, PartialEq, Eq)]
enum Todo {
    /// It is there.
    Nothing,
    /// Make it; where making it was torn apart, when what is there of it is gone.
    Make { after_deletion: bool },
    /// It was there before this installation.
    Adopt,
}

/// What a list of clusters means beside the record.
fn todo(is_listed: bool, kept: &Kept) -> Todo {
    let known = kept.record.as_ref().filter(|it| it.phase != Phase::Destroyed);
    match known {
        _ if !is_listed => Todo::Make { after_deletion: false },
        None => Todo::Adopt,
        Some(record) if record.phase == Phase::Making && record.from_nothing && record.uid.is_none() => {
            Todo::Make { after_deletion: true }
        }
        Some(_) => Todo::Nothing,
    }
}

impl WithKind<'_> {
    async fn is_listed(&self) -> Outcome<bool> {
        Ok(self.program.clusters().await?.contains(&self.cluster.name))
    }

    fn name(&self) -> &str {
        &self.cluster.name
    }
}

impl Maker for WithKind<'_> {
    const BY: By = By::Kind;
    /// Whether the cluster is there.
    type Removal = bool;

    async fn make(&self, kept: &mut Kept, _: &MayRemove, _: &mut Found) -> Outcome<()> {
        let todo = todo(self.is_listed().await?, kept);
        let made_as = Some(self.name().to_owned());
        let after_deletion = match todo {
            Todo::Nothing => {
                self.console.done("kind", format!("the cluster {} is there", self.name()));
                return Ok(());
            }
            Todo::Adopt => return kept.begin(false, made_as, Timestamp::now()),
            Todo::Make { after_deletion } => after_deletion,
        };
        if after_deletion {
            self.console
                .done("kind", format!("what a run left of the cluster {} that was broken off is deleted", self.name()));
            self.program.delete(self.name()).await?;
        }
        if !kept.record.as_ref().is_some_and(|it| it.phase == Phase::Making) {
            kept.forget(); // whatever was there of this name is gone
        }
        kept.begin(true, made_as, Timestamp::now())?;
        self.console.done("kind", format!("makes the cluster {}, which takes a minute or more", self.name()));
        let folder = TemporaryFolder::new("kind")?;
        self.program.create(self.cluster, &folder.path().join("kubeconfig")).await?;
        self.console.done("kind", format!("the cluster {} is made", self.name()));
        kept.change(|record| record.phase = Phase::Unfinished)
    }

    async fn holds_anything(&self) -> Outcome<bool> {
        self.is_listed().await
    }

    async fn kubeconfig(&self, _: &mut Found) -> Outcome<Option<Zeroizing<String>>> {
        match self.program.kubeconfig(self.cluster).await? {
            Ok(text) => Ok(Some(text)),
            Err(why) => {
                self.console.say(format!("kind has no kubeconfig of the cluster {}: {why}", self.name()));
                Ok(None)
            }
        }
    }

    async fn remnant(&self, kept: &Kept, may_remove: &MayRemove) -> Outcome<Remnant> {
        let name = self.name();
        Ok(match (self.is_listed().await?, &kept.record) {
            (false, _) => Remnant::Nothing(format!("kind has no cluster {name}")),
            (true, None) if may_remove.has_state() => {
                Remnant::NotOurs(format!("nobody knows who has made the cluster {name}, as the step says"))
            }
            (true, None) => {
                return Err(Failure::refused(format!(
                    "there is a cluster {name}, and no record whether this installation has made it; nothing was destroyed"
                ))
                .hint(format!(
                    "give the folder `state` of the last run back; {}; `kind delete cluster --name {name}` deletes it",
                    MayRemove::remedy_of_state()
                )));
            }
            (true, Some(record)) if record.phase == Phase::Destroyed || record.origin == Some(Origin::Adopted) => {
                Remnant::NotOurs(format!("this installation has not made the cluster {name}"))
            }
            (true, Some(_)) => Remnant::Made,
        })
    }

    async fn plan_removal(&self) -> Outcome<bool> {
        self.is_listed().await
    }

    fn is_gone(removal: &bool) -> bool {
        !removal
    }

    async fn remove(&self, is_there: bool) -> Outcome<()> {
        if is_there {
            self.program.delete(self.name()).await?;
        }
        if self.is_listed().await? {
            return Err(Failure::failed(format!(
                "kind still lists the cluster {} after it has deleted it",
                self.name()
            ))
            .hint("see its containers (`docker ps`), then run again: the removal goes on"));
        }
        self.console.done("kind", format!("the cluster {} is deleted", self.name()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cluster_that_this_installation_was_making_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = Kept::read(folder.path(), By::Kind).expect("read");
        assert_eq!(todo(false, &kept), Todo::Make { after_deletion: false });
        assert_eq!(todo(true, &kept), Todo::Adopt);
        kept.begin(true, Some("hub".to_owned()), Timestamp::UNIX_EPOCH).expect("begun");
        assert_eq!(todo(true, &kept), Todo::Make { after_deletion: true });
        assert_eq!(todo(false, &kept), Todo::Make { after_deletion: false });
        kept.change(|it| it.phase = Phase::Unfinished).expect("changed");
        assert_eq!(todo(true, &kept), Todo::Nothing, "it was made whole");
        kept.change(|it| it.phase = Phase::Standing).expect("changed");
        assert_eq!(todo(true, &kept), Todo::Nothing);
        kept.change(|it| it.phase = Phase::Destroyed).expect("changed");
        assert_eq!(todo(true, &kept), Todo::Adopt, "of somebody else");
        kept.forget();
        kept.begin(false, None, Timestamp::UNIX_EPOCH).expect("begun");
        assert_eq!(todo(true, &kept), Todo::Nothing, "adopted, and never made anew");
    }
}
