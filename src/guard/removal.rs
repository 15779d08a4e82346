//! What a removal would delete, orphan or break that the user did not name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::hanging::{Hanging, hanging_with};
use super::ordered::is_same;
use super::spokes::SpokesOfHub;
use super::with_family::{Family, with_family};
use crate::argocd::{Application, Applications, tracked_by, tracker};
use crate::document::{Hub, Repository};
use crate::engine::{Cluster, Fault};
use crate::object::{Identity, ObjectRef, name, str_at, uid};
use crate::report::{Failure, Outcome};
use crate::words::{argo, bead, spoke};

/// What a removal will take away, and what stands in its way.
#[derive(Debug, Default)]
pub struct Removal {
    /// The hub's own Applications that exist.
    pub applications: Vec<Application>,
    /// The Applications that a component brings in turn, by itself or by an `ApplicationSet`; by the name of the component.
    pub children: BTreeMap<String, Vec<Identity>>,
    /// What depends on the hub and was not brought by its document, a line each.
    pub foreign: Vec<String>,
    /// What would be lost with the components unless somebody names it.
    pub lost: Vec<Hanging>,
    /// The spokes, and what comes to them.
    pub spokes: SpokesOfHub,
}

/// Looks at everything on the cluster that the removal of this hub would touch. `brought` tells the objects of its document,
/// `beads` those that will have been taken off by then.
pub async fn plan_removal(
    cluster: &Cluster,
    hub: &Hub,
    repository: &Repository,
    beads: &[String],
    brought: impl Fn(&ObjectRef) -> bool,
) -> Outcome<Removal> {
    let all = Applications::of(cluster).await?;
    let sets = cluster.list(&argo::every(argo::APPLICATION_SET)).await?;
    let applications: Vec<Application> = all.iter().filter(|it| is_of_hub(it, hub, repository)).collect();
    refuse_suicide(&applications)?;

    let components: Vec<Application> = applications.iter().filter(|it| !argo::goes_alone(it.name())).cloned().collect();
    let children_of = |it: &Application| -> Vec<Identity> {
        with_family(std::slice::from_ref(it), &all, &sets)[1..].iter().map(|it| Identity::of(&it.0)).collect()
    };
    let children: BTreeMap<String, Vec<Identity>> =
        components.iter().map(|it| (it.name().to_owned(), children_of(it))).collect();
    let of_the_hub = applications.iter().map(|it| uid(&it.0));
    let known: BTreeSet<&str> = of_the_hub.chain(children.values().flatten().map(|it| it.uid.as_str())).collect();
    let family = Family::of(&components, &all, &sets);
    let is_brought = |it: &Value| {
        let name = ObjectRef::of(it);
        brought(&name) || name == argo::project("default") // made by Argo CD
    };
    let projects = cluster.list(&argo::every(argo::PROJECT)).await?;
    let not_of_the_hub = format!("not of the hub of {}", repository.url);
    let line = |it: &Value| {
        let kept = "its annotation keeps it when its component goes, and there would be no Argo CD for it";
        format!("{}: {}", ObjectRef::of(it), if family.tracks(it) { kept } else { &not_of_the_hub })
    };
    let is_foreign = |it: &Application| !known.contains(uid(&it.0)) && !is_of(beads, it.name());
    let mut spokes = SpokesOfHub::of(cluster, &all, is_foreign).await?;
    let mut foreign: Vec<String> =
        all.iter().filter(|it| is_foreign(it) && !spokes.has(it)).map(|it| line(&it.0)).collect();
    foreign.extend(sets.iter().filter(|it| !family.takes(it) && !is_of(beads, name(it))).map(line));
    foreign.append(&mut spokes.broken);
    foreign
        .extend(projects.iter().filter(|it| !is_brought(it) && !family.takes(it) && !is_of(beads, name(it))).map(line));
    drop(all); // there may be thousands

    let installed = cluster.list_metadata(&bead::every()).await?;
    let stays = |it: &&Value| !beads.iter().any(|bead| bead == name(it));
    foreign.extend(installed.iter().filter(stays).map(|it| format!("{}: it is on this hub", ObjectRef::of(it))));
    // Whatever brought it: Crossplane may be there without a component of that name.
    let mut lost = std::mem::take(&mut spokes.hanging);
    for it in hanging_with(cluster, &family, true).await? {
        if beads.is_empty() || !is_brought_by(beads, &it.object, cluster).await? {
            lost.push(it);
        }
    }
    let claims = applications.iter().filter(|it| it.name() == argo::CLAIMS);
    for object in claims.flat_map(Application::resources) {
        let is_told = lost.iter().any(|it| is_same(&it.object, &object));
        if !is_told && cluster.metadata(&object).await?.is_some_and(|live| tracked_by(&live) == Some(argo::CLAIMS)) {
            lost.push(Hanging::new(
                object,
                "somebody has ordered it in the claims repository, which nobody would sync",
            ));
        }
    }
    Ok(Removal { applications, children, foreign, lost, spokes })
}

impl Removal {
    /// The Applications that this one brings in turn.
    pub fn children_of(&self, application: &Application) -> impl Iterator<Item = &Identity> {
        self.children.get(application.name()).into_iter().flatten()
    }
}

/// An Application of the hub has a name of the hub and reads its repository: the names alone are common.
fn is_of_hub(application: &Application, hub: &Hub, repository: &Repository) -> bool {
    let name = application.name();
    let claims = hub.spec.claims.as_ref().filter(|_| name == argo::CLAIMS).map(|it| &it.repository);
    let named = argo::holds_itself(name) || hub.spec.components.iter().any(|it| it.name == name) || claims.is_some();
    // One repository can hold several hubs, each on its branch.
    let (url, branch) = claims.map_or((&repository.url, &repository.branch), |it| (&it.url, &it.branch));
    named && str_at(&application.0, "/metadata/namespace") == argo::NAMESPACE && application.follows(url, branch)
}

/// Whether an Application, a project or an `ApplicationSet` of this name is of one of the beads, on the hub or on spokes.
fn is_of(beads: &[String], name: &str) -> bool {
    let of_spokes =
        |bead: &str| name == spoke::of_bead(bead) || spoke::of_application(name).is_some_and(|(_, its)| its == bead);
    beads.iter().any(|bead| bead::is_of(name, bead) || of_spokes(bead))
}

async fn is_brought_by(beads: &[String], object: &ObjectRef, cluster: &Cluster) -> Result<bool, Fault> {
    let live = cluster.metadata(object).await?;
    Ok(live.as_ref().and_then(tracker).is_some_and(|holder| is_of(beads, holder)))
}

fn refuse_suicide(applications: &[Application]) -> Outcome<()> {
    let Some(cascading) = applications.iter().find(|it| argo::goes_alone(it.name()) && it.cascades()) else {
        return Ok(());
    };
    let name = cascading.name();
    let effect = if name == argo::CLAIMS { "everything that was ordered" } else { "itself half-way" };
    Err(Failure::refused(format!(
        "Application {name} has a cascade finalizer: its deletion would make Argo CD delete {effect}"
    ))
    .hint("take the finalizer away in git (root/), wait until it is synced, then run again"))
}
