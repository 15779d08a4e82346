//! `bead list`: every bead of a hub, as its cluster tells of it.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::actions::current::{Current, PATIENCE};
use crate::argocd::application::short;
use crate::argocd::{Application, Applications, tracker};
use crate::cli::ClusterArgs;
use crate::engine::Deadline;
use crate::hub::Report;
use crate::object::{is_being_deleted, items, name, str_at};
use crate::report::{Console, Outcome, OutputForm, Table};
use crate::run::{WITH_NAMES, give, tell_unseen};
use crate::schema::address;
use crate::words::{argo, bead};

/// What nobody looks at here.
const IN_GIT_ALONE: &str =
    "beads that are in git and have not come to the cluster yet: `backstack status` says how far the hub is";
/// What is said of a bead of which only one half is there.
const HALF: &str = "half installed or half removed: run either to its end";

/// The beads of a hub.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BeadList {
    /// Each of them, by name.
    pub beads: Vec<Listed>,
    /// What was not looked at.
    pub not_looked_at: Vec<String>,
}

/// One bead.
#[derive(Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Its version; nothing where only its Applications are there.
    pub version: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// `Ready`, `Pending` or `Failed`, by its Applications.
    pub status: String,
    /// Why.
    pub message: String,
    /// Its parts.
    pub parts: Vec<Part>,
    /// The commit that it was compared with last.
    pub revision: Option<String>,
    /// Where Argo CD takes it from: the hub's repository.
    pub from: Option<From>,
    /// Where its source is kept, where it says so.
    pub source: Option<String>,
    /// The beads that it needs, each with the versions that will do.
    pub depends_on: BTreeMap<String, Option<String>>,
    /// The beads that need it: it cannot be removed before them.
    pub needed_by: BTreeSet<String>,
}

/// A part of a bead: an Application of its own.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its Application.
    pub application: String,
    /// As Argo CD says it.
    pub sync: String,
    /// As Argo CD says it.
    pub health: String,
    /// What is wrong with it.
    pub message: Option<String>,
}

/// A place in git.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct From {
    /// The repository.
    pub repository: String,
    /// Its branch.
    pub branch: String,
    /// The folder.
    pub path: String,
}

/// Lists the beads of the hub that the command line names.
pub async fn list(args: &ClusterArgs, form: Option<&str>, console: &Console) -> Outcome<()> {
    let form = OutputForm::of(form, WITH_NAMES)?;
    let cluster = Current::of(args, Deadline::after(PATIENCE), console).await?.cluster;
    let documents = cluster.list(&bead::every()).await?;
    let all = BeadList::of(&documents, &Applications::of(&cluster).await?);
    give(form, &all, all.beads.iter().map(|it| format!("bead.backstack.dev/{}", it.name)), || all.tell(console))
}

impl BeadList {
    /// What documents of beads, and Applications, say of them.
    fn of(documents: &[Value], applications: &Applications) -> Self {
        let places = applications.places_by_bead();
        let listed = |bead: &str, document: Option<&Value>| {
            let its = places.get(&bead::parent(bead)).into_iter().flatten().map(|place| applications.at(*place));
            (bead.to_owned(), Listed::of(bead, document, &its.collect::<Vec<_>>()))
        };
        let mut beads: BTreeMap<String, Listed> = documents.iter().map(|it| listed(name(it), Some(it))).collect();
        let headless = headless(&beads, applications);
        beads.extend(headless.iter().map(|bead| listed(bead, None)));
        let needs: Vec<(String, String)> = beads
            .values()
            .flat_map(|it| it.depends_on.keys().map(|needed| (needed.clone(), it.name.clone())))
            .collect();
        for (needed, by) in needs {
            if let Some(it) = beads.get_mut(&needed) {
                it.needed_by.insert(by);
            }
        }
        Self { beads: beads.into_values().collect(), not_looked_at: vec![IN_GIT_ALONE.to_owned()] }
    }

    fn tell(&self, console: &Console) {
        if self.beads.is_empty() {
            console.say("this hub has no bead (`backstack bead new` writes one)");
        } else {
            console.table(&self.table());
        }
        tell_unseen(&self.not_looked_at, console);
    }

    fn table(&self) -> Table {
        let mut table = Table::new(["NAME", "VERSION", "STATUS", "PARTS", "COMMIT", "NEEDED BY", "MESSAGE"]);
        for it in &self.beads {
            let parts: Vec<&str> = it.parts.iter().map(|part| part.name.as_str()).collect();
            let needed_by: Vec<&str> = it.needed_by.iter().map(String::as_str).collect();
            table.row([
                it.name.as_str(),
                it.version.as_deref().unwrap_or("-"),
                &it.status,
                &parts.join(", "),
                short(it.revision.as_deref().unwrap_or_default()),
                &needed_by.join(", "),
                if it.status == "Ready" { "" } else { &it.message },
            ]);
        }
        table
    }
}

/// The beads of which only Applications are there: whatever root brings under the name of one.
fn headless(known: &BTreeMap<String, Listed>, applications: &Applications) -> BTreeSet<String> {
    let of_root = applications.iter().filter(|it| tracker(&it.0) == Some(argo::ROOT));
    let named = of_root.filter_map(|it| bead::of_parent(it.name()).map(str::to_owned));
    named.filter(|it| !known.contains_key(it)).collect()
}

