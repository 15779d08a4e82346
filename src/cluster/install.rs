//! install and upgrade: the cluster is made what the step says, and then looked at.

use jiff::Timestamp;

use super::connect::tell;
use super::kubeconfig;
use super::let_go::MayRemove;
use super::maker::Maker;
use super::mark::{self, Mark};
use super::origin::{Live, Verdict, judge};
use super::record::{Kept, Origin, Phase, Record};
use crate::document::{ClusterStep, Existing};
use crate::engine::{Cluster, Deadline, Unreached};
use crate::report::{Console, Failure, Outcome};
use crate::run::Run;

/// Makes the cluster, and says whose it is.
pub async fn install<M: Maker>(maker: &M, kept: &mut Kept, step: &ClusterStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let may_remove = MayRemove::of(step);
    maker.make(kept, &may_remove, run.found).await?;
    may_remove.warn_of_idle(console);
    let Some(text) = maker.kubeconfig(run.found).await? else {
        return Err(Failure::failed("the cluster was made, and there is no kubeconfig of it")
            .hint("see what makes it: a module has an output with its kubeconfig, which `kubeconfigOutput` names"));
    };
    let existing = kubeconfig::write(step, &text)?;
    run.found.kubeconfig = Some(text);
    let cluster = answering(&existing, run.deadline, console).await?;
    tell(&cluster, console, run.found);
    settle(maker, kept, &cluster, console).await
}

/// The cluster, as soon as it answers.
pub async fn answering(existing: &Existing, deadline: Deadline, console: &Console) -> Outcome<Cluster> {
    deadline.tell(console, "cluster", "its API server is asked who it is");
    Cluster::reach(existing, deadline, deadline.left()).await?.map_err(Unreached::into_failure)
}

/// Writes down which cluster it is and whose.
async fn settle<M: Maker>(maker: &M, kept: &mut Kept, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let Some(record) = &kept.record else { return Ok(()) };
    let facts = cluster.facts().clone();
    let mark = Mark::of(cluster).await?.filter(|it| it.is_on(cluster));
    let live = Live { uid: &facts.uid, created: facts.created.parse::<Timestamp>().ok(), mark: mark.as_ref() };
    let (origin, why) = match judge(record, maker.holds_anything().await?, &live) {
        Verdict::Known => (record.origin.unwrap_or(Origin::Adopted), None),
        Verdict::Made => (Origin::Made, None),
        Verdict::Adopted(why) => (Origin::Adopted, Some(why)),
        Verdict::Another => return Err(another(record, cluster)),
    };
    kept.change(|record| {
        record.phase = Phase::Standing;
        record.origin = Some(origin);
        record.uid = Some(facts.uid.clone());
        record.versions.kubernetes = Some(facts.version.clone());
    })?;
    let Some(record) = &kept.record else { return Ok(()) };
    match origin {
        Origin::Made if !mark.is_some_and(|it| it.is_of(record)) => {
            mark::set(cluster, record).await?;
            console.done("mark", format!("{}: this installation has made the cluster", mark::place()));
        }
        Origin::Made => {}
        Origin::Adopted => {
            let why = why.map_or_else(String::new, |why| format!(": {why}"));
            console.done("cluster", format!("it is adopted, and will be left standing{why}"));
        }
    }
    Ok(())
}

/// Demands that the cluster is the one of the record, where that knows it.
pub fn demand_same(kept: &Kept, cluster: &Cluster) -> Outcome<()> {
    match &kept.record {
        Some(record) if record.uid.as_ref().is_some_and(|uid| *uid != cluster.facts().uid) => {
            let failure = another(record, cluster);
            Err(match record.phase {
                // It may be the one that was made in the place of that.
                Phase::Making | Phase::Unfinished => {
                    failure.hint("run upgrade again, which was not at its end: it finds out whose this one is")
                }
                Phase::Standing | Phase::Destroying | Phase::Destroyed => failure,
            })
        }
        _ => Ok(()),
    }
}

fn another(record: &Record, cluster: &Cluster) -> Failure {
    let (facts, known) = (cluster.facts(), record.uid.as_deref().unwrap_or("none"));
    Failure::refused(format!(
        "the kubeconfig leads to another cluster (uid {}) than the one of this installation",
        facts.uid
    ))
    .details([format!("the uid in its record is {known}"), format!("{} answers", facts.server)])
    .hint("correct the module, or what it is given, so that its kubeconfig is that of the cluster that it makes")
}
