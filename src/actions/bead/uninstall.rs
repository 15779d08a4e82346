//! uninstall of a bead: guard, then out of git stage by stage, each until Argo CD has pruned it, then a look at what is
//! left.
//!
//! Every part recomputes what is left to do from git and the cluster, so an interrupted removal resumes.

use std::time::Duration;

use serde_json::{Value, json};

use super::files;
use super::on_hub::OnHub;
use super::uninstall_part::{self, Going};
use super::{cloud, secrets, state, webhooks};
use crate::actions::found::Found;
use crate::actions::hub::{describe, inventory};
use crate::argo;
use crate::argocd::is_of_bead;
use crate::engine::{self, Deadline, Fault, Poll, REQUEST_MANAGER};
use crate::gitops::bead::{self, Installed, Stage};
use crate::guard::{BeadRemoval, plan_bead_removal};
use crate::object::{ObjectRef, annotation};
use crate::report::{Console, Failure, Outcome};
use crate::spec::{Bead, BeadStep, CloudResources, PART_NAMES};

const PAUSE: Duration = Duration::from_millis(500);

/// Removes the bead from git and from the cluster. What stays is said, and why.
pub async fn uninstall(step: &BeadStep, deadline: Deadline, console: &Console, found: &mut Found) -> Outcome<()> {
    let document = files::document(step.file.as_ref())?;
    let name = document.metadata.name.as_str();
    let hub = OnHub::to_write(step, deadline, console, found).await?;
    // The hub's own record counts: the bundle may be of another version.
    let installed = hub.repository.beads.get(name);
    let bead = installed.map_or(&document, |it| &it.bead);
    let allowed = allowed(bead, step.cloud_resources)?;
    let others: Vec<&Bead> = hub.repository.beads.values().map(|it| &it.bead).collect();
    let removal = plan_bead_removal(&hub.cluster, bead, &others, allowed).await?;
    if installed.is_none() && removal.applications.is_empty() {
        console.say(format!("there is no bead {name} on this hub: nothing to remove"));
        return Ok(());
    }
    console.done("guard", format!("nothing else depends on bead {name}"));
    match allowed {
        CloudResources::Refuse => {}
        CloudResources::Orphan => cloud::orphan(&hub.cluster, console, bead, deadline).await?,
        CloudResources::Delete => cloud::delete(&hub.cluster, console, &removal.outside, deadline).await?,
    }
    if let Some(installed) = installed {
        for stage in Stage::before_the_rest(installed) {
            // Looked at anew, since the last stage took its time.
            plan_bead_removal(&hub.cluster, bead, &others, CloudResources::Refuse).await?;
            run(stage, &hub, installed, deadline, console, found).await?;
        }
    }
    let kept = look_back(&hub, bead, &removal, deadline, console).await?;
    for object in &kept {
        // With the mark of an Application that is gone no other could ever have it.
        let unmarked = json!({"metadata": {"annotations": {argo::TRACKING_ID: null}}});
        hub.cluster.merge_patch(object, &unmarked, REQUEST_MANAGER).await?;
    }
    webhooks::remove_unanswered(&bead.spec.application.namespace, &hub.cluster, console, deadline).await?;
    let mut written = secrets::written(bead, &hub.cluster).await?;
    written.retain(|secret| !needed_by_others(&secret.object, bead, &others));
    engine::remove(&hub.cluster, console, &written, deadline).await?;
    if let Some(installed) = installed {
        // Last, so that a removal that is broken off before is seen to be unfinished.
        run(Stage::Rest, &hub, installed, deadline, console, found).await?;
    }
    console.done("verify", format!("nothing of bead {name} is left on the cluster"));
    // Namespaces are told below, with those that no Application made.
    for object in kept.iter().filter(|it| !it.is_crd() && it.kind != "Namespace") {
        console.done("stays", format!("{object}: its annotation says that it is kept"));
    }
    for line in stays(&hub, bead, &removal).await? {
        console.done("stays", line);
    }
    Ok(state::tell(bead, &hub.cluster, found).await?)
}

/// Whether another bead names this Secret of ours.
fn needed_by_others(secret: &ObjectRef, bead: &Bead, others: &[&Bead]) -> bool {
    let others = others.iter().filter(|other| other.metadata.name != bead.metadata.name);
    let mut needs = others.flat_map(|other| &other.spec.secrets);
    needs.any(|need| secret.name == need.name && secret.namespace.as_ref() == Some(&need.namespace))
}

/// What may become of resources outside: what the step names, as far as the author of the bead allows it.
fn allowed(bead: &Bead, named: CloudResources) -> Outcome<CloudResources> {
    let most = bead.spec.uninstall.cloud_resources;
    if named <= most {
        return Ok(named);
    }
    Err(Failure::refused(format!(
        "`cloudResources: {named:?}` is more than bead {} allows, which is {most:?}; nothing was removed",
        bead.metadata.name
    ))
    .hint("delete claims, composite and managed resources yourself, or ask the author of the bead"))
}

