//! How the hub is: a table for people, the CNAB status document for machines.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::beside::Beside;
use super::show;
use crate::actions::cluster::connect;
use crate::actions::found::Found;
use crate::argo;
use crate::argocd::Application;
use crate::argocd::application::short;
use crate::engine::Deadline;
use crate::object::str_at;
use crate::report::{Console, Outcome, Table};
use crate::spec::HubStep;

/// Shows every Application of the cluster, and what others own of the hub's objects. A hub that is not well is a finding,
/// not a failure of this verb.
pub async fn status(step: &HubStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let cluster = connect(&step.cluster, deadline, console, found).await?;
    let applications: Vec<Application> =
        cluster.list(&argo::every(argo::APPLICATION)).await?.into_iter().map(Application).collect();
    let root = applications.iter().find(|it| it.name() == argo::ROOT);
    found.revision = root.and_then(|it| it.compared_revisions().first().map(|it| (*it).to_owned()));
    let beside = Beside::of(&cluster, &applications).await;
    let mut report = Report::of(applications, "hub");
    report.status["findings"] = json!(beside.fields);
    report.status["notLookedAt"] = json!(beside.not_looked_at);
    let shown = show(step.format, &report.status, || {
        report.tell(console);
        beside.tell(console);
    });
    found.status = Some(report.status);
    shown
}

/// How some Applications are.
pub struct Report {
    /// A CNAB status document.
    pub status: Value,
    table: Table,
    noun: &'static str,
}

impl Report {
    /// Looks at the Applications of a hub or bead, in the order of their waves.
    #[must_use]
    pub fn of(mut applications: Vec<Application>, noun: &'static str) -> Self {
        applications.sort_by_key(|it| (argo::wave_of(&it.0), it.name().to_owned()));
        let mut table = Table::new(["APPLICATION", "SYNC", "HEALTH", "REVISION", "MESSAGE"]);
        let mut components = BTreeMap::new();
        for it in &applications {
            let revision = it.compared_revisions().first().copied().unwrap_or_default().to_owned();
            let why = trouble(it);
            table.row([it.name(), it.sync(), it.health(), short(&revision), why.as_deref().unwrap_or_default()]);
            components.insert(it.name().to_owned(), component(it, why.as_deref()));
        }
        Self { status: overall(&applications, &components, noun), table, noun }
    }

    /// Tells it to people.
    pub fn tell(&self, console: &Console) {
        console.table(&self.table);
        let of = |field: &str| str_at(&self.status, field);
        console.say(format!("{} is {}: {}", self.noun, of("/status"), of("/message")));
    }
}

/// A component in the form of the CNAB status schema (cnab-spec `schema/status.schema.json`).
fn component(application: &Application, why: Option<&str>) -> Value {
    let status = match why {
        None => "Ready",
        Some(_) if matches!(application.health(), "Degraded" | "Missing") => "Failed",
        Some(_) => "Pending",
    };
    json!({"status": status, "message": why.unwrap_or("Synced and Healthy")})
}

fn overall(applications: &[Application], components: &BTreeMap<String, Value>, noun: &str) -> Value {
    let count = |state: &str| components.values().filter(|it| str_at(it, "/status") == state).count();
    let (status, message) = match (applications.len(), count("Failed"), count("Pending")) {
        (0, _, _) => ("Pending", format!("there is no Application of a {noun} on this cluster")),
        (all, 0, 0) => ("Ready", format!("all {all} Applications are Synced and Healthy")),
        (all, 0, pending) => ("Pending", format!("{pending} of {all} Applications are not there yet")),
        (all, failed, _) => ("Failed", format!("{failed} of {all} Applications have failed")),
    };
    json!({"status": status, "message": message, "components": components})
}

/// What is wrong with an Application, measured at the commit it was last compared with.
fn trouble(application: &Application) -> Option<String> {
    let revision = application.compared_revisions().first().copied().unwrap_or_default().to_owned();
    let why = application.blocked_at(&revision)?;
    Some(why.strip_prefix(application.name()).map_or(why.clone(), |rest| rest.trim_start().to_owned()))
}
