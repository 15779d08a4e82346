//! install and upgrade of a bead: one path for the first run, a re-run and a resumed run.

use serde_json::Value;

use super::arrival::{Arrival, BeadCommit, tell_of_root};
use super::chart::look_for;
use super::files::BeadFiles;
use super::known::Verb;
use super::on_hub::OnHub;
use super::spokes::{self, Bringing, Leaving, Reach, Wave};
use super::{gate, installed, requirements, scopes, secrets, state, was};
use crate::argocd::Delivered;
use crate::document::{Bead, BeadStep, REST};
use crate::engine::{Cluster, Fault};
use crate::guard::{self, Claims};
use crate::object::ObjectRef;
use crate::publish::bead::Share;
use crate::render::bead::RenderedBead;
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::{Found, Losses, Run, address, images};
use crate::words::{argo, spoke};
use crate::{hub_repository, render};

/// Renders, holds against the hub, writes secrets, commits, waits. In this order: with the commit Argo CD begins by itself, and a
/// pod waits for a Secret that is not there yet.
pub async fn install(step: &BeadStep, verb: Verb, run: &mut Run<'_>) -> Outcome<()> {
    let console = run.console;
    let files = BeadFiles::read_document(step.file.as_ref())?;
    let bead = &files.bead;
    let given = secrets::given(bead, &step.secrets)?;
    let hub = OnHub::to_write(step, run).await?;
    if verb == Verb::Upgrade {
        installed::demand(bead, step, Ok(&hub), console).await?;
    }
    let mut rendered = render(step, &files, &hub)?;
    console.done("render", format!("{}, parts: {}", counted(rendered.tree.len(), "file"), part_names(&rendered)));

    if files.relocation.is_some() {
        images::tell(&rendered.images, console);
    }

    look_for(&hub.cluster, bead, &mut rendered, console).await?;
    admit(bead, &rendered, &hub, console).await?;
    let departure = leave(bead, &rendered, step, &hub, console).await?;
    requirements::demand(bead, &rendered, step.accept_privileges, &given, &hub).await?;
    console.done("require", "the hub has what the bead needs");
    gate::pass(&files, &rendered, step, &hub, console).await?;
    was::put_back_what_is_seen(bead, &hub.cluster, console).await?;
    secrets::write(bead, given, &hub.cluster, console).await?;

    if let Some(departure) = &departure {
        departure.run().await?;
    }
    let may_remove = may_remove(step, departure.as_ref());
    let arrival = Arrival::of(bead, rendered.parts.iter().map(|part| part.name()), &may_remove);
    let waited = bring(&arrival, bead, &rendered, &hub, console, run.found).await;
    let told = state::tell(bead, &hub.cluster, run.found).await;
    waited?;
    Ok(told?)
}

/// Commits the version and waits for it, on the hub and then on its spokes, wave by wave. Where it is permitted less than the
/// one before, all of this is under the permissions of both, so that what goes can be pruned, and a last commit narrows them.
async fn bring(
    arrival: &Arrival<'_>,
    bead: &Bead,
    rendered: &RenderedBead,
    hub: &OnHub,
    console: &Console,
    found: &mut Found,
) -> Outcome<()> {
    let name = &bead.metadata.name;
    let reach = Reach::of(bead, &hub.cluster).await?;
    if let Some(reach) = &reach {
        reach.tell(console);
    }
    let before = spokes::before(reach.as_ref(), &hub.cluster).await?;
    let waves = reach.as_ref().map_or_else(|| vec![Wave::of_none()], Reach::waves);
    let wide = hub.repository.in_between(name, rendered)?;
    let (files, which) = wide.as_ref().map_or((&rendered.tree, BeadCommit::Only), |wide| (wide, BeadCommit::Widening));
    let (mut commit, mut reached, mut after) = (String::new(), Vec::new(), None);
    for (place, wave) in waves.iter().enumerate() {
        let later = &waves[place + 1..];
        let share = Share { files, wave: wave.name, after };
        let bringing = Bringing { ahead: later.first().map(|_| wave.name), to: &wave.to, before: &before };
        let (at, ends) = arrival.commit(share, which, bringing, hub, console, found).await?;
        spokes::judge(name, wave, later, &ends, console)?;
        reached
            .extend(wave.to.iter().zip(ends).filter(|(_, end)| *end == Delivered::Arrived).map(|(to, _)| to.clone()));
        (commit, after) = (at, Some((files, wave.name)));
    }
    if wide.is_some() {
        let bringing = Bringing { ahead: None, to: &reached, before: &before };
        let share = Share { files: &rendered.tree, wave: REST, after };
        let (at, ends) = arrival.commit(share, BeadCommit::Narrowing, bringing, hub, console, found).await?;
        spokes::judge(name, &Wave { name: REST, to: reached.clone() }, &[], &ends, console)?;
        commit = at;
    }
    tell_of_root(&commit, &hub.cluster, console).await;
    Ok(())
}

