//! `uninstall` of a spoke: a plan that is told, then what comes to it, its probe, its registration, and what else it has.
//!
//! Every part looks anew at what is there, so an interrupted removal resumes. Nothing waits for a spoke that does not answer,
//! but what `onUninstall: delete` asks for.

use std::time::Duration;

use serde_json::json;

use super::removal::Removal;
use super::{claimed, on_spoke};
use crate::argocd::{Application, Reminders, Spoke};
use crate::bead::no_hub;
use crate::cluster::connect;
use crate::document::{OnSpokes, SpokeStep};
use crate::engine::{self, Cluster, Poll, absent};
use crate::hub::{hold, on_spokes};
use crate::object::Identity;
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::{Run, exactly};
use crate::words::argo;
use crate::words::spoke::{self, STATE, Standing, UID};

/// How long what is left of the hub's own may take to go, when the registration is gone.
const REST: Duration = Duration::from_secs(120);

/// Takes the spoke out.
///
/// First nothing more comes there; then what is there goes, with the registration still in place: without it Argo CD takes its
/// finalizers off what is being deleted, and leaves everything on the spoke (argo-cd 3.6.1, `finalizeApplicationDeletion` in
/// `controller/appcontroller.go`). What ordered the cluster goes last: with the cluster gone, nothing on it can be asked to go.
pub async fn uninstall(step: &SpokeStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    if engine::is_gone(&step.cluster) {
        console.done("cluster", format!("the hub is gone, and with it the registration of {}", step.name));
        return Ok(());
    }
    // No hub is asked for: a removal that was broken off may have taken it away, and letting go needs nothing of it.
    let cluster = connect(&step.cluster, run).await?;
    let removing = Removing { cluster: &cluster, step, console };
    let removal = removing.look("nothing was changed").await?;
    let hub_uid = cluster.facts().uid.as_str();
    if removal.is_empty() {
        console.done("look", format!("{} is not registered, and nothing of it is on the hub", step.name));
        on_spoke::clear(step, hub_uid, None, run.deadline, console).await?;
        return claimed::remove(&cluster, None, step, console).await;
    }
    let deletes = step.on_uninstall == OnSpokes::Delete && !removal.applications.is_empty();
    if deletes && cluster.metadata(&argo::application(argo::ROOT)).await?.is_none() {
        return Err(no_hub());
    }
    let source = match &removal.registered {
        Some(spoke) => claimed::source(&cluster, spoke).await?,
        None => None,
    };
    if let Some(object) = &source {
        claimed::demand_not_ordered(&cluster, object, &step.may_remove).await?;
    }
    removal.tell(step, console);
    if let Some(object) = &source {
        claimed::turn_off(&cluster, object, console).await?;
    }
    if let Some(spoke) = &removal.registered {
        removing.close(spoke).await?;
    }
    let uid = removal.registered.as_ref().and_then(|it| it.annotation(UID)).map(str::to_owned);
    removing.clear(removal).await?;
    removing.forget().await?;
    on_spoke::clear(step, hub_uid, uid.as_deref(), run.deadline, console).await?;
    removing.demand_forgotten().await?;
    claimed::remove(&cluster, source, step, console).await?;
    removing.demand_forgotten().await?;
    console.done("verify", format!("{} is not registered any more", step.name));
    Ok(())
}

/// A removal that is under way.
struct Removing<'r> {
    cluster: &'r Cluster,
    step: &'r SpokeStep,
    console: &'r Console,
}

