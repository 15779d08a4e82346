//! A cluster that a module of `OpenTofu` makes.

use std::collections::BTreeSet;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::let_go::MayRemove;
use super::maker::{Maker, Remnant};
use super::record::{By, Kept, Origin, Phase};
use super::tools::Tools;
use crate::opentofu::{Action, Goal, OpenTofu, Plan, State};
use crate::report::{Console, Exit, Failure, Outcome};
use crate::run::Found;

const NOT_OURS: &str = "this installation has not made the cluster, it was there";

/// The module of the step.
pub struct WithOpenTofu<'s> {
    tofu: OpenTofu<'s>,
    /// The output that holds the kubeconfig.
    kubeconfig_output: &'s str,
    console: &'s Console,
    /// Where the program is, as long as it is used.
    _tools: Tools,
}

/// Why what a state should hold is not known; `None` where it is. OpenTofu itself asks for none: without a state it destroys
/// nothing, says "Destroy complete", and ends well (1.12.6, seen).
fn lost(kept: &Kept, held: Option<&State>) -> Option<String> {
    let record = kept.record.as_ref().filter(|it| it.phase != Phase::Destroyed)?;
    let was_made = record.phase != Phase::Destroying && record.origin == Some(Origin::Made);
    match (held, record.made_as.as_deref()) {
        (None, Some(_)) => Some("the state that this installation has written is not there".to_owned()),
        (Some(state), _) if is_another(kept, held) => {
            Some(format!("the state is another one (lineage {}) than this installation has written", state.lineage))
        }
        (Some(state), _) if state.resources.is_empty() && was_made => {
            Some("the state holds nothing, and the cluster was in it".to_owned())
        }
        _ => None,
    }
}

/// Whether the state is of something else than the record.
fn is_another(kept: &Kept, held: Option<&State>) -> bool {
    let record = kept.record.as_ref().filter(|it| it.phase != Phase::Destroyed);
    match (held, record.and_then(|it| it.made_as.as_deref())) {
        (Some(state), Some(lineage)) => state.lineage != lineage,
        _ => false,
    }
}

/// The same for a removal, which must know who has made what there is, too.
fn unknown(kept: &Kept, held: Option<&State>) -> Option<String> {
    match (&kept.record, held) {
        (None, None) => Some("there is no state, and none was given to this run".to_owned()),
        (None, Some(state)) if !state.resources.is_empty() => {
            Some("the state holds resources, and no record says whether this installation has made them".to_owned())
        }
        _ => lost(kept, held),
    }
}

/// Whether a run was torn apart before it could write down what it had made.
fn is_torn(kept: &Kept) -> bool {
    kept.phase() == Some(Phase::Making)
}

/// The resources that the state holds and that would be made once more, since what made them does not see them.
fn again<'p>(held: Option<&State>, created: impl Iterator<Item = &'p str>) -> Vec<String> {
    let is_held = |address: &&str| held.is_some_and(|state| state.resources.iter().any(|it| it == address));
    created.filter(is_held).map(str::to_owned).collect()
}

fn makes_anything(plan: &Plan) -> bool {
    [Action::Create, Action::Replace, Action::Import].into_iter().any(|action| plan.with(action).next().is_some())
}

impl<'s> WithOpenTofu<'s> {
    /// The module, ready to be run.
    pub fn new(tofu: OpenTofu<'s>, tools: Tools, kubeconfig_output: &'s str, console: &'s Console) -> Self {
        Self { tofu, kubeconfig_output, console, _tools: tools }
    }
}

impl WithOpenTofu<'_> {
    /// Refuses to go on without the state, unless that is given up: then answers why.
    fn demand_state(why: Option<String>, may_remove: &MayRemove) -> Outcome<Option<String>> {
        match why {
            Some(why) if !may_remove.has_state() => {
                let remedy = MayRemove::remedy_of_state();
                Err(Failure::refused(format!("{why}, so what was made is not known; nothing was changed")).hint(format!(
                    "give back `terraform.tfstate` of the last run (in Porter: the output `porter-state` of the run before); {remedy}"
                )))
            }
            why => Ok(why),
        }
    }

    /// Refuses to take away what a torn run has left, unless what the state does not hold is given up.
    fn demand_torn(may_remove: &MayRemove) -> Outcome<()> {
        if may_remove.has_state() {
            return Ok(());
        }
        let why = "a run was torn apart before it had written all that it made, so what there is, is not known";
        Err(Failure::refused(format!("{why}; nothing was changed")).hint(MayRemove::remedy_of_torn()))
    }

    /// Keeps what the module hands back, as far as it is there.
    async fn outputs_of_failed(&self, found: &mut Found) {
        if let Ok(outputs) = self.tofu.outputs().await {
            found.module = Some(outputs);
        }
    }
}