/// Refuses a bead that would take from others, or cannot be committed.
pub async fn admit(bead: &Bead, rendered: &RenderedBead, hub: &OnHub, console: &Console) -> Outcome<()> {
    keep(bead, rendered, hub)?;
    scopes::keep(bead, rendered, hub, console).await?;
    settle(bead, rendered, hub).await?;
    claim(bead, rendered, hub, console).await?;
    hub.repository.may_take(&bead.metadata.name, &rendered.tree, &hub.access)
}

/// Refuses a version that would take away what the step does not name, before anything is written. Answers how the bead leaves
/// its spokes, where this version is for none.
pub async fn leave<'h>(
    bead: &Bead,
    rendered: &RenderedBead,
    step: &BeadStep,
    hub: &'h OnHub,
    console: &'h Console,
) -> Outcome<Option<Leaving<'h>>> {
    let departure = Leaving::of_dropped(bead, hub, step, console);
    if let Some(departure) = &departure {
        departure.or_refuse(&format!("bring bead {} {}", bead.metadata.name, bead.spec.version)).await?;
        departure.or_lose(&step.may_remove).await?;
    }
    let plan = hub.repository.plan(&bead.metadata.name, &rendered.tree)?;
    let mut may_remove = may_remove(step, departure.as_ref());
    if departure.is_some() {
        // What stands in it now is gone before the commit that takes it away, and is looked for once more then.
        may_remove.push(address(&argo::project(&spoke::of_bead(&bead.metadata.name))));
    }
    Losses::of(&plan.leaving, &hub.cluster).await?.refuse(&may_remove)?;
    Ok(departure)
}

/// What the step lets go, and the set of a bead that leaves its spokes: nothing is made by it any more when it goes.
fn may_remove(step: &BeadStep, departure: Option<&Leaving<'_>>) -> Vec<String> {
    let set = departure.map(|it| address(&spoke::set(&it.bead.metadata.name)));
    step.may_remove.iter().cloned().chain(set).collect()
}

/// Refuses a version that takes something away which the data of others hangs on, and a run that would forget the copy
/// that the bead was installed from.
fn keep(bead: &Bead, rendered: &RenderedBead, hub: &OnHub) -> Outcome<()> {
    let name = &bead.metadata.name;
    hub.repository.keep_images(name, rendered, &hub.access)?;
    hub.repository.keep_dependants(bead)?;
    let taken = hub.repository.taken_away(bead, rendered);
    if taken.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!("bead {name} would take away what objects of others hang on; nothing was changed"))
        .details(taken)
        .hint("Crossplane deletes the objects of an API that goes: keep it in this version, in this bead"))
}

/// Refuses a bead whose namespace is not its own, or would not be bounded as it says.
async fn settle(bead: &Bead, rendered: &RenderedBead, hub: &OnHub) -> Outcome<()> {
    let installed = hub.repository.beads.get(&bead.metadata.name).map(|it| &it.bead);
    let is_installed = installed.is_some_and(|it| it.spec.application.namespace == bead.spec.application.namespace);
    let mut taken = hub.repository.namespaces_of_others(bead);
    taken.extend(taken_namespace(bead, rendered, is_installed, &hub.cluster).await?);
    or_taken(bead, taken)
}

