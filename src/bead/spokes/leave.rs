//! The way of a bead out of its spokes: nothing more comes to them, then its Applications go, with or without what they
//! brought.
//!
//! What is there is looked for anew at every run, so one that is broken off goes on where it was.

use std::time::Duration;

use super::found::on_spokes;
use crate::argocd::{Application, Follow, Spokes};
use crate::bead::on_hub::OnHub;
use crate::document::{Bead, BeadStep, OnSpokes};
use crate::engine::Poll;
use crate::guard::{Hanging, lost_on_spokes, not_looked_at};
use crate::hub::{describe, drain, hold, let_go};
use crate::object::str_at;
use crate::publish;
use crate::publish::bead::RemovalStage;
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::Named;
use crate::words::{argo, spoke};

const PAUSE: Duration = Duration::from_millis(750);
/// Of more spokes than these the rest is counted.
const MOST_NAMED: usize = 20;

/// A bead that leaves its spokes.
pub struct Leaving<'l> {
    /// The hub.
    pub hub: &'l OnHub,
    /// The bead as it is installed.
    pub bead: &'l Bead,
    /// What becomes of what it has brought there.
    pub how: OnSpokes,
    /// Who is told.
    pub console: &'l Console,
}

impl<'l> Leaving<'l> {
    /// The departure that comes with a version that is for no spokes, where the installed one is; `None` otherwise.
    pub fn of_dropped(bead: &Bead, hub: &'l OnHub, step: &BeadStep, console: &'l Console) -> Option<Self> {
        let installed = hub.repository.beads.get(&bead.metadata.name).map(|it| &it.bead)?;
        let is_dropped = bead.spec.spokes.is_none() && installed.spec.spokes.is_some();
        is_dropped.then_some(Self { hub, bead: installed, how: step.on_spokes, console })
    }

    /// Refuses while the bead is on spokes and the step does not say what becomes of that, and a deletion that Argo CD would
    /// not do. `doing` is what is asked for.
    pub async fn or_refuse(&self, doing: &str) -> Outcome<()> {
        let there = on_spokes(&self.bead.metadata.name, &self.hub.cluster).await?;
        match self.how {
            OnSpokes::Refuse if !there.is_empty() => Err(self.unnamed(&there, doing)),
            OnSpokes::Delete => self.registered(&there, doing).await,
            OnSpokes::Refuse | OnSpokes::Leave => Ok(()),
        }
    }

    /// Refuses a deletion there with which more than itself is lost that the step does not name.
    pub async fn or_lose(&self, may_remove: &[String]) -> Outcome<()> {
        if self.how != OnSpokes::Delete {
            return Ok(());
        }
        let (name, named) = (&self.bead.metadata.name, Named::of(may_remove));
        let there = on_spokes(name, &self.hub.cluster).await?;
        let unseen = not_looked_at(&there);
        if !unseen.is_empty() {
            let what = format!("nobody knows what deleting bead {name} on spokes would lose; nothing was changed");
            return Err(Failure::refused(what).details(unseen).hint(
                "run again when Argo CD has compared them; where it cannot, take the spoke out with `onUninstall: leave` in its \
                 own step; or leave what is on all of them, by `onSpokes: leave`",
            ));
        }
        let mut lost = lost_on_spokes(&there);
        lost.retain(|it| !named.covers(&it.object));
        if lost.is_empty() {
            return Ok(());
        }
        Err(Failure::refused(format!("Argo CD would delete what bead {name} brought to spokes; nothing was changed"))
            .details(Hanging::lines(&lost))
            .hint(named.remedy(lost.iter().map(|it| &it.object))))
    }

