//! What a removal of a bead takes away, held against what its step lets go.

use super::on_hub::OnHub;
use super::spokes::on_spokes;
use crate::argocd::{Application, stays_when_deleted, tracked_by};
use crate::document::{Bead, CloudResources, OnSpokes};
use crate::guard::{BeadRemoval, Hanging, lost_on_spokes, plan_bead_removal};
use crate::object::{ObjectRef, is_being_deleted};
use crate::report::{Console, Outcome};
use crate::run::Named;
use crate::words::argo;

/// What a step lets go.
#[derive(Clone, Copy)]
pub struct Allowed<'s> {
    /// What may become of resources outside.
    pub cloud_resources: CloudResources,
    /// What may become of what the bead has brought to spokes.
    pub on_spokes: OnSpokes,
    /// Objects by name, as `mayRemove` has them.
    pub may_remove: &'s [String],
}

/// Looks at everything that the removal would touch, on the cluster and in git, and refuses when something stands in its way.
pub async fn plan(hub: &OnHub, bead: &Bead, allowed: Allowed<'_>) -> Outcome<BeadRemoval> {
    let others: Vec<&Bead> = hub.repository.beads.values().map(|it| &it.bead).collect();
    let mut removal = plan_bead_removal(&hub.cluster, bead, &others, allowed.cloud_resources).await?;
    for stranger in strangers(hub, bead, &removal.applications).await? {
        match removal.lost.iter_mut().find(|it| it.object == stranger.object) {
            Some(known) => known.why = format!("{}; {}", known.why, stranger.why),
            None => removal.lost.push(stranger),
        }
    }
    if allowed.on_spokes == OnSpokes::Delete {
        let there = on_spokes(&bead.metadata.name, &hub.cluster).await?;
        removal.lost.extend(lost_on_spokes(&there));
    }
    let named = Named::of(allowed.may_remove);
    let unnamed: Vec<Hanging> = removal.lost.iter().filter(|it| !named.covers(&it.object)).cloned().collect();
    let remedy = format!(
        "to keep it, annotate it in git with `{}: Delete=false` (what is taken out Argo CD deletes at once); {}",
        argo::SYNC_OPTIONS,
        named.remedy(unnamed.iter().map(|it| &it.object))
    );
    removal.or_refuse(bead, &unnamed, remedy)
}

/// Says what goes because the step names it, and what was not looked at.
pub fn tell(removal: &BeadRemoval, may_remove: &[String], hub: &OnHub, bead: &Bead, console: &Console) -> Outcome<()> {
    for path in hub.repository.edits_of_chart(&bead.metadata.name)? {
        console
            .say(format!("warning: not looked at: what people's edits of {path} bring, volumes and namespaces aside"));
    }
    let overlooked = hub.cluster.overlooked();
    for name in Named::of(may_remove).without_effect(removal.lost.iter().map(|it| &it.object).chain(&overlooked)) {
        console.say(format!(
            "warning: `mayRemove` names {name}, which nothing that needs a name is called: take it out again"
        ));
    }
    for it in &removal.lost {
        console.done("leaves", it.to_string());
    }
    Ok(())
}

/// What would go with the Applications of the bead although the bead did not bring it: what people put into its folders.
async fn strangers(hub: &OnHub, bead: &Bead, applications: &[Application]) -> Outcome<Vec<Hanging>> {
    let folders = hub.repository.folders(bead)?;
    let mut found = Vec::new();
    for application in applications {
        let Some(folder) = folders.get(application.name()) else { continue };
        // A definition is never deleted.
        for object in application.resources().filter(|it| !it.is_crd() && !folder.has(it)) {
            if goes(hub, &object, application).await? {
                let why = folder.file_of(&object).map_or_else(
                    || "no file of the bead has it".to_owned(),
                    |path| format!("it is not of the bead: {path} of the hub repository brings it"),
                );
                found.push(Hanging { object, why });
            }
        }
    }
    Ok(found)
}

/// Whether an object would be deleted with its Application.
async fn goes(hub: &OnHub, object: &ObjectRef, application: &Application) -> Outcome<bool> {
    let Some(live) = hub.cluster.get(object).await? else { return Ok(false) };
    let is_its = tracked_by(&live).is_some_and(|it| it == application.instance());
    Ok(is_its && !stays_when_deleted(&live) && !is_being_deleted(&live))
}
