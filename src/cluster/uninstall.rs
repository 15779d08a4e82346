//! uninstall: what is on the cluster is looked at, then it is destroyed, then it is seen to be gone.
//!
//! Each run begins with what there is, so one that was broken off goes on. It ends well only when nothing is left.

use std::time::Duration;

use super::connect::{connect, tell};
use super::install::demand_same;
use super::let_go::MayRemove;
use super::maker::{Maker, Remnant};
use super::mark::Mark;
use super::origin::{Live, Verdict, judge};
use super::record::{Kept, Phase};
use super::{gone, kubeconfig};
use crate::document::{ClusterStep, Existing, OnUninstall};
use crate::engine::{Cluster, Deadline, kubeconfig_without_login};
use crate::guard;
use crate::pace::paced;
use crate::report::{Console, Failure, Outcome};
use crate::run::Run;

/// How long the cluster may take to answer before it counts as one that does not.
const CONTACT: Duration = Duration::from_secs(30);

/// What the look at a cluster came to.
enum Looked {
    /// What is on it may go; its UID.
    MayGo(Option<String>),
    /// It did not answer, and the step does not name it; the reason.
    NoAnswer(Failure),
}

/// Takes away what install has made.
pub async fn uninstall<M: Maker>(maker: &M, kept: &mut Kept, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let may_remove = MayRemove::of(step);
    match maker.remnant(kept, &may_remove).await? {
        Remnant::Nothing(why) => {
            console.done("cluster", format!("{why}: nothing to destroy"));
            see_its_end(kept, step, &may_remove, run.deadline, console).await?;
            may_remove.warn_of_idle(console);
            return finish(kept, step);
        }
        Remnant::NotOurs(why) if step.on_uninstall == Some(OnUninstall::Destroy) => {
            return Err(Failure::refused(format!("{why}, so it is not destroyed; nothing was changed"))
                .hint("`onUninstall: leave`, or leave it out: the cluster stays; destroy it by what has made it"));
        }
        Remnant::NotOurs(why) => {
            console.done("cluster", format!("{why}: it is left standing"));
            may_remove.warn_of_idle(console);
            return Ok(());
        }
        Remnant::Beside(held) => {
            return Err(Failure::refused(
                "this installation has not made the cluster, and its module holds what would stay with it; nothing was changed",
            )
            .details(held)
            .hint("`onUninstall: leave` leaves all of it; what the module has made goes by `tofu destroy` with `-target`, by hand"));
        }
        Remnant::Made => {}
    }
    let text = maker.kubeconfig(run.found).await?;
    let existing = text.as_deref().map(|text| kubeconfig::write(step, text)).transpose()?;
    let looked = look_at(maker, kept, existing.as_ref(), &may_remove, run).await?;
    let removal = maker.plan_removal().await?;
    demand_plausible(&looked, M::is_gone(&removal))?;
    let uid = match looked {
        Looked::NoAnswer(failure) if !M::is_gone(&removal) => return Err(failure),
        Looked::NoAnswer(_) => {
            console.done("cluster", "it does not answer, and all that was made for it is gone already");
            maker.remove(removal).await?;
            kept.uid().map(str::to_owned)
        }
        Looked::MayGo(uid) => {
            let way = text.as_deref().and_then(|text| kubeconfig_without_login(text));
            // Before it begins: of a cluster of which a half is gone, the run after a kill can ask nothing any more.
            kept.change(|record| {
                record.phase = Phase::Destroying;
                record.way = way.or(record.way.take());
            })?;
            maker.remove(removal).await?;
            uid.or_else(|| kept.uid().map(str::to_owned))
        }
    };
    match (&existing, uid) {
        (Some(existing), Some(uid)) => {
            let seen = gone::until_gone(existing, &uid, run.deadline, console).await?;
            console.done("gone", format!("the cluster answers no more: {seen}"));
        }
        _ => see_its_end(kept, step, &may_remove, run.deadline, console).await?,
    }
    may_remove.warn_of_idle(console);
    finish(kept, step)
}

/// Refuses to believe that all is gone while the cluster answers: whoever asks for it with another credential sees nothing.
fn demand_plausible(looked: &Looked, is_gone: bool) -> Outcome<()> {
    match looked {
        Looked::MayGo(Some(_)) if is_gone => Err(Failure::refused(
            "the cluster answers, and what made it says that nothing of it is there; nothing was destroyed",
        )
        .hint("give it the credential, the project and the region by which the cluster was made")),
        Looked::MayGo(_) | Looked::NoAnswer(_) => Ok(()),
    }
}

/// Looks whether a cluster is gone whose destruction a former run has carried out without seeing its end. What logs in there went with
/// it; who answers by its certificate is still the cluster.
async fn see_its_end(
    kept: &Kept,
    step: &ClusterStep,
    may_remove: &MayRemove,
    deadline: Deadline,
    console: &Console,
) -> Outcome<()> {
    let Some((way, uid)) = kept.record.as_ref().and_then(|it| Some((it.way.as_deref()?, it.uid.as_deref()?))) else {
        return Ok(());
    };
    if may_remove.has_cluster() {
        console.done("gone", "not looked at, as the step says: whether the cluster still answers");
        return Ok(());
    }
    let seen = gone::until_gone(&kubeconfig::write(step, way)?, uid, deadline, console).await?;
    console.done("gone", format!("the cluster answers no more: {seen}"));
    Ok(())
}

fn finish(kept: &mut Kept, step: &ClusterStep) -> Outcome<()> {
    kept.change(|record| {
        record.phase = Phase::Destroyed;
        record.way = None;
    })?;
    kubeconfig::say_gone(step)
}

