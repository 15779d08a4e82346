//! What an upgrade would meet on the cluster, asked before anything is written.
//!
//! `next.rs` says what Argo CD will apply, the other files each look at one side of it; what a finding means is said by the pure
//! room `upgrade`.

mod definitions;
mod next;
mod programs;
mod trials;
mod unread;
mod versions_in_use;

use super::migrate;
use crate::document::VersionStep;
use crate::engine::{Cluster, Denial};
use crate::publish::{Leaving, Transition};
use crate::report::{Console, Failure, Outcome};
use crate::upgrade::{Finding, Plan, REFUSED, Weight};
use next::Next;

pub use unread::or_told;

/// How many findings a run tells that goes on; `diff` tells all.
const TOLD: usize = 30;

/// What the commit by which this leaves means to the cluster. It is an upgrade where there was a hub before, and it changes
/// something; else there is nothing to look at. `rows` are what the lock of the bundle knows of steps.
pub async fn look(leaving: &Leaving, rows: &[VersionStep], cluster: &Cluster) -> Outcome<Plan> {
    let transition = Transition::of(leaving);
    let mut plan = Plan::default();
    if transition.is_empty() || !transition.had_hub() {
        return Ok(plan);
    }
    let next = Next::of(&transition, cluster, &mut plan).await?;
    let steps = programs::look(&transition, rows, &next, cluster, &mut plan).await?;
    programs::legacy(&steps, &next, cluster, &mut plan).await?;
    let changing = definitions::look(&transition, &next, cluster, &mut plan).await?;
    trials::look(&next, &changing, cluster, &mut plan).await?;
    plan.settle();
    Ok(plan)
}

/// The same of a way back: what a policy or a webhook denies there is told and does not stop it. Whoever goes back may have to do
/// so past what stands in the way of both versions.
pub async fn look_back(leaving: &Leaving, cluster: &Cluster) -> Outcome<Plan> {
    let mut plan = look(leaving, &[], cluster).await?;
    for finding in plan.findings.iter_mut().filter(|it| it.code == REFUSED && Denial::of(&it.says).is_some()) {
        finding.weight = Weight::Warns;
    }
    plan.settle();
    Ok(plan)
}

/// Looks, and goes on where nothing stands in the way.
pub async fn pass(
    leaving: &Leaving,
    rows: &[VersionStep],
    may_migrate: bool,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<()> {
    go_on(&look(leaving, rows, cluster).await?, may_migrate, cluster, console).await
}

/// Refuses what nobody may do, tells the rest, and rewrites what has to be rewritten first where the step says that it may be.
/// Nothing else is written.
pub async fn go_on(plan: &Plan, may_migrate: bool, cluster: &Cluster, console: &Console) -> Outcome<()> {
    refuse(plan, may_migrate)?;
    tell(plan, console);
    for it in &plan.migrations {
        migrate::carry_out(cluster, &it.definition, &it.to, console).await?;
    }
    Ok(())
}

/// Refuses an upgrade with all that stands in its way at once, and what to do about each.
pub fn refuse(plan: &Plan, may_migrate: bool) -> Outcome<()> {
    let in_the_way = plan.in_the_way(may_migrate);
    if in_the_way.is_empty() {
        return Ok(());
    }
    let is_only_to_migrate = in_the_way.iter().all(|it| it.weight == Weight::Migrates);
    let hint = if is_only_to_migrate {
        "set `migrate: true` in the step, and what is stored is rewritten first"
    } else {
        "do what is named for each, then run again; `diff` tells the whole plan"
    };
    Err(Failure::refused("the upgrade would not go well; nothing was written")
        .details(in_the_way.into_iter().map(Finding::line))
        .details(plan.not_looked_at.iter().map(|it| format!("not looked at: {it}")))
        .hint(hint))
}

fn tell(plan: &Plan, console: &Console) {
    let going_on = || plan.findings.iter().filter(|it| it.weight != Weight::Migrates);
    for it in going_on().take(TOLD) {
        console.done("upgrade", format!("{}: {}", it.weight.name(), it.line()));
    }
    let more = going_on().count().saturating_sub(TOLD);
    if more > 0 {
        console.done("upgrade", format!("and {more} more, which `diff` tells before an upgrade"));
    }
    for it in &plan.not_looked_at {
        console.say(format!("warning: not looked at: {it}"));
    }
}
