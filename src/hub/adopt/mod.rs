//! The take-over of an Argo CD that no hub has brought. Each phase looks anew at what is left to do, so a run that was broken off
//! is finished by the next one.
//!
//! Nothing of the users' is rewritten: their Applications, sets and projects keep their UIDs, what they have set and git does not
//! hold stays where it is, and pods go on where their template is the same.

mod applications;
mod conflicts;
mod marks;
mod plan;
mod rename;
mod users;
mod workloads;

use serde_json::Value;

use crate::argocd::{application_of, tracker};
use crate::document::{Hub, HubStep};
use crate::engine::ownership::argocd_owns;
use crate::engine::{self, Applied, Cluster};
use crate::guard::Standing;
use crate::object::ObjectRef;
use crate::report::{Console, Failure, Outcome};
use crate::words::argo;
use plan::Plan;
use users::Users;

/// A take-over that nothing speaks against.
pub struct Adoption {
    standing: Standing,
    plan: Plan,
    users: Users,
}

impl Adoption {
    /// Holds what is there against what the hub would bring, says what a take-over does to it, and refuses what it must not do.
    /// Nothing is written.
    pub async fn of(
        standing: Standing,
        objects: &[Value],
        hub: &Hub,
        step: &HubStep,
        cluster: &Cluster,
        console: &Console,
    ) -> Outcome<Self> {
        if !standing.is_of_hub {
            console.done("found", "an Argo CD that no hub has brought");
            standing.lines().iter().for_each(|line| console.say(format!("  {line}")));
        }
        let plan = Plan::of(&standing, objects, &hub.spec.argocd.version, step, cluster).await?;
        plan.tell(console);
        let users = Users::of(cluster, standing.is_of_hub, &plan.going()).await?;
        Ok(Self { standing, plan, users })
    }

    /// Whether a hub has brought this Argo CD already, and only the rest of a take-over may be left to do.
    pub fn is_of_hub(&self) -> bool {
        self.standing.is_of_hub
    }

    /// What the step names beside that for the commit.
    pub fn rest_of(&self, may_remove: &[String]) -> Vec<String> {
        let ours = self.plan.names();
        let named = may_remove.iter().flat_map(|it| it.split(',')).map(str::trim);
        named.filter(|it| !ours.contains(*it)).map(str::to_owned).collect()
    }

    /// Holds the Applications by which this Argo CD manages itself, the topmost first, and takes them away without what they
    /// hold; gives those another name that have one which the hub needs.
    pub async fn prepare(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        self.hold_and_remove(cluster, console).await.map_err(|failure| self.with_what_is_left(failure))
    }

    /// What a failure leaves behind once Applications are being held, and the way on.
    fn with_what_is_left(&self, failure: Failure) -> Failure {
        let going: Vec<String> = self.plan.going().iter().map(ToString::to_string).collect();
        if going.is_empty() {
            return failure;
        }
        let hint = failure.hint.clone().map(|hint| format!("{hint}; ")).unwrap_or_default();
        failure.details([format!("left: these may be held, renamed or gone: {}", going.join(", "))]).hint(format!(
            "{hint}run again: the work resumes; to undo a hold by hand, take the annotation away (`kubectl annotate application \
             NAME -n {} {}-`)",
            argo::NAMESPACE,
            argo::SKIP_RECONCILE
        ))
    }

    async fn hold_and_remove(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        applications::hold(&self.plan.holders, cluster, console).await?;
        for application in &self.plan.clashing {
            rename::rename(application, cluster, console).await?;
        }
        applications::remove(&self.plan.holders, cluster, console).await
    }

    /// Applies the platform of the hub over what is there, and has those let go of it who have installed it. Workloads that
    /// cannot be changed are made anew, one at a time.
    pub async fn apply(&self, objects: &[&Value], cluster: &Cluster, console: &Console) -> Outcome<Applied> {
        let is_replaced = |it: &&Value| self.plan.is_replaced(&ObjectRef::of(it));
        let (anew, over): (Vec<&Value>, Vec<&Value>) = objects.iter().copied().partition(is_replaced);
        let live = engine::live(cluster, over.iter().copied(), |_| false).await?;
        let mut applied = engine::apply_over(cluster, &over, &live, is_handed_over).await?;
        let let_go = marks::let_go(&over, self.is_of_hub(), cluster).await?;
        for object in &anew {
            workloads::replace(object, self.plan.predecessors(&ObjectRef::of(object)), cluster, console).await?;
            applied.sent += 1;
        }
        if let_go > 0 {
            console.done("let go", format!("{let_go} objects by those who had installed them"));
        }
        Ok(applied)
    }

    /// Takes away what Helm keeps of its releases, and sees that nothing of the users' was lost. Only after the proof: until then
    /// Helm could bring everything back.
    pub async fn finish(&self, cluster: &Cluster, console: &Console) -> Outcome<()> {
        marks::forget_releases(&self.plan.brought, cluster, console).await?;
        let left = workloads::ownerless(cluster).await.unwrap_or_else(|fault| {
            console.say(format!("warning: not looked at: ReplicaSets without a Deployment: {}", fault.message));
            Vec::new()
        });
        for left in left {
            console.say(format!(
                "warning: {left} has no Deployment any more: its pods go on beside those of the hub; once they are needed no more, \
                 `kubectl delete replicaset {} -n {}`",
                left.name,
                argo::NAMESPACE
            ));
        }
        self.users.are_as_before(cluster, console).await
    }
}

/// Whether the hub's own Argo CD is in charge of an object. Definitions get no mark of an Application.
fn is_handed_over(name: &ObjectRef, live: &Value) -> bool {
    argocd_owns(live) && (name.is_crd() || tracker(live) == Some(application_of(name)))
}
