//! uninstall of the hub: guard, then removal from the top down, then a look at what is left.
//!
//! Every part recomputes what is left to do from the live cluster, so an interrupted removal resumes. Git is not
//! needed: the repository may be gone already, and it is never touched.

use std::collections::BTreeSet;
use std::time::Duration;

use super::cascade::{cascade, disable_automated_sync, remove_alone, unmark};
use super::document::HubFiles;
use super::inventory::{self, Inventory};
use super::removal_plan::Plan;
use super::rendered_objects::RenderedObjects;
use super::webhooks::{self, Going};
use super::{access_of_argocd, called, crossplane, dismantle, on_spokes};
use crate::argocd::Application;
use crate::cluster::connect;
use crate::document::HubStep;
use crate::engine::{self, Cluster, Fault};
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};
use crate::run::{Named, Run};
use crate::words::{argo, spoke};

/// How long one part of the removal may take.
const PART: Duration = Duration::from_secs(180);

/// Removes the hub from the cluster. The repository and the cluster stay.
pub async fn uninstall(step: &HubStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = HubFiles::read_as_they_are(&step.file)?;
    access_of_argocd(&step.repository, None)?;
    if engine::is_gone(&step.cluster) {
        console.done("cluster", "it is gone, with the hub that was on it: nothing to remove");
        return Ok(());
    }
    let cluster = connect(&step.cluster, run).await?;
    cluster.overlook(Named::of(&step.may_remove).api_services());
    called::refuse_another(&files, &step.repository, &cluster, console).await?;
    let look = async |brought: &RenderedObjects| {
        let what = "a look at all that hangs on the hub, in every kind of Crossplane's and of its components";
        run.deadline.tell(console, "guard", what);
        Plan::of(&cluster, &files, step, brought).await
    };
    let brought = RenderedObjects::by(&files, &step.repository, &cluster)?;
    let (brought, plan) = first_look(brought, step, &cluster, &look).await?;
    let plan = plan.or_refuse(&brought, "nothing was removed")?;
    if plan.removal.applications.is_empty() && plan.inventory.ours.is_empty() {
        console.say("there is no hub on this cluster: nothing to remove");
        return Ok(());
    }
    // They go after the services that they call, which nobody who has them would see in a plan of Applications.
    let webhooks = webhooks::that_go(plan.components(), &cluster).await?;
    webhooks::tell(&webhooks, "the hub", console);
    if step.check {
        console.done("check", "nothing stands in the way of the removal of the hub but the beads that the step names");
        return Ok(());
    }
    let named = if plan.removal.lost.is_empty() { "" } else { " and what the step names" };
    console.done("guard", format!("nothing depends on this hub but what its document brought{named}"));
    plan.warn(console);
    let mut told = BTreeSet::new();
    plan.tell(&mut told, console);

    let part = || run.deadline.at_most(PART);
    // On what goes last of its Applications.
    let going = Going {
        what: "the hub",
        noted_on: argo::application(argo::ARGOCD),
        namespaces: files.hub().spec.components.iter().map(|it| it.namespace.as_str()).collect(),
    };
    let noted = webhooks::note(&going, &webhooks, &cluster).await?;
    disable_automated_sync(&cluster, &plan.parents_first(), part()).await?;
    // root brings its children back as long as it is there. It cascades nothing.
    remove_alone(&cluster, console, &plan.named(argo::ROOT), part()).await?;
    // It has no cascade either: what it syncs was let go by its name, or is not there.
    remove_alone(&cluster, console, &plan.named(argo::CLAIMS), part()).await?;
    console.done("freeze", "root is gone, and automated sync of its Applications is off");
    let spokes = &plan.removal.spokes;
    if !(spokes.applications.is_empty() && spokes.registered.is_empty()) {
        on_spokes::let_go(&cluster, console, &spokes.applications, part()).await?;
        engine::remove(&cluster, console, &spokes.registered, part()).await?;
        let (count, of) = (spokes.applications.len(), spokes.registered.len());
        console.done(
            "spokes",
            format!("{count} Applications and {of} registrations: what was brought to spokes stays there"),
        );
    }
    // What came meanwhile could never be deleted without Argo CD, or would go with a wave: so before each of them. What people
    // have deploy to a spoke is among it, also where others have registered the cluster.
    let late = "it came while the hub was being removed, and what is left of the hub stays";
    let look = async || look(&brought).await?.or_refuse(&brought, late);
    let mut kept = Vec::new();
    for wave in plan.waves().into_iter().rev() {
        let plan = look().await?;
        plan.tell(&mut told, console);
        let applications = plan.of_wave(wave);
        // Before, so that a wave that does not end leaves no mark; and after, since what a set brings syncs to its end.
        let kept_of_wave = inventory::kept_of(&cluster, &plan.with_children(&applications)).await?;
        unmark(&cluster, &kept_of_wave, part()).await?;
        let gone = cascade(&cluster, console, &applications, &plan.removal, part()).await;
        let unmarked = unmark(&cluster, &kept_of_wave, part()).await;
        gone.and(unmarked)?;
        kept.extend(kept_of_wave);
        console.done("remove", format!("wave {wave}: {}", names_of(&applications)));
    }
    let rest = look().await?;
    rest.tell(&mut told, console);
    refuse_late_spokes(&rest)?;
    if let Some(late) = rest.removal.applications.iter().find(|it| !argo::goes_alone(it.name())) {
        return Err(Failure::refused(format!("Application {} came while the hub was being removed", late.name()))
            .hint("run again: the removal resumes with it"));
    }
    unmark(&cluster, &rest.inventory.kept, part()).await?;
    kept.extend_from_slice(&rest.inventory.kept);
    // After the services that they call, and before the Application on which they are noted.
    let unanswered = webhooks::remove_unanswered(&going, &noted, &cluster, console, part()).await?;
    let mut removed = remove_alone(&cluster, console, &rest.named(argo::ARGOCD), part()).await?;
    removed += dismantle::remove_argocd(&cluster, console, &rest.inventory, &brought, &part).await?;
    console.done("remove", format!("Argo CD: {removed} objects"));
    let removed = dismantle::remove_definitions(&cluster, console, &rest.inventory, part()).await?;
    console.done("remove", format!("{removed} CRDs without objects"));
    let namespace = dismantle::remove_namespace(&cluster, console, &brought, part()).await?;
    look_back(&cluster, &brought, namespace.is_some()).await?;
    console.done("verify", "nothing of the hub is left on the cluster");
    for object in &kept {
        console.done("stays", format!("{object}: its annotation says that it is kept"));
    }
    for line in namespace.into_iter().chain(unanswered).chain(stays(&cluster, &files, &plan).await?) {
        console.done("stays", line);
    }
    Ok(())
}

