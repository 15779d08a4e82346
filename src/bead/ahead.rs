//! What an installation of a bead would refuse, before a bundle that brings the hub, too, has written anything.

use serde_json::json;

use super::chart::look_for;
use super::files::BeadFiles;
use super::install::{admit, claims_of, leave, or_claimed, or_taken, part_names, render, taken_namespace};
use super::known::Verb;
use super::on_hub::OnHub;
use super::render::{claims_somewhere, somewhere};
use super::{gate, installed, requirements, secrets};
use crate::document::{BeadStep, Resolved};
use crate::engine::Cluster;
use crate::render::bead::RenderedBead;
use crate::report::{Console, Outcome, counted};
use crate::run::{Found, Run};

/// Refuses what an installation would, but for what the bead requires of a hub: the steps in between may bring it. Nothing is
/// written.
pub async fn look_ahead(step: &BeadStep, verb: Verb, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = BeadFiles::read_document(step.file.as_ref())?;
    let bead = &files.bead;
    let given = secrets::given(bead, &step.secrets)?;
    let place = OnHub::or_cluster(step, run).await?;
    if verb == Verb::Upgrade {
        installed::demand(bead, step, place.as_ref(), console).await?;
    }
    let (rendered, cluster) = match &place {
        Ok(hub) => {
            let mut rendered = render(step, &files, hub)?;
            look_for(&hub.cluster, bead, &mut rendered, console).await?;
            admit(bead, &rendered, hub, console).await?;
            leave(bead, &rendered, step, hub, console).await?;
            gate::refuse(&files, &rendered, step, hub).await?;
            (rendered, &hub.cluster)
        }
        Err(cluster) => (without_hub(step, &files, cluster, console).await?, cluster),
    };
    console.done("render", format!("{}, parts: {}", counted(rendered.tree.len(), "file"), part_names(&rendered)));
    requirements::demand_given(bead, &rendered, step.accept_privileges, &given, cluster).await?;
    let (name, version) = (&bead.metadata.name, &bead.spec.version);
    console.done("check", format!("bead {name} {version} may come; what it requires of the hub is asked when it does"));
    Ok(())
}

/// What an installation would change where there is no hub yet: everything.
pub async fn diff(
    step: &BeadStep,
    files: &BeadFiles,
    cluster: &Cluster,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    let rendered = without_hub(step, files, cluster, console).await?;
    for privilege in &rendered.privileges {
        console.done("privilege", privilege);
    }
    let count = rendered.tree.len();
    let files = counted(count, "file");
    let not_looked_at =
        "there is no hub on this cluster yet: what the bead requires of it, and what is in its repository";
    console.say(format!("git        {files} to add, when the hub is there; not looked at: {not_looked_at}"));
    found.diff = Some(json!({"differs": true, "filesToAdd": count, "notLookedAt": [not_looked_at]}));
    Ok(())
}

/// The bead as it would be on a hub of this cluster, held against what is on the cluster already.
async fn without_hub(
    step: &BeadStep,
    files: &BeadFiles,
    cluster: &Cluster,
    console: &Console,
) -> Outcome<RenderedBead> {
    let bead = &files.bead;
    let hub = Resolved { cluster_uid: cluster.facts().uid.clone(), ..somewhere() };
    let parameters = step.parameters.clone().into_iter().collect();
    let mut rendered = crate::render::bead::render(&files.input(parameters, hub, Some(claims_somewhere()))?)?;
    look_for(cluster, bead, &mut rendered, console).await?;
    or_taken(bead, taken_namespace(bead, &rendered, false, cluster).await?)?;
    or_claimed(bead, claims_of(bead, &rendered, cluster).await?.of_others)?;
    Ok(rendered)
}
