//! uninstall of a bead: guard, then out of git stage by stage, each until Argo CD has pruned it, then a look at what is
//! left.
//!
//! Every part recomputes what is left to do from git and the cluster, so an interrupted removal resumes.

use serde_json::json;

use super::look_back::{look_back, stays};
use super::on_hub::{OnHub, no_hub};
use super::plan::{self, Allowed, plan};
use super::spokes::{self, Leaving};
use super::uninstall_part::{self, Pruning};
use super::{cloud, files, secrets, state, was};
use crate::argocd::Application;
use crate::document::{Bead, BeadStep, CloudResources};
use crate::engine::{self, Cluster, absent};
use crate::hub::describe;
use crate::hub::webhooks::{self, Going};
use crate::hub_repository::bead::Beads;
use crate::object::ObjectRef;
use crate::publish;
use crate::publish::bead::{HubRepository, RemovalStage};
use crate::report::{Console, Failure, Outcome};
use crate::run::exactly::patch;
use crate::run::{Found, Run, follow, unless_left};
use crate::words::{argo, bead, spoke};

/// Removes the bead from git and from the cluster. What stays is said, and why.
pub async fn uninstall(step: &BeadStep, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let document = files::document(step.file.as_ref())?;
    let name = document.metadata.name.as_str();
    if engine::is_gone(&step.cluster) {
        console.done("cluster", format!("it is gone, with bead {name} on it; its files stay in the hub repository"));
        return Ok(());
    }
    let hub = match OnHub::or_cluster(step, run).await? {
        Ok(hub) => hub,
        Err(cluster) => return without_hub(&document, &cluster, console).await,
    };
    hub.repository.is_in_place(name, &hub.access)?;
    // The hub's own record counts: the bundle may be of another version.
    let installed = hub.repository.beads.get(name);
    let bead = installed.map_or(&document, |it| &it.bead);
    let cloud_resources = allowed(bead, step.cloud_resources)?;
    if cloud_resources != CloudResources::Orphan && !step.check {
        was::put_back(bead, &hub.cluster, console).await?;
    }
    let departure = Leaving { hub: &hub, bead, how: step.on_spokes, console };
    departure.or_refuse(&format!("remove bead {name}")).await?;
    let allowed = Allowed { cloud_resources, on_spokes: step.on_spokes, may_remove: &step.may_remove };
    let removal = plan(&hub, bead, allowed).await?;
    let webhooks = webhooks::that_go(&removal.applications, &hub.cluster).await?;
    webhooks::tell(&webhooks, "the bead", console);
    if step.check {
        console.done("check", format!("nothing stands in the way of the removal of bead {name}"));
        return Ok(());
    }
    let of_spokes = spokes::on_spokes(name, &hub.cluster).await?;
    let removing = Removing { hub: &hub, bead, console };
    if installed.is_none() {
        if removing.may_come_back().await? {
            removing.until_gone(RemovalStage::Rest, &hub.repository.revision).await?;
        }
        if removal.applications.is_empty() && of_spokes.is_empty() {
            console.say(format!("there is no bead {name} on this hub: nothing to remove"));
            return Ok(());
        }
    }
    console.done("guard", format!("nothing else depends on bead {name}"));
    plan::tell(&removal, &step.may_remove, &hub, bead, console)?;
    for object in &removal.untried {
        console.done("guard", format!("{object}: its deletion was not tried, since another server may heed no trial"));
    }
    if bead.spec.spokes.is_some() || !of_spokes.is_empty() {
        departure.run().await?;
    }
    let going = Going {
        what: "the bead",
        noted_on: bead::object(name),
        namespaces: [bead.spec.application.namespace.as_str()].into(),
    };
    let noted = webhooks::note(&going, &webhooks, &hub.cluster).await?;
    match cloud_resources {
        CloudResources::Refuse => {}
        CloudResources::Orphan => cloud::orphan(&hub.cluster, console, bead).await?,
        CloudResources::Delete => cloud::delete(&hub.cluster, console, &removal.outside).await?,
    }
    if let Some(installed) = installed {
        // Commit by commit, from the top down. With a package of Crossplane its definitions go, and with these what is of their
        // kinds (crossplane 2.1, `internal/controller/apiextensions/definition/reconciler.go`), or the package hangs on it
        // (2.1.0, both seen); in one commit with what needs them nobody is left to take things apart in order.
        for stage in RemovalStage::before_the_rest(installed) {
            // Looked at anew, since the last stage took its time.
            plan(&hub, bead, Allowed { cloud_resources: CloudResources::Refuse, ..allowed }).await?;
            removing.stage(stage, run.found).await?;
        }
    }
    let kept = look_back(&hub, bead, &removal, console).await?;
    for object in &kept {
        // With the mark of an Application that is gone no other could ever have it.
        let mut free = json!({"metadata": {"annotations": {argo::TRACKING_ID: null}}});
        if is_its_namespace(&object.object, bead) {
            // What its controllers have left there is found to be its own when it comes again.
            free["metadata"]["labels"] = json!({bead::LABEL: name});
        }
        patch(&hub.cluster, object, free).await?;
    }
    let unanswered = webhooks::remove_unanswered(&going, &noted, &hub.cluster, console, run.deadline).await?;
    let mut written = secrets::written(bead, &hub.cluster).await?;
    written.retain(|secret| !needed_by_others(&secret.object, bead, &hub.repository.beads));
    engine::remove(&hub.cluster, console, &written, run.deadline).await?;
    if installed.is_some() {
        // Last, so that a removal that is broken off before is seen to be unfinished.
        removing.stage(RemovalStage::Rest, run.found).await?;
    }
    console.done("verify", format!("nothing of bead {name} is left on the cluster"));
    // Namespaces are told below, with those that no Application made.
    for object in kept.iter().map(|it| &it.object).filter(|it| !it.is_crd() && it.kind != "Namespace") {
        console.done("stays", format!("{object}: its annotation says that it is kept"));
    }
    for line in stays(&hub, bead, &removal).await?.into_iter().chain(unanswered) {
        console.done("stays", line);
    }
    Ok(state::tell(bead, &hub.cluster, run.found).await?)
}

