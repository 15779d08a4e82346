//! The end of a recovery: argocd is let go and waited for, then root, and the hub is proven. Or it is left held, with what could
//! not be looked at.

use serde_json::Value;

use super::apply::{By, apply};
use super::commit::BranchState;
use super::told::Told;
use super::{HELD, Recovery};
use crate::argocd::application::short;
use crate::argocd::{Claim, Drift, Goal, Proof, State, hold, managers, read_objects};
use crate::git::Published;
use crate::hub::handover::{self, Handover};
use crate::hub::proven;
use crate::object::ObjectRef;
use crate::render;
use crate::report::{Failure, Outcome};
use crate::run::{Found, Wait, wait_for};
use crate::words::argo;

/// The item of the proof about whose the objects are.
const OWNERSHIP: &str = "ownership";
/// The items of the proof that only an Argo CD which works on the hub can hold.
const OF_ARGOCD_AT_WORK: [&str; 3] = ["revision", "conditions", "drift"];

impl Recovery<'_> {
    /// Lets argocd go, then root, and proves the hub. As long as root is held, nothing but Argo CD itself follows git: it has to
    /// show that it manages itself again before it gets the rest to do.
    pub(super) async fn finish(&self, published: &Published, told: &mut Told, found: &mut Found) -> Outcome<()> {
        let revision = &published.revision;
        (told.revision, found.revision) = (Some(revision.clone()), Some(revision.clone()));
        let all = super::source::objects_of(&published.tree)?;
        let of_argocd = [argo::ARGOCD.to_owned()];
        self.let_go(&all, argo::ARGOCD).await?;
        let goal = Goal { commit: revision, applications: &of_argocd, earlier: &[], of_root: &[], only_look: false };
        if wait_for(goal, self.access, self.cluster, self.console).await? == Wait::Overtaken {
            return Err(overtaken(revision));
        }
        self.console.done("sync", format!("argocd is at {revision}, with root still held"));
        self.let_go(&all, argo::ROOT).await?;
        told.held = false;
        // Whether the hub lives with what was out of the way, the proof shows.
        if let Some(past) = self.past.get() {
            past.close(self.cluster, self.console).await?;
        }

        let objects = render::hub::bootstrap_set(&published.tree)?;
        let handover = Handover {
            revision,
            earlier: &[],
            repository: &self.step.repository.url,
            access: self.access,
            applications: &render::hub::applications_in(&published.tree),
            objects: &objects,
            changed: true,
            seen: None,
            left: &published.left,
        };
        let proof = handover.complete(&mut None, self.cluster, self.console).await?;
        let proof = proof.ok_or_else(|| overtaken(revision))?;
        proof.tell(self.console);
        let writer = Some(self.access).filter(|_| self.step.repository.push.is_some());
        let repository = &self.step.repository;
        proven::write_down(&proof, &published.tree, repository, writer, self.cluster, self.console).await;
        let verdict = handover::demand(&proof);
        told.proof = Some(proof.clone());
        found.proof = Some(proof);
        verdict
    }

    /// Lets an Application go: as git has it, and without our marks.
    async fn let_go(&self, objects: &[Value], application: &str) -> Outcome<()> {
        let name = argo::application(application);
        let its: Vec<Value> = objects.iter().filter(|it| ObjectRef::of(it) == name).cloned().collect();
        apply(self.cluster, &its, By::ArgoCd).await?;
        hold::let_go(self.cluster, &name).await?;
        self.console.done("let go", application);
        Ok(())
    }

    /// Says how far the hub is: it runs, and nothing brings it on.
    pub(super) async fn leave_held(
        &self,
        objects: &[Value],
        in_git: &BranchState,
        told: &mut Told,
        found: &mut Found,
    ) -> Outcome<()> {
        let (why, remedy) = in_git.in_the_way();
        let live = read_objects(self.cluster, objects).await?;
        let claim = Claim {
            revision: &self.proven.revision,
            repository: &self.step.repository.url,
            applications: &HELD.map(str::to_owned),
            objects,
            managers_before: managers(&live),
            drift: Drift::Leave,
            left: &[],
        };
        let mut proof = Proof::of(claim, &live, self.cluster, self.console).await?;
        // What comes from the bundle is ours until it is handed over.
        let is_ours = matches!(in_git, BranchState::Unreached(_));
        let is_early = |id: &str| OF_ARGOCD_AT_WORK.contains(&id) || (is_ours && id == OWNERSHIP);
        for item in proof.items.iter_mut().filter(|item| is_early(item.id)) {
            (item.state, item.detail) = (State::NotProbed, format!("not looked at: {why}"));
            item.failures.clear();
            told.not_looked_at.push(format!("{}: {why}", item.title));
        }
        proof.holds = false;
        proof.tell(self.console);
        let details = told.not_looked_at.iter().map(|it| format!("not looked at: {it}")).chain(proof.failures());
        let failure = Failure::failed(format!(
            "the cluster is back at {} and held, and the work is unfinished",
            short(&self.proven.revision)
        ));
        let failure = failure.details([why.clone()]).details(details).hint(remedy);
        told.proof = Some(proof.clone());
        found.proof = Some(proof);
        Err(failure)
    }
}

fn overtaken(revision: &str) -> Failure {
    Failure::failed(format!("somebody has pushed on top of {} while it was waited for", short(revision)))
        .hint("run again: it looks at what is there now, and finishes what is left")
}
