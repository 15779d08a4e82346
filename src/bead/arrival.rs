//! The way of a bead into the hub: a commit, and the wait until Argo CD runs it.

use std::time::Duration;

use super::on_hub::OnHub;
use super::spokes::Bringing;
use crate::argocd::{self, Application, Delivered, Goal};
use crate::document::Bead;
use crate::engine::Cluster;
use crate::git::Published;
use crate::hub::describe;
use crate::object::ObjectRef;
use crate::publish::bead::{HubRepository, Share};
use crate::publish::{self, Leaving};
use crate::report::{Console, Outcome, counted};
use crate::run::{Found, Losses, Wait, follow, wait_for};
use crate::words::argo;
use crate::words::bead::object;

/// How long the root may take to see that the bead is well. No more: what it may wait for beyond that is another bead's.
const MOMENT: Duration = Duration::from_secs(10);

/// Between two looks at the root, one request each.
const PAUSE: Duration = Duration::from_millis(500);

/// Which commit of a bead it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeadCommit {
    /// The only one.
    Only,
    /// The first of two, under the permissions of both versions.
    Widening,
    /// The second of two, under fewer permissions. Argo CD does not look at Applications when their project changes, so all
    /// are compared once more.
    Narrowing,
}

/// What has to be well before a bead has arrived.
pub struct Arrival<'a> {
    bead: &'a Bead,
    applications: Vec<String>,
    of_root: [ObjectRef; 3],
    may_remove: &'a [String],
}

impl<'a> Arrival<'a> {
    /// Argo CD, whose settings have the bead's health checks, the bead, and its parts; and what the root brings of it. Not
    /// all of the root, which waits for other beads as well.
    pub fn of<'p>(bead: &'a Bead, parts: impl Iterator<Item = &'p str>, may_remove: &'a [String]) -> Self {
        let name = bead.application_name();
        let project = argo::project(&name);
        let of_root = [project, argo::application(&name), object(&bead.metadata.name)];
        let parts = parts.map(|part| bead.part_application(part));
        Self {
            bead,
            applications: [argo::ARGOCD.to_owned(), name].into_iter().chain(parts).collect(),
            of_root,
            may_remove,
        }
    }

    /// How many Applications have to be Synced and Healthy.
    pub fn count(&self) -> usize {
        self.applications.len()
    }

    /// What to wait for at a commit.
    pub fn at<'g>(&'g self, commit: &'g str, earlier: &'g [String]) -> Goal<'g> {
        Goal { commit, applications: &self.applications, earlier, of_root: &self.of_root, only_look: false }
    }

    /// Commits this much of the bead, and waits until it has arrived on the hub, then until it is known what has become of it
    /// on these spokes. Answers the commit that it has arrived at, and that.
    pub async fn commit(
        &self,
        share: Share<'_>,
        which: BeadCommit,
        spokes: Bringing<'_>,
        hub: &OnHub,
        console: &Console,
        found: &mut Found,
    ) -> Outcome<(String, Vec<Delivered>)> {
        let (name, version) = (&self.bead.metadata.name, &self.bead.spec.version);
        let end = hub.cluster.deadline().end();
        let under = if which == BeadCommit::Widening { ", under the permissions of both versions," } else { "" };
        let wave = spokes.ahead.map(|wave| format!(", on spokes up to wave {wave},")).unwrap_or_default();
        let message = format!("Render bead {name} {version}{wave}{under} with backstack {}", env!("CARGO_PKG_VERSION"));
        let admit = async |leaving: &Leaving| Losses::of(leaving, &hub.cluster).await?.admit(self.may_remove, console);
        let files = |there: &HubRepository| there.with(self.bead, share, &hub.access);
        let published = publish::bead::publish(&hub.access, name, files, &message, end, admit).await?;
        console.done("commit", describe(&published));
        let mut is_compared = which != BeadCommit::Narrowing;
        let arrive = async |at: &Published, earlier: &[String]| {
            found.revision = Some(at.revision.clone());
            let goal = self.at(&at.revision, earlier);
            let mut waited = wait_for(goal, &hub.access, &hub.cluster, console).await?;
            if waited == Wait::Synced && !is_compared {
                argocd::compare_anew("sync", &self.applications, &hub.cluster, console).await?;
                is_compared = true;
                waited = wait_for(goal, &hub.access, &hub.cluster, console).await?;
            }
            if waited == Wait::Overtaken {
                return Ok(None);
            }
            console.done("sync", format!("{} at {}", counted(self.count(), "Application"), at.revision));
            spokes.wait(&at.revision, earlier, &hub.access, &hub.cluster, console).await
        };
        let again = async || HubRepository::read(&hub.access, end).await?.still_with(self.bead, share, &hub.access);
        let (at, ends) = follow(published, |it| &it.revision, arrive, again, console).await?;
        Ok((at.revision, ends))
    }
}

/// Gives the root the moment that it needs when the last of its objects has become healthy, and says what it waits for
/// beyond that.
pub async fn tell_of_root(commit: &str, cluster: &Cluster, console: &Console) {
    let deadline = cluster.deadline().at_most(MOMENT);
    let mut is_asked = false;
    // The bead has arrived, whatever can be read of the root.
    while let Ok(Some(root)) = cluster.get(&argo::application(argo::ROOT)).await {
        let root = Application(root);
        let Some(why) = root.blocked_at(commit).filter(|_| root.is_at(commit)) else { return };
        // A sync that was ended since it was of an older commit leaves it failed, with nothing left that Argo CD would sync.
        if !is_asked && root.has_failed() && root.sync() == "Synced" {
            is_asked = argocd::sync_again(cluster, &root, commit).await.is_ok();
        }
        if deadline.passed() {
            console.say(format!("warning: Application argocd/root is not well, which is not of this bead: {why}"));
            return;
        }
        deadline.pause(PAUSE).await;
    }
}
