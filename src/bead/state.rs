//! How a bead is, read off the cluster alone.

use serde_json::{Map, Value, json};

use crate::argocd::{Application, Applications};
use crate::cluster::connect;
use crate::document::{Bead, BeadStep};
use crate::engine::{Cluster, Fault};
use crate::hub::{Report, show};
use crate::object::str_at;
use crate::report::{Outcome, counted};
use crate::run::{Found, Run};
use crate::words::bead::object;

use super::claimed::{Claimed, claimed};
use super::spokes::{self, Told};
use super::{files, was};

/// Shows every Application of the bead. A bead that is not well is a finding, not a failure of this verb.
pub async fn status(step: &BeadStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let bead = files::document(step.file.as_ref())?;
    let cluster = connect(&step.cluster, run).await?;
    tell(&bead, &cluster, run.found).await?;
    let mut report = Report::with_pods(applications(&bead, &cluster).await?, "bead", &cluster).await;
    if !report.not_looked_at.is_empty() {
        report.status["notLookedAt"] = json!(report.not_looked_at);
    }
    let name = &bead.metadata.name;
    if report.status["components"].as_object().is_some_and(Map::is_empty) {
        report.status["message"] = match cluster.metadata(&object(name)).await? {
            None => format!("bead {name} is not on this hub").into(),
            Some(_) => format!("bead {name} is half installed or half removed: run either to its end").into(),
        };
    }
    let changed = was::left_changed(&bead, &cluster, console).await?;
    if !changed.is_empty() {
        let (message, count) = (str_at(&report.status, "/message"), changed.len());
        report.status["message"] =
            format!("{message}; a removal was broken off, which changed {}", counted(count, "object")).into();
    }
    let mut told = Told::of(&bead, &cluster).await?;
    match spokes::unfinished_in_git(&bead, step, &cluster).await {
        Ok(None) => {}
        Ok(Some(why)) => {
            report.status["message"] = format!("{}; {why}", str_at(&report.status, "/message")).into();
            if report.status["status"] == "Ready" {
                report.status["status"] = "Pending".into();
            }
        }
        Err(failure) => {
            told.remarks.push(format!("whether every wave has the same version git did not say: {failure}"));
        }
    }
    if !told.is_empty() {
        report.status["spokes"] = json!(told.rows);
        report.status["remarks"] = json!(told.remarks);
    }
    if told.unwell() > 0 {
        let (message, count) = (str_at(&report.status, "/message"), told.unwell());
        report.status["message"] =
            format!("{message}; on {count} of {} it is not well", counted(told.rows.len(), "spoke")).into();
        if report.status["status"] == "Ready" {
            report.status["status"] = "Pending".into();
        }
    }
    let claimed = claimed(&bead, &cluster).await?;
    if !claimed.is_empty() {
        report.status["claimed"] = claimed.iter().map(Claimed::json).collect();
    }
    let shown = show(step.format, &report.status, || {
        report.tell(console);
        told.tell(console);
    });
    for it in &claimed {
        it.tell(console);
    }
    for line in &changed {
        console.say(format!("warning: {line}; install the bead to put it back, or run the removal to its end"));
    }
    run.found.status = Some(report.status);
    shown
}

/// Hands back what the bead consists of and how its parts are.
pub async fn tell(bead: &Bead, cluster: &Cluster, found: &mut Found) -> Result<(), Fault> {
    let installed = cluster.get(&object(&bead.metadata.name)).await?;
    let all = applications(bead, cluster).await?;
    let parent = bead.application_name();
    let revision = |it: &Application| it.compared_revisions().first().map(|it| (*it).to_owned());
    let at = all.iter().find(|it| it.name() == parent).and_then(revision);
    let parts: Vec<Value> = all
        .iter()
        .filter_map(|it| {
            let name = it.name().strip_prefix(&parent)?.strip_prefix('-')?;
            Some(json!({
                "name": name,
                "application": it.name(),
                "sync": it.sync(),
                "health": it.health(),
                "revision": revision(it),
            }))
        })
        .collect();
    let mut state = json!({
        "name": bead.metadata.name,
        "version": installed.as_ref().map(|it| str_at(it, "/spec/version")),
        "revision": at,
        "parts": parts,
    });
    let told = Told::of(bead, cluster).await?;
    if !told.is_empty() {
        state["spokes"] = json!(told.rows);
    }
    found.state = Some(state);
    found.revision = found.revision.take().or(at);
    Ok(())
}

/// The Application of the bead and those of its parts: the parts are what is in its project.
pub async fn applications(bead: &Bead, cluster: &Cluster) -> Result<Vec<Application>, Fault> {
    Ok(Applications::of(cluster).await?.of_bead(&bead.application_name()))
}
