//! A cluster that kind makes.

use std::time::Duration;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::let_go::MayRemove;
use super::maker::{Maker, Remnant};
use super::mark::Mark;
use super::origin::{Live, Verdict, judge};
use super::private_file;
use super::record::{By, Kept, Origin, Phase, Record};
use crate::document::{Existing, KindCluster};
use crate::engine::{Cluster, Deadline};
use crate::guard;
use crate::kind::Kind;
use crate::pace::paced;
use crate::process::TemporaryFolder;
use crate::report::{Console, Failure, Outcome};
use crate::run::Found;

/// How long a cluster that may be half made has to answer.
const CONTACT: Duration = Duration::from_secs(20);

/// The program and the cluster of the step.
pub struct WithKind<'s> {
    pub program: Kind,
    pub cluster: &'s KindCluster,
    pub deadline: Deadline,
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

/// Whether it was there before, also where no run came to look at it.
fn was_there(record: &Record) -> bool {
    record.origin.map_or(!record.from_nothing, |it| it == Origin::Adopted)
}

/// Refuses where the record is of a cluster that cannot be this one, or that kind should list.
fn demand_recorded(name: &str, is_listed: bool, kept: &Kept, may_remove: &MayRemove) -> Outcome<()> {
    let Some(record) = kept.record.as_ref().filter(|it| it.phase != Phase::Destroyed) else { return Ok(()) };
    if let Some(made_as) = record.made_as.as_deref().filter(|it| *it != name) {
        return Err(Failure::refused(format!(
            "the cluster of this installation is {made_as}, and the step names {name}; nothing was changed"
        ))
        .hint(format!(
            "give the step the name {made_as} back; a cluster of another name is for another installation"
        )));
    }
    let was_made = record.origin == Some(Origin::Made) && record.uid.is_some();
    if was_made && !is_listed && record.phase != Phase::Destroying && !may_remove.has_state() {
        return Err(Failure::refused(format!(
            "kind has no cluster {name} here, which this installation has made; nothing was changed"
        ))
        .hint(format!(
            "have kind reach the container engine that it was made in (DOCKER_HOST); {}",
            MayRemove::remedy_of_state()
        )));
    }
    Ok(())
}

impl WithKind<'_> {
    async fn is_listed(&self) -> Outcome<bool> {
        Ok(self.program.clusters().await?.contains(&self.cluster.name))
    }

    fn name(&self) -> &str {
        &self.cluster.name
    }

    /// Makes it. What kind has taken away again by itself, or never made, is nothing that the next run may delete.
    async fn create(&self, kept: &mut Kept) -> Outcome<()> {
        let folder = TemporaryFolder::new("kind")?;
        let failed = match self.program.create(self.cluster, &folder.path().join("kubeconfig")).await {
            Ok(()) => return Ok(()),
            Err(failed) => failed,
        };
        if self.is_listed().await.is_ok_and(|it| !it) {
            kept.change(|record| record.phase = Phase::Destroyed)?;
        }
        Err(failed)
    }

    /// Deletes what a run left that was torn apart. One that answers may be of somebody else, who was there in between.
    async fn delete_half_made(&self, record: &Record, may_remove: &MayRemove) -> Outcome<()> {
        let name = self.name();
        if let Ok(text) = self.program.kubeconfig(self.cluster).await? {
            let folder = TemporaryFolder::new("kind")?;
            let file = folder.path().join("kubeconfig");
            private_file::write(&file, text.as_bytes())?;
            let existing = Existing { kubeconfig: Some(file.to_string_lossy().into_owned()), ..Existing::default() };
            match Cluster::reach(&existing, self.deadline, paced(CONTACT)).await? {
                Ok(cluster) => self.demand_half_made(record, &cluster).await?,
                Err(_) if may_remove.has_cluster() => {}
                Err(unreached) => {
                    return Err(Failure::refused(format!(
                        "there is a cluster {name}, which does not say whose it is: {}; nothing was changed",
                        unreached.fault.message
                    ))
                    .hint(format!(
                        "have this run reach {}; {}",
                        unreached.server,
                        MayRemove::remedy_of_cluster()
                    )));
                }
            }
        }
        self.console.done("kind", format!("what a run left of the cluster {name} that was broken off is deleted"));
        self.program.delete(name).await
    }

    /// Demands that a cluster that answers is what this installation was making, and that nobody has put anything on it.
    async fn demand_half_made(&self, record: &Record, cluster: &Cluster) -> Outcome<()> {
        let refused = |why: String| {
            Failure::refused(format!("there is a cluster {}, and {why}; nothing was changed", self.name())).hint(
                "give the step another name, or a folder `state` without a record, by which this cluster is adopted",
            )
        };
        let (facts, mark) = (cluster.facts(), Mark::of(cluster).await?);
        let live = Live { uid: &facts.uid, created: facts.created.parse().ok(), mark: mark.as_ref() };
        if let Verdict::Adopted(why) = judge(record, true, &live) {
            return Err(refused(why.to_owned()));
        }
        let on_it = guard::lost_with(cluster).await?;
        match on_it.lost.first().map(ToString::to_string).or(on_it.told.first().cloned()) {
            Some(something) => Err(refused(format!("there is something on it ({something})"))),
            None => Ok(()),
        }
    }
}