/// What the hub has brought, and what hangs on it. Git is asked only where its Applications hold more than the document renders.
async fn first_look(
    mut brought: RenderedObjects,
    step: &HubStep,
    cluster: &Cluster,
    look: &impl AsyncFn(&RenderedObjects) -> Outcome<Plan>,
) -> Outcome<(RenderedObjects, Plan)> {
    let mut plan = look(&brought).await?;
    if !plan.inventory.strangers.is_empty() {
        brought = brought.or_in_git(&step.repository, cluster).await;
        plan = look(&brought).await?;
    }
    Ok((brought, plan))
}

/// What came to a spoke after its registration had gone would hang without Argo CD.
fn refuse_late_spokes(plan: &Plan) -> Outcome<()> {
    let spokes = &plan.removal.spokes;
    let late = spokes.applications.iter().map(|it| ObjectRef::of(&it.0));
    let late: Vec<String> =
        spokes.registered.iter().map(|it| it.object.clone()).chain(late).map(|it| it.to_string()).collect();
    if late.is_empty() {
        return Ok(());
    }
    Err(Failure::refused("spokes came while the hub was being removed, and what is left of the hub stays")
        .details(late)
        .hint("run again: the removal resumes with them"))
}

async fn look_back(cluster: &Cluster, brought: &RenderedObjects, keeps_namespace: bool) -> Outcome<()> {
    let mut left = Inventory::of(cluster, brought).await?.ours;
    left.retain(|it| !(keeps_namespace && it.object == inventory::namespace()));
    if left.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!("{} objects of the hub are still there", left.len()))
        .details(left.iter().map(ToString::to_string))
        .hint("run again: the removal resumes"))
}

/// What stays on purpose, and why.
async fn stays(cluster: &Cluster, files: &HubFiles, plan: &Plan) -> Result<Vec<String>, Fault> {
    let mut lines: Vec<String> = plan.components().filter_map(definitions_of).collect();
    let components = &files.hub().spec.components;
    if components.iter().any(|it| it.chart.program() == Some(crossplane::PROGRAM)) {
        lines.extend(crossplane::definitions(cluster).await?);
    }
    for component in components {
        let namespace = ObjectRef::new("v1", "Namespace", None, &component.namespace);
        if cluster.metadata(&namespace).await?.is_some() {
            lines.push(format!("{namespace}: Argo CD never deletes a namespace it made for a component"));
        }
    }
    for spoke in &plan.removal.spokes.registered {
        let what = "what registering has made on the spoke, with the token of its account";
        lines.push(format!("{what} ({spoke}); to take it away: {}", spoke::clearing_by_hand()));
    }
    lines.push("the hub repository and the cluster".to_owned());
    Ok(lines)
}

/// The CRDs of a component, which stay with all that is of their kinds.
fn definitions_of(component: &Application) -> Option<String> {
    let definitions: BTreeSet<String> = component.definitions().collect();
    let first = definitions.first()?;
    let more = if definitions.len() > 1 { format!(" and {} more", definitions.len() - 1) } else { String::new() };
    Some(format!("CRD {first}{more} of {}: Argo CD never deletes a CRD, nor what is of its kind", component.name()))
}

fn names_of(applications: &[&Application]) -> String {
    applications.iter().map(|it| it.name()).collect::<Vec<_>>().join(", ")
}