/// Why the namespace of a bead cannot be its own, a line each.
pub async fn taken_namespace(
    bead: &Bead,
    rendered: &RenderedBead,
    is_installed: bool,
    cluster: &Cluster,
) -> Result<Vec<String>, Fault> {
    if !rendered.bounds_namespace() {
        return Ok(Vec::new());
    }
    let own = bead.spec.application.namespace.as_str();
    let there = guard::namespace(cluster, bead, is_installed).await?;
    let of_others = |it: &ObjectRef| format!("namespace {own} has {it}, which is not of the bead");
    let mut taken: Vec<String> = there.tenants.iter().map(of_others).collect();
    let (level, live) =
        (bead.spec.permissions.pod_security.name(), there.live.as_ref().and_then(render::bead::enforced));
    if let Some(live) = live.filter(|live| !there.is_its && *live != level) {
        taken.push(format!("namespace {own} enforces the level {live} on pods, and the bead declares {level}"));
    }
    Ok(taken)
}

/// Refuses a bead that would write where others are.
pub fn or_taken(bead: &Bead, taken: Vec<String>) -> Outcome<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let name = &bead.metadata.name;
    Err(Failure::refused(format!("bead {name} writes into namespaces of others; nothing was changed"))
        .details(taken)
        .hint("give the bead a namespace of its own: in one of others it acts as them, and its level would bound them"))
}

/// Refuses a bead that writes what another Application holds, and says what it would take over from nobody.
async fn claim(bead: &Bead, rendered: &RenderedBead, hub: &OnHub, console: &Console) -> Outcome<()> {
    let mut claims = claims_of(bead, rendered, &hub.cluster).await?;
    claims.of_others.extend(hub.repository.definitions_of_others(&bead.metadata.name, rendered));
    or_claimed(bead, claims.of_others)?;
    for line in claims.of_nobody {
        console.say(format!("warning: {line}"));
    }
    for line in claims.not_looked_at {
        console.say(format!("warning: not looked at: {line}"));
    }
    Ok(())
}

/// What is on the cluster of that which the bead writes.
pub async fn claims_of(bead: &Bead, rendered: &RenderedBead, cluster: &Cluster) -> Result<Claims, Fault> {
    let above = rendered.namespace.iter().map(|namespace| (bead.application_name(), namespace));
    let objects: Vec<(String, &Value)> = rendered
        .objects
        .iter()
        .map(|(part, object)| (bead.part_application(part.name()), object))
        .chain(above)
        .collect();
    guard::claims(cluster, bead, &objects, &rendered.definitions).await
}

/// Refuses a bead that writes what others hold.
pub fn or_claimed(bead: &Bead, of_others: Vec<String>) -> Outcome<()> {
    if of_others.is_empty() {
        return Ok(());
    }
    let name = &bead.metadata.name;
    Err(Failure::refused(format!("bead {name} writes what others hold; nothing was changed")).details(of_others).hint(
        format!(
            "an object has one Application: take it out of the bead, or remove what holds it; where that is gone, so may the \
             object's annotation {}",
            argo::TRACKING_ID
        ),
    ))
}

/// The files of the bead in the repository of this hub.
pub fn render(step: &BeadStep, files: &BeadFiles, hub: &OnHub) -> Outcome<RenderedBead> {
    let depth = hub_repository::bead::depth(&files.bead, &hub.repository.beads).map_err(|circle| {
        Failure::refused(format!("beads would wait for each other: {}; nothing was changed", circle.join(" -> ")))
            .hint("take one of them out of `dependsOn`")
    })?;
    let mut input = files.input(
        step.parameters.clone().into_iter().collect(),
        hub.resolved.clone(),
        hub.repository.hub.spec.claims.clone(),
    )?;
    input.depth = depth;
    input.revision = hub.repository.revision(&files.bead)?;
    render::bead::render(&input)
}

pub fn part_names(rendered: &RenderedBead) -> String {
    rendered.parts.iter().map(|part| part.name()).collect::<Vec<_>>().join(", ")
}