    /// Stops what makes its Applications, and takes them away.
    pub async fn run(&self) -> Outcome<()> {
        let Self { hub, bead, console, .. } = *self;
        let (name, deadline) = (&bead.metadata.name, hub.cluster.deadline());
        if bead.spec.spokes.is_some() && hub.repository.beads.contains_key(name) {
            self.stop().await?;
        }
        loop {
            // One that was being made while the set was stopped is found by the next look.
            let there = on_spokes(name, &hub.cluster).await?;
            if there.is_empty() {
                return Ok(());
            }
            self.or_refuse("take it off its spokes").await?;
            let (answer, what) = match self.how {
                OnSpokes::Delete => {
                    hold(&hub.cluster, console, &there, deadline).await?;
                    (drain(&hub.cluster, console, &there, deadline).await, "what it brought there is gone")
                }
                OnSpokes::Refuse | OnSpokes::Leave => {
                    (let_go(&hub.cluster, console, &there, deadline).await, "what it brought there stays")
                }
            };
            answer.map_err(|failure| match self.how {
                OnSpokes::Delete => failure.hint(
                    "a spoke that does not answer deletes nothing: bring it back and run again; or take it out with \
                     `onUninstall: leave` in its own step, and run again; or leave what is on all of them, by `onSpokes: leave`",
                ),
                OnSpokes::Refuse | OnSpokes::Leave => failure,
            })?;
            for application in &there {
                let spoke = spoke::of_application(application.name()).map_or("", |(spoke, _)| spoke);
                console.done("spoke", format!("{spoke}: bead {name} is off it; {what}"));
            }
        }
    }

    /// One commit that leaves the set without a generator, and a wait until Argo CD has it so.
    async fn stop(&self) -> Outcome<()> {
        let Self { hub, bead, console, .. } = *self;
        let (name, cluster, deadline) = (&bead.metadata.name, &hub.cluster, hub.cluster.deadline());
        let message = format!("Remove bead {name}: its way to spokes");
        let published =
            publish::bead::remove(&hub.access, name, RemovalStage::Spokes, &message, deadline.end()).await?;
        console.done("commit", describe(&published));
        let set = spoke::set(name);
        let above = argo::application(&bead.application_name());
        let follow = Follow::default();
        let look = async || {
            let live = cluster.get(&set).await?;
            if live.is_none_or(|live| live.pointer("/spec/generators") == Some(&argo::no_generators())) {
                return Ok(Poll::Done(()));
            }
            let mut why = format!("{set} still makes Applications");
            if let Some(live) = cluster.get(&above).await?.map(Application) {
                follow.old.end(cluster, &live, &published.revision, &[]).await?;
                follow.reminders.remind(cluster, &live, &published.revision).await?;
                why = live.blocked_at(&published.revision).unwrap_or(why);
            }
            Ok(deadline.blocked(console, "spokes", why))
        };
        deadline.poll(&format!("the end of {set} as a maker of Applications"), PAUSE, look).await
    }

    fn unnamed(&self, there: &[Application], doing: &str) -> Failure {
        let name = &self.bead.metadata.name;
        let line = |it: &Application| {
            let spoke = str_at(&it.0, "/spec/destination/name");
            let objects = counted(it.resources().count(), "object");
            format!("spoke {spoke}: Application {} manages {objects} there", it.name())
        };
        let mut lines: Vec<String> = there.iter().take(MOST_NAMED).map(line).collect();
        let more = there.len().saturating_sub(MOST_NAMED);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        Failure::refused(format!("bead {name} is on {}, so nothing was done to {doing}", counted(there.len(), "spoke")))
            .details(lines)
            .hint(
                "name in the step what becomes of what it brought there: `onSpokes: leave` leaves it, and nobody looks after it \
                 any more; `onSpokes: delete` deletes it first",
            )
    }

    /// Argo CD lets an Application go whose cluster it does not know, and leaves what it brought (argo-cd 3.6.1,
    /// `controller/appcontroller.go`, `finalizeApplicationDeletion`). That is no deletion.
    async fn registered(&self, there: &[Application], doing: &str) -> Outcome<()> {
        let known = Spokes::of(&self.hub.cluster).await?;
        let is_known = |it: &&Application| known.named(str_at(&it.0, "/spec/destination/name")).is_some();
        let unknown: Vec<String> = there
            .iter()
            .filter(|it| !is_known(it))
            .map(|it| {
                format!("Application {}: Argo CD does not know its cluster, and would leave what is there", it.name())
            })
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let name = &self.bead.metadata.name;
        Err(Failure::refused(format!("what bead {name} brought to spokes cannot be deleted, so nothing was done to {doing}"))
            .details(unknown)
            .hint(
                "register the spoke again, or mend its Secret; or take it out with `onUninstall: leave` in its own step; or \
                 leave what is on all of them, by `onSpokes: leave`",
            ))
    }
}
