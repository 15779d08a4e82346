//! Whether a bead runs what git holds, and has what it requires. Nothing is changed.

use std::time::Duration;

use super::arrival::Arrival;
use super::claimed::claimed;
use super::on_hub::OnHub;
use super::{files, requirements, spokes, state, was};
use crate::argocd::{self, Goal};
use crate::document::BeadStep;
use crate::report::{Exit, Failure, Outcome, counted};
use crate::run::Run;

/// How long Argo CD may take to notice the last commit.
const MOMENT: Duration = Duration::from_secs(60);

/// Fails unless the bead is in git in this version, every part is Synced and Healthy at the commit that the branch is
/// at, and the hub still has what the bead requires.
pub async fn verify(step: &BeadStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let bead = &files::document(step.file.as_ref())?;
    let hub = OnHub::to_read(step, run).await?;
    let (name, version) = (&bead.metadata.name, &bead.spec.version);
    let Some(installed) = hub.repository.beads.get(name) else {
        return Err(Failure::failed(format!("bead {name} is not in {}", hub.access)).hint("install it first"));
    };
    let there = &installed.bead.spec.version;
    if there != version {
        return Err(Failure::failed(format!("bead {name} is there in version {there}, this bundle has {version}"))
            .hint("upgrade it, or verify it with the bundle that it was installed from"));
    }
    let revision = hub.repository.revision.clone();
    console.done("commit", format!("{revision}  at branch {}", hub.resolved.branch));
    run.found.revision = Some(revision.clone());
    let arrival = Arrival::of(bead, installed.parts.iter().map(String::as_str), &[]);
    let goal = Goal { only_look: true, ..arrival.at(&revision, &[]) };
    let waited = argocd::wait_synced(&hub.cluster.patient_for(MOMENT), console, goal).await;
    let told = state::tell(bead, &hub.cluster, run.found).await;
    waited.map_err(|failure| failure.with_exit(Exit::Failed))?;
    console.done("sync", format!("{} at {revision}", counted(arrival.count(), "Application")));
    let on_spokes = spokes::verify(bead, &revision, &hub, console, run.found).await;
    requirements::still_met(bead, &hub).await?;
    console.done("require", "the hub has what the bead needs");
    told?;
    for it in &claimed(bead, &hub.cluster).await? {
        it.tell(console);
    }
    finished(spokes::unfinished(name, &hub.repository)?, on_spokes)?;
    match was::left_changed(bead, &hub.cluster, console).await? {
        none if none.is_empty() => Ok(()),
        left => Err(Failure::failed(format!("a removal of bead {name} was broken off"))
            .details(left)
            .hint("install it, which puts them back as they were; or run the removal to its end")),
    }
}

/// Fails where a version has not gone on to all waves of spokes, whatever those say that have it.
fn finished(unfinished: Option<String>, on_spokes: Outcome<()>) -> Outcome<()> {
    let Some(why) = unfinished else { return on_spokes };
    match on_spokes {
        Err(failure) => Err(failure.details([why])),
        Ok(()) => Err(Failure::failed(why).hint("install it again: the work goes on with the next wave")),
    }
}
