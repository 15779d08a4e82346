//! How the hub is: a table for people, the CNAB status document for machines.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::alone::Company;
use super::beside::Beside;
use super::claims::Claims;
use super::document::HubFiles;
use super::spokes::Registered;
use super::{called, show};
use crate::argocd::application::short;
use crate::argocd::{Application, Applications, told_pods};
use crate::cluster::connect;
use crate::document::{HubStep, Repository};
use crate::engine::{Cluster, StuckPod, StuckPods, stuck_pods};
use crate::guard::{check_follows, is_of_hub};
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Outcome, Table};
use crate::run::{Run, tell_unseen};
use crate::words::argo;

/// Shows every Application of the cluster, its spokes, and what others own of the hub's objects. A hub that is not well is a
/// finding, not a failure of this verb; another hub than the step is about is one.
pub async fn status(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let cluster = connect(&step.cluster, run).await?;
    // Nothing else of the bundle is read here, and it need not be whole for a look.
    match HubFiles::read_as_they_are(&step.file) {
        Ok(files) => called::refuse_another(&files, &step.repository, &cluster, console).await?,
        Err(failure) => {
            let why = failure.message;
            console
                .say(format!("warning: not looked at: whether the hub on this cluster is that of the bundle: {why}"));
        }
    }
    let seen = Seen::of(&cluster, &step.repository).await?;
    run.found.revision.clone_from(&seen.revision);
    let shown = show(step.format, &seen.report.status, || seen.tell(console));
    run.found.status = Some(seen.report.status);
    shown
}

/// How a hub is, and what is beside it.
pub struct Seen {
    /// How its Applications are. In its document stands all the rest, too.
    pub report: Report,
    /// The commit that its root was compared with last.
    pub revision: Option<String>,
    all: Applications,
    claims: Option<Claims>,
    registered: Registered,
    beside: Beside,
    company: Company,
}

impl Seen {
    /// Looks at the hub of a cluster. Where that follows another repository it is refused.
    pub async fn of(cluster: &Cluster, repository: &Repository) -> Outcome<Self> {
        let all = Applications::of(cluster).await?;
        let of_hub: Vec<Application> = all.iter().filter(Application::holds_hub).collect();
        let root = of_hub.iter().find(|it| it.name() == argo::ROOT);
        root.filter(|it| is_of_hub(it)).map_or(Ok(()), |root| check_follows(root, repository))?;
        let revision = root.and_then(|it| it.compared_revisions().first().map(|it| (*it).to_owned()));
        let beside = Beside::of(cluster, &of_hub).await;
        let claims = Claims::of(cluster).await?;
        let company = Company::of(cluster, &all).await;
        let registered = Registered::of(cluster, &all, Timestamp::now()).await;
        let mut report = Report::with_pods(all.iter().filter(|it| !registered.shows(it)), "hub", cluster).await;
        let missing = [argo::ROOT, argo::ARGOCD].into_iter().find(|name| !of_hub.iter().any(|it| it.name() == *name));
        if let Some(missing) = missing.filter(|_| !of_hub.is_empty() || report.status["status"] == "Ready") {
            report
                .worsen("Failed", &format!("Application argocd/{missing}, by which a hub holds itself, is not there"));
        }
        report.status["findings"] = json!(beside.fields);
        if let Some(claims) = &claims {
            report.status["claims"] = json!(claims);
        }
        let unseen = company.not_looked_at.iter().chain(&registered.not_looked_at).chain(&report.not_looked_at);
        report.status["notLookedAt"] = json!(beside.not_looked_at.iter().chain(unseen).collect::<Vec<_>>());
        report.status["others"] = json!(company.others);
        report.status["spokes"] = json!(registered.spokes);
        report.status["brokenClusterSecrets"] = json!(registered.broken);
        Ok(Self { report, revision, all, claims, registered, beside, company })
    }

    /// The Applications of this cluster that read the branch of the hub.
    pub fn followers(&self, repository: &Repository) -> impl Iterator<Item = Application> {
        let follows = |it: &Application| it.follows(&repository.url, &repository.branch) && it.elsewhere().is_none();
        self.all.iter().filter(move |it| follows(it))
    }

    /// Tells it to people.
    pub fn tell(&self, console: &Console) {
        self.report.tell(console);
        if let Some(claims) = &self.claims {
            claims.tell(console);
        }
        self.registered.tell(console);
        self.beside.tell(console);
        self.company.tell(console);
    }
}

/// How some Applications are.
pub struct Report {
    /// A CNAB status document.
    pub status: Value,
    /// The pods that could not be read.
    pub not_looked_at: Vec<String>,
    table: Table,
    noun: &'static str,
}

impl Report {
    /// Looks at the Applications of a hub or bead, in the order of their waves.
    pub fn of(applications: impl IntoIterator<Item = Application>, noun: &'static str) -> Self {
        Self::of_lines(applications.into_iter().map(|it| Line::of(&it)).collect(), noun)
    }