/// Looks at the cluster and at what is on it.
async fn look_at<M: Maker>(
    maker: &M,
    kept: &Kept,
    existing: Option<&Existing>,
    may_remove: &MayRemove,
    run: &mut Run<'_>,
) -> Outcome<Looked> {
    let console = run.console;
    let is_under_way = kept.phase() == Some(Phase::Destroying);
    let Some(existing) = existing else {
        let why = match kept.uid() {
            None => "making it never came to a kubeconfig, so this installation has put nothing on it",
            Some(_) if is_under_way => {
                "it was looked at before its destruction began, and its kubeconfig is gone already"
            }
            Some(_) => {
                return Ok(without_a_look(may_remove, "there is no kubeconfig of the cluster", console));
            }
        };
        console.done("guard", format!("{why}; it was not looked at"));
        return Ok(Looked::MayGo(None));
    };
    match Cluster::reach(existing, run.deadline, paced(CONTACT)).await? {
        Ok(cluster) => {
            tell(&cluster, console, run.found);
            demand_ours(maker, kept, &cluster).await?;
            guard(&cluster, may_remove, console).await?;
            Ok(Looked::MayGo(Some(cluster.facts().uid.clone())))
        }
        Err(unreached) if !gone::is_no_answer(&unreached) => Err(unreached.into_failure()),
        Err(_) if is_under_way => {
            console.done("guard", "it was looked at before its destruction began, and answers no more");
            Ok(Looked::MayGo(None))
        }
        Err(unreached) => {
            let why = format!("the API server {} does not answer: {}", unreached.server, unreached.fault.message);
            Ok(without_a_look(may_remove, &why, console))
        }
    }
}

fn without_a_look(may_remove: &MayRemove, why: &str, console: &Console) -> Looked {
    if may_remove.has_cluster() {
        console.done("loses", format!("whatever is on the cluster, which was not looked at, as the step says ({why})"));
        return Looked::MayGo(None);
    }
    let remedy = MayRemove::remedy_of_cluster();
    Looked::NoAnswer(
        Failure::refused(format!("{why}; nothing on it was looked at, and nothing was destroyed"))
            .hint(format!("bring the cluster back, or have the kubeconfig corrected; {remedy}")),
    )
}

/// Demands that the cluster is the one that this installation has made, by the record and by the mark on it.
async fn demand_ours<M: Maker>(maker: &M, kept: &Kept, cluster: &Cluster) -> Outcome<()> {
    demand_same(kept, cluster)?;
    let Some(record) = &kept.record else { return Ok(()) };
    let mark = Mark::of(cluster).await?;
    if record.uid.is_some() {
        return match mark {
            Some(mark) if mark.is_of(record) => Ok(()),
            _ => {
                Err(Failure::refused("the cluster does not have the mark of this installation; nothing was destroyed")
                    .hint("run install again, which marks the cluster that it has made"))
            }
        };
    }
    let facts = cluster.facts();
    let mark = mark.as_ref().filter(|it| it.is_on(cluster));
    let live = Live { uid: &facts.uid, created: facts.created.parse().ok(), mark };
    match judge(record, maker.holds_anything().await?, &live) {
        Verdict::Adopted(why) => {
            Err(Failure::refused(format!("this installation has not made the cluster: {why}; nothing was destroyed"))
                .hint("run install again, which adopts it, or `onUninstall: leave`"))
        }
        Verdict::Made | Verdict::Known | Verdict::Another => Ok(()), // the last two need a UID
    }
}

/// What would be lost with the cluster: refused unless named.
async fn guard(cluster: &Cluster, may_remove: &MayRemove, console: &Console) -> Outcome<()> {
    cluster.overlook(may_remove.api_services());
    let deadline = cluster.deadline();
    deadline.tell(console, "guard", "a look at all that goes with the cluster, in every kind");
    let with_it = guard::lost_with(cluster).await?;
    for line in &with_it.told {
        console.done("goes", line);
    }
    may_remove.demand_objects(&with_it.lost, console)?;
    let named = if with_it.lost.is_empty() { "" } else { " but what the step names" };
    console.done("guard", format!("nothing that outlives the cluster hangs on an object of it{named}"));
    console.done("guard", "not looked at: what programs on the cluster have made elsewhere without an object of it");
    Ok(())
}

/// Only looks whether the cluster may go, by whatever way.
pub async fn check_only(existing: &Existing, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let cluster = connect(existing, run).await?;
    let may_remove = MayRemove::of(step);
    guard(&cluster, &may_remove, console).await?;
    may_remove.warn_of_idle(console);
    Ok(())
}

/// The same for a cluster that was made.
pub async fn check_only_made<M: Maker>(maker: &M, kept: &Kept, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    match maker.remnant(kept, &MayRemove::of(step)).await? {
        Remnant::Nothing(why) => {
            run.console.done("cluster", format!("{why}: nothing would be lost"));
            return Ok(());
        }
        Remnant::NotOurs(_) | Remnant::Beside(_) | Remnant::Made => {}
    }
    let text = maker.kubeconfig(run.found).await?;
    let Some(text) = text else {
        return Err(Failure::failed("there is no kubeconfig of the cluster, so nothing on it was looked at")
            .hint("run install again, which makes the cluster or adopts it"));
    };
    check_only(&kubeconfig::write(step, &text)?, step, run).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_that_answers_is_not_believed_to_be_gone() {
        let answers = Looked::MayGo(Some("uid".to_owned()));
        assert_eq!(demand_plausible(&answers, true).expect_err("refused").exit.code(), 3);
        demand_plausible(&answers, false).expect("it is destroyed");
        demand_plausible(&Looked::MayGo(None), true).expect("it was destroyed before");
    }
}