/// A hub that is gone has taken its Argo CD along: what is left of a bead then, no removal of ours could take.
async fn without_hub(bead: &Bead, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let is_there = absent(cluster.metadata(&bead::object(&bead.metadata.name)).await)?.flatten().is_some();
    if is_there || !state::applications(bead, cluster).await?.is_empty() {
        return Err(no_hub());
    }
    console
        .say(format!("there is no hub on this cluster, and nothing of bead {}: nothing to remove", bead.metadata.name));
    Ok(())
}

fn is_its_namespace(object: &ObjectRef, bead: &Bead) -> bool {
    (object.group.as_str(), object.kind.as_str()) == ("", "Namespace") && object.name == bead.spec.application.namespace
}

/// Whether another bead names this Secret of ours.
fn needed_by_others(secret: &ObjectRef, bead: &Bead, beads: &Beads) -> bool {
    let others = beads.iter().filter(|(name, _)| **name != bead.metadata.name);
    let mut needs = others.flat_map(|(_, other)| &other.bead.spec.secrets);
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

/// A removal that is under way.
struct Removing<'r> {
    hub: &'r OnHub,
    bead: &'r Bead,
    console: &'r Console,
}

impl Removing<'_> {
    /// One commit, and a wait until Argo CD has pruned what it took away.
    async fn stage(&self, stage: RemovalStage, found: &mut Found) -> Outcome<()> {
        let name = &self.bead.metadata.name;
        let what = match stage {
            RemovalStage::Spokes => "its way to spokes",
            RemovalStage::Upper => "the parts above its packages",
            RemovalStage::Applications => "its Applications",
            RemovalStage::Rest => "what is left of it",
        };
        let message = format!("Remove bead {name}: {what}");
        let published =
            publish::bead::remove(&self.hub.access, name, stage, &message, self.hub.cluster.deadline().end()).await?;
        self.console.done("commit", describe(&published));
        found.revision = Some(published.revision.clone());
        found.revision = Some(self.until_gone(stage, &published.revision).await?);
        self.console.done("prune", format!("{what}: gone"));
        Ok(())
    }

    /// Whether a bead that is not in git is, or may be again: something of it stands, or Argo CD is or goes to an older commit
    /// which has it. Else nobody need wait for Argo CD, which may be broken for a reason of its own.
    async fn may_come_back(&self) -> Outcome<bool> {
        let Self { hub, bead, .. } = *self;
        for object in self.goes_by(RemovalStage::Rest) {
            if hub.cluster.metadata(&object).await?.is_some() {
                return Ok(true);
            }
        }
        let root = hub.cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
        let older = root.iter().flat_map(Application::known_commits).filter(|it| *it != hub.repository.revision);
        for commit in older {
            if HubRepository::may_hold(&hub.access, commit, &bead.metadata.name, hub.cluster.deadline().end()).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Waits until what a stage takes away is gone, at this commit or at what others have pushed on top of it. Answers the
    /// commit.
    async fn until_gone(&self, stage: RemovalStage, commit: &str) -> Outcome<String> {
        let Self { hub, bead, console } = *self;
        let above = bead.application_name();
        let pruned_by = if stage == RemovalStage::Upper { above.as_str() } else { argo::ROOT };
        let prune = async |revision: &String, _: &[String]| {
            let pruning = Pruning { bead, objects: self.goes_by(stage), revision, pruned_by };
            let gone = Box::pin(uninstall_part::until_gone(&pruning, &hub.cluster, console));
            unless_left(gone, &hub.access, revision, &hub.cluster).await
        };
        let again = async || {
            let there = HubRepository::read(&hub.access, hub.cluster.deadline().end()).await?;
            there.has_left_out(&bead.metadata.name, stage, &hub.access)?;
            Ok(there.revision)
        };
        let (revision, ()) = follow(commit.to_owned(), |it| it, prune, again, console).await?;
        Ok(revision)
    }

    /// What is gone after a stage: at the end all of it, whatever has come back meanwhile.
    fn goes_by(&self, stage: RemovalStage) -> Vec<ObjectRef> {
        let (name, parent) = (&self.bead.metadata.name, self.bead.application_name());
        let of_part = |part: &&str| argo::application(&self.bead.part_application(part));
        if stage == RemovalStage::Upper {
            return RemovalStage::upper_parts().map(|part| of_part(&part)).collect();
        }
        // In the order in which Argo CD deletes them.
        let applications = bead::PARTS.iter().rev().map(of_part).chain([argo::application(&parent)]);
        let of_spokes = self.bead.spec.spokes.as_ref().map(|_| argo::project(&spoke::of_bead(name)));
        let rest = [argo::project(&parent), bead::object(name)].into_iter().chain(of_spokes);
        applications.chain(rest.filter(|_| stage == RemovalStage::Rest)).collect()
    }
}