impl Maker for WithOpenTofu<'_> {
    const BY: By = By::OpenTofu;
    type Removal = Plan;

    async fn make(&self, kept: &mut Kept, may_remove: &MayRemove, found: &mut Found) -> Outcome<()> {
        let held = self.tofu.state().await?;
        let why = lost(kept, held.as_ref());
        if let Some(why) = why.as_deref().filter(|_| is_another(kept, held.as_ref())) {
            // To forget the own one would be to change what that of another holds.
            return Err(Failure::refused(format!("{why}; nothing was changed"))
                .hint("give back `terraform.tfstate` of the last run; where that is lost, take this one away, and name `state`"));
        }
        if let Some(why) = Self::demand_state(why, may_remove)? {
            self.console.say(format!("warning: {why}; it is forgotten, as the step says, and all is made anew"));
            kept.forget();
        }
        if is_torn(kept) {
            self.console.say(
                "warning: a run was ended in the middle of making the cluster; what it had made in its last seconds may be in no \
                 state: if something of that name is there already, import it or take it away",
            );
        }
        self.tofu.begin_state()?;
        let plan = self.tofu.plan(Goal::Apply).await?;
        plan.tell(self.console);
        let addresses = |all: Vec<&str>| all.into_iter().map(str::to_owned).collect::<Vec<_>>();
        may_remove.demand_addresses(&addresses(plan.deletes().collect()), &addresses(plan.replaces().collect()))?;
        if kept.phase() == Some(Phase::Standing) {
            may_remove.demand_second(&again(held.as_ref(), plan.with(Action::Create)))?;
        }
        if kept.phase() == Some(Phase::Standing) && !makes_anything(&plan) {
            // What only changes where it is can bring no other cluster.
            return if plan.is_empty() { Ok(()) } else { self.tofu.apply(plan).await.map(drop) };
        }
        let lineage = self.tofu.state().await?.map(|state| state.lineage);
        let from_nothing = held.is_none_or(|state| state.resources.is_empty());
        kept.begin(from_nothing, lineage, Timestamp::now())?;
        match self.tofu.apply(plan).await {
            Ok(_) => {
                let lineage = self.tofu.state().await?.map(|state| state.lineage);
                kept.change(|record| {
                    record.phase = Phase::Unfinished;
                    record.made_as = lineage.or(record.made_as.take());
                })
            }
            Err(failure) => {
                if !self.tofu.is_torn() {
                    // It has ended by itself, so its state is whole.
                    kept.change(|record| record.phase = Phase::Unfinished)?;
                }
                if !matches!(failure.exit, Exit::Interrupted(_)) {
                    self.outputs_of_failed(found).await;
                }
                Err(failure)
            }
        }
    }

    async fn holds_anything(&self) -> Outcome<bool> {
        Ok(self.tofu.state().await?.is_some_and(|state| !state.resources.is_empty()))
    }

    async fn kubeconfig(&self, found: &mut Found) -> Outcome<Option<Zeroizing<String>>> {
        let outputs = self.tofu.outputs().await?;
        let text = outputs.text(self.kubeconfig_output).map(|text| Zeroizing::new(text.into_owned()));
        if text.is_none() {
            let names = outputs.names().collect::<Vec<_>>().join(", ");
            let there = if names.is_empty() { "it has none".to_owned() } else { format!("it has {names}") };
            self.console.say(format!("the module has no output `{}`; {there}", self.kubeconfig_output));
        }
        found.module = Some(outputs);
        // A module may say that there is no cluster by a value that is none.
        Ok(text.filter(|text| !text.trim().is_empty() && text.as_str() != "null"))
    }

    async fn remnant(&self, kept: &Kept, may_remove: &MayRemove) -> Outcome<Remnant> {
        let held = self.tofu.state().await?;
        if let Some(why) = Self::demand_state(unknown(kept, held.as_ref()), may_remove)? {
            let why = format!("{why}; it is forgotten, as the step says");
            let holds = held.is_some_and(|state| !state.resources.is_empty());
            return Ok(if holds && kept.record.is_none() { Remnant::NotOurs(why) } else { Remnant::Nothing(why) });
        }
        if is_torn(kept) {
            Self::demand_torn(may_remove)?;
        }
        let held = held.map(|state| state.resources).unwrap_or_default();
        let holds = !held.is_empty();
        let is_adopted = kept.record.as_ref().is_some_and(|it| it.origin == Some(Origin::Adopted));
        Ok(match &kept.record {
            Some(_) if is_adopted && holds && kept.phase() != Some(Phase::Destroyed) => Remnant::Beside(held),
            Some(_) if is_adopted && kept.phase() != Some(Phase::Destroyed) => Remnant::NotOurs(NOT_OURS.to_owned()),
            _ if !holds && kept.phase() != Some(Phase::Destroying) => {
                let gone = kept.phase() == Some(Phase::Destroyed);
                let why =
                    if gone { "it was destroyed, and the state holds nothing" } else { "the state holds nothing" };
                Remnant::Nothing(why.to_owned())
            }
            Some(record) if record.from_nothing => Remnant::Made,
            _ => Remnant::NotOurs(NOT_OURS.to_owned()),
        })
    }

    async fn plan_removal(&self) -> Outcome<Plan> {
        let held = self.tofu.state().await?.map(|state| state.resources).unwrap_or_default();
        let plan = self.tofu.plan(Goal::Destroy).await?;
        plan.tell(self.console);
        let strange: Vec<String> = plan
            .changes()
            .iter()
            .filter(|change| change.action != Action::Delete || !held.contains(&change.address))
            .map(|change| format!("{}: {}", change.address, change.action.word()))
            .collect();
        if !strange.is_empty() {
            return Err(Failure::refused(
                "the plan does more than to destroy what the state holds; nothing was changed",
            )
            .details(strange)
            .hint("take out of the module what keeps resources from being destroyed, or destroy them by hand"));
        }
        let goes: BTreeSet<&str> = plan.deletes().collect();
        for address in held.iter().filter(|it| !goes.contains(it.as_str())) {
            self.console.done("gone", format!("{address}: it is not there any more"));
        }
        Ok(plan)
    }

    fn is_gone(removal: &Plan) -> bool {
        removal.deletes().next().is_none()
    }

    async fn remove(&self, removal: Plan) -> Outcome<()> {
        self.tofu.apply(removal).await?;
        let left = self.tofu.state().await?.map(|state| state.resources).unwrap_or_default();
        if left.is_empty() {
            return Ok(());
        }
        Err(Failure::failed(format!("the state still holds {} resources", left.len()))
            .details(left)
            .hint("see why they were not destroyed, then run again: the removal goes on"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(lineage: &str, resources: &[&str]) -> State {
        let resources = resources.iter().map(|&it| it.to_owned()).collect();
        State { lineage: lineage.to_owned(), serial: 1, resources }
    }

    #[test]
    fn what_is_held_and_not_seen_would_be_made_once_more() {
        let held = state("a", &["x.cluster", "x.dns"]);
        assert_eq!(again(Some(&held), ["x.cluster", "x.new"].into_iter()), ["x.cluster"]);
        assert_eq!(again(None, ["x.cluster"].into_iter()), [""; 0]);
    }

    #[test]
    fn a_state_that_is_not_the_one_that_was_written_is_lost() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut kept = Kept::read(folder.path(), By::OpenTofu).expect("read");
        let (ours, empty, other) = (state("a", &["x.y"]), state("a", &[]), state("b", &["x.y"]));
        assert_eq!(lost(&kept, None), None, "before the first installation");
        kept.begin(true, Some("a".to_owned()), Timestamp::UNIX_EPOCH).expect("begun");
        for phase in [Phase::Making, Phase::Unfinished, Phase::Standing, Phase::Destroying] {
            kept.change(|it| it.phase = phase).expect("changed");
            assert!(lost(&kept, None).is_some() && lost(&kept, Some(&other)).is_some(), "{phase:?}");
            assert_eq!(lost(&kept, Some(&ours)), None, "{phase:?}");
        }
        assert_eq!(lost(&kept, Some(&empty)), None, "it was being destroyed");
        kept.change(|it| (it.phase, it.origin) = (Phase::Standing, Some(Origin::Made))).expect("changed");
        assert!(lost(&kept, Some(&empty)).is_some());
        kept.change(|it| it.phase = Phase::Unfinished).expect("changed");
        assert!(lost(&kept, Some(&empty)).is_some(), "an upgrade of it has failed");
        kept.change(|it| it.origin = Some(Origin::Adopted)).expect("changed");
        assert_eq!(lost(&kept, Some(&empty)), None, "data sources alone");
        kept.change(|it| it.phase = Phase::Destroyed).expect("changed");
        assert_eq!(lost(&kept, None), None);
    }
}