    /// The same with the pods for which those wait that are not healthy.
    pub async fn with_pods(
        applications: impl IntoIterator<Item = Application>,
        noun: &'static str,
        cluster: &Cluster,
    ) -> Self {
        let mut lines: Vec<Line> = applications.into_iter().map(|it| Line::of(&it)).collect();
        let ill: BTreeSet<ObjectRef> = lines.iter().flat_map(|it| it.ill.iter().cloned()).collect();
        let StuckPods { pods, unread } = stuck_pods(cluster, &ill).await;
        for it in &mut lines {
            it.add(&pods);
        }
        Self { not_looked_at: unread.into_values().collect(), ..Self::of_lines(lines, noun) }
    }

    fn of_lines(mut lines: Vec<Line>, noun: &'static str) -> Self {
        lines.sort();
        let mut table = Table::new(["APPLICATION", "SYNC", "HEALTH", "REVISION", "MESSAGE"]);
        let mut components = BTreeMap::new();
        for it in &lines {
            table.row([&it.name, &it.sync, &it.health, short(&it.revision), it.why.as_deref().unwrap_or_default()]);
            components.insert(it.name.clone(), it.component());
        }
        Self { status: overall(lines.len(), &components, noun), not_looked_at: Vec::new(), table, noun }
    }

    /// The names of the Applications.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.status["components"].as_object().into_iter().flatten().map(|(name, _)| name.as_str())
    }

    /// Makes it no better than this, with the reason before what else is said.
    pub fn worsen(&mut self, status: &str, why: &str) {
        let rest = str_at(&self.status, "/message").to_owned();
        if self.status["status"] != "Failed" {
            self.status["status"] = json!(status);
        }
        self.status["message"] = json!(format!("{why}; {rest}"));
    }

    /// Tells it to people.
    pub fn tell(&self, console: &Console) {
        console.table(&self.table);
        let of = |field: &str| str_at(&self.status, field);
        console.say(format!("{} is {}: {}", self.noun, of("/status"), of("/message")));
        tell_unseen(&self.not_looked_at, console);
    }
}

/// How one Application is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line {
    wave: i64,
    name: String,
    sync: String,
    health: String,
    revision: String,
    why: Option<String>,
    /// Its workloads, where something is wrong with it.
    ill: Vec<ObjectRef>,
}

impl Line {
    fn of(application: &Application) -> Self {
        Self {
            wave: argo::wave_of(&application.0),
            name: application.name().to_owned(),
            sync: application.sync().to_owned(),
            health: application.health().to_owned(),
            revision: application.compared_revisions().first().copied().unwrap_or_default().to_owned(),
            why: application.trouble(),
            ill: application.ill_workloads(),
        }
    }

    /// Adds the pods among these that it waits for.
    fn add(&mut self, stuck: &[StuckPod]) {
        let pods: Vec<StuckPod> = stuck.iter().filter(|it| self.ill.contains(&it.of)).cloned().collect();
        let told = told_pods(&pods);
        if !told.is_empty() {
            let why: Vec<String> = self.why.take().into_iter().chain(told).collect();
            self.why = Some(why.join("; "));
        }
    }

    /// A component in the form of the CNAB status schema (cnab-spec `schema/status.schema.json`).
    fn component(&self) -> Value {
        let status = match self.why {
            None => "Ready",
            Some(_) if matches!(self.health.as_str(), "Degraded" | "Missing") => "Failed",
            Some(_) => "Pending",
        };
        json!({"status": status, "message": self.why.as_deref().unwrap_or("Synced and Healthy")})
    }
}

fn overall(all: usize, components: &BTreeMap<String, Value>, noun: &str) -> Value {
    let count = |state: &str| components.values().filter(|it| str_at(it, "/status") == state).count();
    let (status, message) = match (all, count("Failed"), count("Pending")) {
        (0, _, _) => ("Pending", format!("there is no Application of a {noun} on this cluster")),
        (_, 0, 0) => ("Ready", format!("all {all} Applications are Synced and Healthy")),
        (_, 0, pending) => ("Pending", format!("{pending} of {all} Applications are not there yet")),
        (_, failed, _) => ("Failed", format!("{failed} of {all} Applications have failed")),
    };
    json!({"status": status, "message": message, "components": components})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::pods::{Cause, Trouble};

    #[test]
    fn an_application_is_told_with_the_pods_that_it_waits_for_and_no_others() {
        let workload = |name: &str| ObjectRef::new("apps/v1", "Deployment", Some("shop"), name);
        let of = |name: &str| {
            let resources =
                json!([{"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": name}]);
            Line::of(&Application(
                json!({"metadata": {"name": name}, "status": {"sync": {"status": "Synced", "revision": "a"},
                "health": {"status": "Progressing"}, "resources": resources}}),
            ))
        };
        let stuck = StuckPod {
            pod: ObjectRef::new("v1", "Pod", Some("shop"), "web-1"),
            of: workload("web"),
            trouble: Trouble::of_pod(Cause::Image, "container main: ErrImagePull: no such image"),
        };
        let mut lines = [of("web"), of("api")];
        for it in &mut lines {
            it.add(std::slice::from_ref(&stuck));
        }
        let report = Report::of_lines(lines.into(), "hub");
        let message = |name: &str| str_at(&report.status, &format!("/components/{name}/message")).to_owned();
        assert_eq!(message("web"), "is Progressing; Pod shop/web-1, container main: ErrImagePull: no such image");
        assert_eq!(message("api"), "is Progressing");
    }
}