impl Listed {
    /// What its document says of it, where it has one, and its Applications.
    fn of(bead: &str, document: Option<&Value>, applications: &[Application]) -> Self {
        let parent = bead::parent(bead);
        let told = Report::of(applications.iter().cloned(), "bead").status;
        let mut it = Self {
            name: bead.to_owned(),
            status: str_at(&told, "/status").to_owned(),
            message: str_at(&told, "/message").to_owned(),
            parts: applications.iter().filter_map(|it| Part::of(it, &parent)).collect(),
            ..Self::default()
        };
        if let Some(holder) = applications.iter().find(|it| it.name() == parent) {
            it.revision = holder.compared_revisions().first().map(|it| (*it).to_owned());
            it.from = Some(From::of(holder));
        }
        let Some(document) = document.filter(|_| !applications.is_empty()) else {
            (it.status, it.message) = ("Pending".to_owned(), HALF.to_owned());
            return Self { version: document.and_then(|it| text(it, "/spec/version")), ..it };
        };
        if is_being_deleted(document) {
            (it.status, it.message) = ("Pending".to_owned(), "it is being removed".to_owned());
        }
        let needs = items(document, "/spec/dependsOn").map(|it| (str_at(it, "/bead").to_owned(), text(it, "/version")));
        Self {
            version: text(document, "/spec/version"),
            description: text(document, "/spec/description"),
            source: text(document, "/spec/links/source"),
            depends_on: needs.collect(),
            ..it
        }
    }
}

impl Part {
    /// That of an Application beside the one of the bead itself.
    fn of(application: &Application, parent: &str) -> Option<Self> {
        let name = application.name().strip_prefix(parent)?.strip_prefix('-')?;
        Some(Self {
            name: name.to_owned(),
            application: application.name().to_owned(),
            sync: application.sync().to_owned(),
            health: application.health().to_owned(),
            message: application.trouble(),
        })
    }
}

impl From {
    fn of(application: &Application) -> Self {
        let of_source = |field: &str| str_at(&application.0, &format!("/spec/source/{field}")).to_owned();
        Self {
            repository: address::shown(&of_source("repoURL")),
            branch: of_source("targetRevision"),
            path: of_source("path"),
        }
    }
}

fn text(document: &Value, pointer: &str) -> Option<String> {
    Some(str_at(document, pointer)).filter(|it| !it.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn application(name: &str, tracker: &str, project: &str, health: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": argo::NAMESPACE, "annotations": {
                argo::TRACKING_ID: format!("{tracker}:{}/{}:{}/{name}", argo::GROUP, argo::APPLICATION, argo::NAMESPACE)}},
            "spec": {"project": project, "source": {"repoURL": "https://me:pw-1@git.example.org/hub.git", "targetRevision": "main", "path": "x"}},
            "status": {"sync": {"status": "Synced", "revision": SHA}, "health": {"status": health, "message": "no replicas"},
                "operationState": {"phase": "Succeeded", "syncResult": {"revision": SHA}}}})
    }

    fn bead(name: &str, version: &str, depends_on: &Value) -> Value {
        json!({"metadata": {"name": name}, "spec": {"version": version, "dependsOn": depends_on}})
    }

    #[test]
    fn each_bead_is_told_with_its_parts_and_with_what_needs_it() {
        let documents = [
            bead("crossplane", "2.1.0", &json!([])),
            bead("gke", "0.3.0", &json!([{"bead": "crossplane", "version": ">=2, <3"}])),
            bead("gone", "1.0.0", &json!([])),
        ];
        let applications: Applications = [
            application("root", "", "hub", "Healthy"),
            application("bead-crossplane", "root", "hub", "Healthy"),
            application("bead-crossplane-application", "bead-crossplane", "bead-crossplane", "Healthy"),
            application("bead-gke", "root", "hub", "Degraded"),
            application("bead-gke-application", "bead-gke", "bead-gke", "Degraded"),
            application("bead-left", "root", "hub", "Healthy"),
            application("bead-of-people", "their-own", "default", "Healthy"),
        ]
        .into_iter()
        .collect();
        let all = BeadList::of(&documents, &applications);
        assert_eq!(
            all.table().lines(),
            [
                "NAME        VERSION  STATUS   PARTS        COMMIT        NEEDED BY  MESSAGE",
                "crossplane  2.1.0    Ready    application  0123456789ab  gke",
                "gke         0.3.0    Failed   application  0123456789ab             2 of 2 Applications have failed",
                "gone        1.0.0    Pending                                        half installed or half removed: run either to its end",
                "left        -        Pending               0123456789ab             half installed or half removed: run either to its end",
            ]
        );
        let gke = &all.beads[1];
        assert_eq!(gke.depends_on, BTreeMap::from([("crossplane".to_owned(), Some(">=2, <3".to_owned()))]));
        assert_eq!(gke.parts[0].message.as_deref(), Some("is Degraded no replicas"));
        let from = gke.from.as_ref().map(|it| (it.repository.as_str(), it.branch.as_str()));
        assert_eq!(from, Some(("https://git.example.org/hub.git", "main")));
        assert_eq!(all.not_looked_at.len(), 1);
    }

    #[test]
    fn a_bead_that_goes_is_not_ready() {
        let mut going = bead("a", "1.0.0", &json!([]));
        going["metadata"]["deletionTimestamp"] = json!("2026-11-29T12:00:00Z");
        let applications = [application("bead-a", "root", "hub", "Healthy")].into_iter().collect();
        let all = BeadList::of(&[going], &applications);
        assert_eq!((all.beads[0].status.as_str(), all.beads[0].message.as_str()), ("Pending", "it is being removed"));
    }
}