impl Maker for WithKind<'_> {
    const BY: By = By::Kind;
    /// Whether the cluster is there.
    type Removal = bool;

    async fn make(&self, kept: &mut Kept, may_remove: &MayRemove, _: &mut Found) -> Outcome<()> {
        let is_listed = self.is_listed().await?;
        demand_recorded(self.name(), is_listed, kept, may_remove)?;
        let todo = todo(is_listed, kept);
        let made_as = Some(self.name().to_owned());
        let after_deletion = match todo {
            Todo::Nothing => {
                self.console.done("kind", format!("the cluster {} is there", self.name()));
                return Ok(());
            }
            Todo::Adopt => return kept.begin(false, made_as, Timestamp::now()),
            Todo::Make { after_deletion } => after_deletion,
        };
        if let Some(record) = kept.record.as_ref().filter(|_| after_deletion) {
            self.delete_half_made(record, may_remove).await?;
        }
        if !kept.record.as_ref().is_some_and(|it| it.phase == Phase::Making) {
            kept.forget(); // whatever was there of this name is gone
        }
        // Before it begins: where kind is killed its containers stay, and the next run has to know whose they are.
        kept.begin(true, made_as, Timestamp::now())?;
        self.console.done("kind", format!("makes the cluster {}, which takes a minute or more", self.name()));
        self.create(kept).await?;
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
        let is_listed = self.is_listed().await?;
        demand_recorded(name, is_listed, kept, may_remove)?;
        Ok(match (is_listed, &kept.record) {
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
            (true, Some(record)) if record.phase == Phase::Destroyed || was_there(record) => {
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
    use crate::document::ClusterStep;

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

    #[test]
    fn a_cluster_of_the_record_is_sought_by_its_own_name_and_in_its_own_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = Kept::read(folder.path(), By::Kind).expect("read");
        let may_remove = |names: &[&str]| {
            let may_remove = names.iter().map(|&it| it.to_owned()).collect();
            MayRemove::of(&ClusterStep { may_remove, ..ClusterStep::default() })
        };
        let unnamed = may_remove(&[]);
        demand_recorded("hub", false, &kept, &unnamed).expect("no record");
        kept.begin(true, Some("hub".to_owned()), Timestamp::UNIX_EPOCH).expect("begun");
        demand_recorded("hub", false, &kept, &unnamed).expect("torn apart before anything was made");
        kept.change(|it| {
            (it.phase, it.origin, it.uid) = (Phase::Standing, Some(Origin::Made), Some("uid".to_owned()));
        })
        .expect("changed");
        demand_recorded("hub", true, &kept, &unnamed).expect("it is there");
        let refused = demand_recorded("hub", false, &kept, &unnamed).expect_err("made, and not there");
        assert!(refused.exit.code() == 3 && refused.hint.expect("one").contains("DOCKER_HOST"));
        demand_recorded("hub", false, &kept, &may_remove(&["state"])).expect("named");
        for is_listed in [true, false] {
            let refused = demand_recorded("other", is_listed, &kept, &may_remove(&["state"])).expect_err("a name");
            assert!(refused.exit.code() == 3 && refused.hint.expect("one").contains("the name hub back"));
        }
        kept.change(|it| it.phase = Phase::Destroying).expect("changed");
        demand_recorded("hub", false, &kept, &unnamed).expect("its end had begun");
        kept.change(|it| it.phase = Phase::Destroyed).expect("changed");
        demand_recorded("other", false, &kept, &unnamed).expect("of nobody any more");
    }
}