impl Removing<'_> {
    async fn look(&self, what_now: &str) -> Outcome<Removal> {
        Removal::of(self.cluster, &self.step.name).await?.or_refuse(self.step, what_now)
    }

    /// What registers it may have been at work when it was told to end.
    async fn demand_forgotten(&self) -> Outcome<()> {
        let secret = spoke::secret(&self.step.name);
        if self.cluster.metadata(&secret).await?.is_none() {
            return Ok(());
        }
        Err(Failure::failed(format!("{} was registered anew while it was being taken out", self.step.name))
            .details([format!("{secret} is there again")])
            .hint("end what registers it, then run again: the removal resumes"))
    }

    /// Nothing more comes to the spoke.
    async fn close(&self, spoke: &Spoke) -> Outcome<()> {
        if spoke.standing != Standing::Draining {
            let state = json!({"metadata": {"labels": {STATE: Standing::Draining.name()}}});
            exactly::patch(self.cluster, &spoke.secret, state).await?;
        }
        self.console.done("draining", format!("nothing more comes to {}", self.step.name));
        Ok(())
    }

    /// Takes away what comes to the spoke, until nothing does: an `ApplicationSet` that was at work may have made one meanwhile.
    async fn clear(&self, mut removal: Removal) -> Outcome<()> {
        let Self { cluster, step, console } = *self;
        let (mut count, deadline) = (0, cluster.deadline());
        while !removal.applications.is_empty() {
            if deadline.passed() {
                return Err(Failure::deadline(format!("Applications come to {} again and again", step.name))
                    .details(removal.applications.iter().map(|it| it.name().to_owned()))
                    .hint("end what makes them, an ApplicationSet or an Application above them, then run again"));
            }
            match step.on_uninstall {
                OnSpokes::Delete => {
                    hold(cluster, console, &removal.applications, deadline).await?;
                    removal = self.look("the spoke is being taken out, which goes on when it is run again").await?;
                    on_spokes::drain(cluster, console, &removal.applications, deadline).await?;
                }
                OnSpokes::Leave | OnSpokes::Refuse => {
                    on_spokes::let_go(cluster, console, &removal.applications, deadline).await?;
                }
            }
            count += removal.applications.len();
            removal =
                self.look("it came while the spoke was being taken out, which goes on when it is run again").await?;
        }
        let what =
            if step.on_uninstall == OnSpokes::Delete { "and what they brought" } else { "what they brought stays" };
        console.done("remove", format!("{}, {what}", counted(count, "Application")));
        Ok(())
    }

    /// Takes away the probe and the registration, and waits for what Argo CD still has to let go of.
    async fn forget(&self) -> Outcome<()> {
        let Self { cluster, step, console } = *self;
        let deadline = cluster.deadline();
        let removal = self.look("what is left of the spoke stays").await?;
        let probe: Vec<Application> = removal.probe.into_iter().collect();
        on_spokes::let_go(cluster, console, &probe, deadline).await?;
        let registered: Vec<Identity> = removal.registered.into_iter().map(|it| it.secret).collect();
        engine::remove(cluster, console, &registered, deadline).await?;
        console.done("remove", format!("the probe and the registration of {}", step.name));
        self.until_let_go().await
    }

    /// Argo CD lets go of what is being deleted on a cluster that it does not know any more, when it next looks at it.
    async fn until_let_go(&self) -> Outcome<()> {
        let Self { cluster, step, console } = *self;
        let (deadline, reminders) = (cluster.deadline().at_most(REST), Reminders::default());
        // What an `ApplicationSet` has made while it still saw the registration.
        let late = Removal::of(cluster, &step.name).await?;
        on_spokes::let_go(cluster, console, late.of_beads(), deadline).await?;
        for it in late.of_beads().iter().filter(|_| step.on_uninstall == OnSpokes::Delete) {
            console.say(format!("warning: {} came late, so what it brought to {} stays there", it.name(), step.name));
        }
        let (going, staying): (Vec<Application>, Vec<Application>) =
            Removal::of(cluster, &step.name).await?.applications.into_iter().partition(Application::is_being_deleted);
        for application in &going {
            let object = Identity::of(&application.0);
            let look = async || {
                let live = absent(cluster.get(&object.object).await)?.flatten().filter(|live| object.is(live));
                let Some(live) = live.map(Application) else { return Ok(Poll::Done(())) };
                reminders.ask(cluster, &live).await?;
                Ok(deadline.blocked(console, "spokes", format!("{} to go, of {}", live.name(), going.len())))
            };
            let answer = deadline.poll_patiently("the end of the Applications of the spoke", look).await;
            answer.map_err(|failure| {
                failure.hint(
                    "the registration is gone, and Argo CD deletes nothing there any more: run again with `onUninstall: leave`, \
                     which takes Argo CD's finalizers off what is left",
                )
            })?;
        }
        for it in staying {
            let name = it.name();
            console
                .say(format!("warning: Application {name} still has {} for its destination, which is gone", step.name));
        }
        Ok(())
    }
}
