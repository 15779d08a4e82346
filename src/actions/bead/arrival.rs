//! The way of a bead into the hub: a commit, and the wait until Argo CD runs it.

use std::time::Duration;

use super::on_hub::OnHub;
use crate::actions::hub::{Found, describe};
use crate::actions::synced::{Wait, tell_overtaken, wait_for};
use crate::argocd::{self, Application, Goal};
use crate::engine::{Cluster, ObjectRef};
use crate::gitops::Tree;
use crate::gitops::bead::{self, HubRepository};
use crate::report::{Console, Outcome};
use crate::spec::{ARGOCD_NAMESPACE, Bead};

/// How long the root may take to see that the bead is well.
const MOMENT: Duration = Duration::from_secs(10);

/// What has to be well before a bead has arrived.
pub struct Arrival<'a> {
    bead: &'a Bead,
    applications: Vec<String>,
    of_root: [ObjectRef; 2],
}

impl<'a> Arrival<'a> {
    /// Argo CD, whose settings have the bead's health checks, the bead, and its parts; and what the root brings of it. Not
    /// all of the root, which waits for other beads as well.
    pub fn of<'p>(bead: &'a Bead, parts: impl Iterator<Item = &'p str>) -> Self {
        let name = bead.application_name();
        let project = ObjectRef::new("argoproj.io/v1alpha1", "AppProject", Some(ARGOCD_NAMESPACE), &name);
        let of_root = [project, Application::reference(&name)];
        let parts = parts.map(|part| bead.part_application(part));
        Self { bead, applications: ["argocd".to_owned(), name].into_iter().chain(parts).collect(), of_root }
    }

    /// How many Applications have to be Synced and Healthy.
    pub fn count(&self) -> usize {
        self.applications.len()
    }

    /// What to wait for at a commit.
    pub fn at<'g>(&'g self, commit: &'g str) -> Goal<'g> {
        Goal { commit, applications: &self.applications, of_root: &self.of_root }
    }

    /// Commits these files of the bead, and waits until it has arrived. `what` is said of the version in the message.
    pub async fn commit(
        &self,
        files: &Tree,
        what: &str,
        hub: &OnHub,
        console: &Console,
        found: &mut Found,
    ) -> Outcome<()> {
        let (name, version) = (&self.bead.metadata.name, &self.bead.spec.version);
        let end = hub.cluster.deadline().end();
        let message = format!("Render bead {name} {version}{what} with backstack {}", env!("CARGO_PKG_VERSION"));
        let mut published = bead::publish(&hub.access, name, files, &message, end).await?;
        console.done("commit", describe(&published));
        loop {
            found.revision = Some(published.revision.clone());
            let goal = self.at(&published.revision);
            if wait_for(goal, &hub.access, &hub.cluster, console).await? == Wait::Synced {
                console.done("sync", format!("{} Applications at {}", self.count(), published.revision));
                return tell_of_root(&published.revision, &hub.cluster, console).await;
            }
            let there = HubRepository::read(&hub.access, end).await?;
            published = there.plan(name, files)?.kept(&hub.access)?;
            tell_overtaken(console, &published.revision);
        }
    }
}

/// Gives the root the moment that it needs when the last of its objects has become healthy, and says what it waits for
/// beyond that.
async fn tell_of_root(commit: &str, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let root = Goal { commit, applications: &["root".to_owned()], of_root: &[] };
    let _ = argocd::wait_synced(&cluster.patient_for(MOMENT), console, root).await; // how it ended is read off the root
    let live = cluster.get(&Application::reference("root")).await?.map(Application);
    if let Some(why) = live.and_then(|root| root.blocked_at(commit)) {
        console.say(format!("warning: Application argocd/root waits for others: {why}"));
    }
    Ok(())
}
