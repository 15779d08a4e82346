//! `uninstall` of a spoke: a plan that is told, then what comes to it, its probe, its registration, and what else it has.
//!
//! Every part looks anew at what is there, so an interrupted removal resumes. Nothing waits for a spoke that does not answer,
//! but what `onUninstall: delete` asks for.

use std::time::Duration;

use serde_json::json;

use super::claimed;
use super::hold::hold;
use super::look::Hub;
use super::on_spoke;
use super::removal::Removal;
use crate::actions::found::Found;
use crate::actions::{exactly, on_spokes};
use crate::argocd::{Application, Reminders, Spoke};
use crate::engine::{self, Deadline, Poll};
use crate::object::Identity;
use crate::report::{Console, Failure, Outcome};
use crate::spec::{OnSpokes, SpokeStep};
use crate::spoke::{STATE, Standing, UID};

/// How long what is left of the hub's own may take to go, when the registration is gone.
const REST: Duration = Duration::from_secs(120);

/// Takes the spoke out.
pub async fn uninstall(step: &SpokeStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    if engine::is_gone(&step.cluster) {
        console.done("cluster", format!("the hub is gone, and with it the registration of {}", step.name));
        return Ok(());
    }
    let hub = Hub::of(step, deadline, console, found).await?;
    let run = Removing { hub: &hub, step, deadline, console };
    let removal = run.look("nothing was changed").await?;
    let hub_uid = hub.cluster.facts().uid.as_str();
    if removal.is_empty() {
        console.done("look", format!("{} is not registered, and nothing of it is on the hub", step.name));
        on_spoke::clear(step, hub_uid, None, deadline, console).await?;
        return claimed::remove(&hub.cluster, None, &step.may_remove, console, deadline).await;
    }
    removal.tell(step, console);
    let source = match &removal.registered {
        Some(spoke) => claimed::source(&hub.cluster, spoke).await?,
        None => None,
    };
    if let Some(object) = &source {
        claimed::turn_off(&hub.cluster, object, console).await?;
    }
    if let Some(spoke) = &removal.registered {
        run.close(spoke).await?;
    }
    let uid = removal.registered.as_ref().and_then(|it| it.annotation(UID)).map(str::to_owned);
    run.clear(removal).await?;
    run.forget().await?;
    on_spoke::clear(step, hub_uid, uid.as_deref(), deadline, console).await?;
    claimed::remove(&hub.cluster, source, &step.may_remove, console, deadline).await?;
    console.done("verify", format!("{} is not registered any more", step.name));
    Ok(())
}

/// A removal that is under way.
struct Removing<'r> {
    hub: &'r Hub,
    step: &'r SpokeStep,
    deadline: Deadline,
    console: &'r Console,
}

impl Removing<'_> {
    async fn look(&self, what_now: &str) -> Outcome<Removal> {
        Removal::of(&self.hub.cluster, &self.step.name).await?.or_refuse(self.step, what_now)
    }

    /// Nothing more comes to the spoke.
    async fn close(&self, spoke: &Spoke) -> Outcome<()> {
        if spoke.standing != Standing::Draining {
            let state = json!({"metadata": {"labels": {STATE: Standing::Draining.name()}}});
            exactly::patch(&self.hub.cluster, &spoke.secret, state).await?;
        }
        self.console.done("draining", format!("nothing more comes to {}", self.step.name));
        Ok(())
    }

    /// Takes away what comes to the spoke, until nothing does: an `ApplicationSet` that was at work may have made one meanwhile.
    async fn clear(&self, mut removal: Removal) -> Outcome<()> {
        let Self { hub, step, deadline, console } = *self;
        let mut count = 0;
        while !removal.applications.is_empty() {
            if deadline.passed() {
                return Err(Failure::deadline(format!("Applications come to {} again and again", step.name))
                    .details(removal.applications.iter().map(|it| it.name().to_owned()))
                    .hint("end what makes them, an ApplicationSet or an Application above them, then run again"));
            }
            match step.on_uninstall {
                OnSpokes::Delete => {
                    hold(&hub.cluster, console, &removal.applications, deadline).await?;
                    removal = self.look("the spoke is being taken out, which goes on when it is run again").await?;
                    on_spokes::drain(&hub.cluster, console, &removal.applications, deadline).await?;
                }
                OnSpokes::Leave | OnSpokes::Refuse => {
                    on_spokes::let_go(&hub.cluster, console, &removal.applications, deadline).await?;
                }
            }
            count += removal.applications.len();
            removal =
                self.look("it came while the spoke was being taken out, which goes on when it is run again").await?;
        }
        let what =
            if step.on_uninstall == OnSpokes::Delete { "and what they brought" } else { "what they brought stays" };
        console.done("remove", format!("{count} Applications, {what}"));
        Ok(())
    }

    /// Takes away the probe and the registration, and waits for what Argo CD still has to let go of.
    async fn forget(&self) -> Outcome<()> {
        let Self { hub, step, deadline, console } = *self;
        let removal = self.look("what is left of the spoke stays").await?;
        let probe: Vec<Application> = removal.probe.into_iter().collect();
        on_spokes::let_go(&hub.cluster, console, &probe, deadline).await?;
        let registered: Vec<Identity> = removal.registered.into_iter().map(|it| it.secret).collect();
        engine::remove(&hub.cluster, console, &registered, deadline).await?;
        console.done("remove", format!("the probe and the registration of {}", step.name));
        self.until_let_go().await
    }

    /// Argo CD lets go of what is being deleted on a cluster that it does not know any more, when it next looks at it.
    async fn until_let_go(&self) -> Outcome<()> {
        let Self { hub, step, console, .. } = *self;
        let (deadline, reminders) = (self.deadline.at_most(REST), Reminders::default());
        // What an `ApplicationSet` has made while it still saw the registration.
        let late = Removal::of(&hub.cluster, &step.name).await?;
        on_spokes::let_go(&hub.cluster, console, late.of_beads(), deadline).await?;
        let look = async || {
            let left = Removal::of(&hub.cluster, &step.name).await?.applications;
            let going: Vec<&Application> = left.iter().filter(|it| it.is_being_deleted()).collect();
            for it in &going {
                reminders.ask(&hub.cluster, it).await?;
            }
            let Some(first) = going.first() else { return Ok(Poll::Done(left)) };
            let line = format!("{} to go, of {}", first.name(), going.len());
            console.waiting("spokes", &line, deadline.waited(), deadline.total());
            Ok(Poll::Blocked(line))
        };
        for it in deadline.poll_patiently("the end of the Applications of the spoke", look).await? {
            let name = it.name();
            console
                .say(format!("warning: Application {name} still has {} for its destination, which is gone", step.name));
        }
        Ok(())
    }
}