/// One commit, and a wait until Argo CD has pruned what it took away.
async fn run(
    stage: Stage,
    hub: &OnHub,
    installed: &Installed,
    deadline: Deadline,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    let bead = &installed.bead;
    let (name, above) = (&bead.metadata.name, bead.application_name());
    let what = match stage {
        Stage::Upper => "the parts above its packages",
        Stage::Applications => "its Applications",
        Stage::Rest => "what is left of it",
    };
    let message = format!("Remove bead {name}: {what}");
    let published = bead::remove(&hub.access, name, stage, &message, deadline.end()).await?;
    console.done("commit", describe(&published));
    found.revision = Some(published.revision.clone());

    let of_part = |part: &str| argo::application(&bead.part_application(part));
    let of_stage: Vec<ObjectRef> = match stage {
        Stage::Upper => Stage::upper_parts().map(of_part).collect(),
        Stage::Applications => PART_NAMES.iter().map(|part| of_part(part)).chain([argo::application(&above)]).collect(),
        Stage::Rest => vec![argo::project(&above), state::reference(name)],
    };
    let going = Going { bead, objects: of_stage, revision: &published.revision, within: &above };
    uninstall_part::until_gone(&going, &hub.cluster, console, deadline).await?;
    console.done("prune", format!("{what}: gone"));
    Ok(())
}

/// Fails when something that the bead brought is still there at the deadline. Answers what it keeps on purpose.
async fn look_back(
    hub: &OnHub,
    bead: &Bead,
    removal: &BeadRemoval,
    deadline: Deadline,
    console: &Console,
) -> Outcome<Vec<ObjectRef>> {
    let above = bead.application_name();
    let look = async || {
        let tracked = inventory::tracked(&hub.cluster, |tracker| is_of_bead(tracker, &above)).await?;
        let (kept, left): (Vec<Value>, Vec<Value>) = tracked.into_iter().partition(is_kept);
        let mut left: Vec<ObjectRef> = left.iter().map(ObjectRef::of).filter(|it| !it.is_crd()).collect();
        for definition in &removal.definitions {
            if hub.cluster.metadata(&definition.object).await?.is_some() {
                left.push(definition.object.clone());
            }
        }
        let Some(first) = left.first() else { return Ok(Poll::Done(kept.iter().map(ObjectRef::of).collect())) };
        let more = if left.len() > 1 { format!(", and {} more", left.len() - 1) } else { String::new() };
        let why = format!("{first} is still there{more}");
        console.waiting("verify", &why, deadline.waited(), deadline.total());
        Ok(Poll::Blocked(why))
    };
    deadline.poll("the end of everything that the bead brought", PAUSE, look).await
}

/// Whether an object asks Argo CD not to delete it with its Application.
fn is_kept(live: &Value) -> bool {
    let by_option = annotation(live, argo::SYNC_OPTIONS)
        .is_some_and(|options| options.split(',').any(|option| option.trim() == "Delete=false"));
    by_option || annotation(live, "helm.sh/resource-policy").is_some_and(|policy| policy.trim() == "keep")
}

/// What stays on purpose, and why.
async fn stays(hub: &OnHub, bead: &Bead, removal: &BeadRemoval) -> Result<Vec<String>, Fault> {
    let mut lines = Vec::new();
    for crd in &removal.staying {
        if hub.cluster.metadata(crd).await?.is_some() {
            lines.push(format!("{crd}: Argo CD never deletes a CRD, nor what is of its kind"));
        }
    }
    let own = &bead.spec.application.namespace;
    let written = bead.spec.permissions.namespaces.iter();
    let named = bead.spec.secrets.iter().map(|need| &need.namespace).chain(written).chain([own]);
    let namespaces: std::collections::BTreeSet<&String> = named.collect();
    for namespace in namespaces {
        let namespace = ObjectRef::new("v1", "Namespace", None, namespace);
        if hub.cluster.metadata(&namespace).await?.is_some() {
            lines.push(format!("{namespace}: others may use it; a namespace is never deleted with a bead"));
        }
    }
    for need in &bead.spec.secrets {
        let secret = ObjectRef::new("v1", "Secret", Some(&need.namespace), &need.name);
        if hub.cluster.metadata(&secret).await?.is_some() {
            lines.push(format!("{secret}: it was not written for this bead alone"));
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_may_ask_to_be_kept() {
        let with = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}});
        assert!(is_kept(&with("helm.sh/resource-policy", "keep")));
        assert!(is_kept(&with(argo::SYNC_OPTIONS, "Prune=false, Delete=false")));
        assert!(!is_kept(&with(argo::SYNC_OPTIONS, "Prune=false,Delete=confirm")));
        assert!(!is_kept(&json!({"metadata": {}})));
    }
}
