//! What only looks: the kubeconfig is written for the steps that follow, and nothing is made or destroyed.

use std::time::Duration;

use super::connect::tell;
use super::install::demand_same;
use super::let_go::MayRemove;
use super::maker::Maker;
use super::record::{Kept, Phase};
use super::{gone, kubeconfig};
use crate::document::ClusterStep;
use crate::engine::Cluster;
use crate::pace::paced;
use crate::report::{Console, Failure, Outcome};
use crate::run::Run;

/// How long the cluster may take to answer: it stands, or it does not.
const CONTACT: Duration = Duration::from_secs(20);

/// Connects to the cluster that was made. `is_removal` says that this is about a removal: then the cluster may be gone.
pub async fn look<M: Maker>(
    maker: &M,
    kept: &Kept,
    step: &ClusterStep,
    is_removal: bool,
    run: &mut Run<'_>,
) -> Outcome<()> {
    let console = run.console;
    let phase = kept.phase();
    if is_removal && phase == Some(Phase::Destroyed) {
        return say_gone(step, "it was destroyed", console);
    }
    let Some(text) = maker.kubeconfig(run.found).await? else {
        if is_removal && kept.uid().is_none() {
            return say_gone(step, "making it never came to a kubeconfig, so nothing is on it", console);
        }
        if is_removal && phase == Some(Phase::Destroying) {
            return say_gone(step, "it is being destroyed, and its kubeconfig is gone already", console);
        }
        let failure = Failure::failed("there is no cluster: nothing says how it is reached");
        if is_removal && MayRemove::of(step).has_cluster() {
            return say_gone(step, "nothing says how it is reached, and the step names it", console);
        }
        return Err(if is_removal {
            let remedy = MayRemove::remedy_of_cluster();
            failure.hint(format!("run install again, which finds it or makes it; {remedy}"))
        } else {
            failure.hint("install it first")
        });
    };
    let existing = kubeconfig::write(step, &text)?;
    run.found.kubeconfig = Some(text);
    match Cluster::reach(&existing, run.deadline, paced(CONTACT)).await? {
        Ok(cluster) => {
            tell(&cluster, console, run.found);
            demand_same(kept, &cluster)
        }
        Err(unreached) if is_removal && gone::is_no_answer(&unreached) => {
            let why = if phase == Some(Phase::Destroying) {
                "it is being destroyed, and answers no more"
            } else if MayRemove::of(step).has_cluster() {
                "it does not answer, and the step names it"
            } else {
                let remedy = MayRemove::remedy_of_cluster();
                return Err(unreached.into_failure().hint(format!("bring the cluster back; {remedy}")));
            };
            say_gone(step, why, console)
        }
        Err(unreached) => Err(unreached.into_failure()),
    }
}

fn say_gone(step: &ClusterStep, why: &str, console: &Console) -> Outcome<()> {
    kubeconfig::say_gone(step)?;
    console.done("cluster", format!("{why}; the steps that follow take nothing off it"));
    Ok(())
}
