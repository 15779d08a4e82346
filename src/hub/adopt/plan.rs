//! What a take-over does to what is there, and what of it has to be named first. Nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::marks::alone;
use super::rename::other_name;
use super::workloads::{Fate, address, fate, is_workload, selects_others, why_not_anew};
use crate::argocd::tracker;
use crate::document::HubStep;
use crate::engine::installers::{Installer, installers};
use crate::engine::ownership::is_unreleased;
use crate::engine::{Cluster, Fault, FaultKind, MANAGER, identify};
use crate::guard::{Holder, Refusal, Standing, is_highly_available, part_of};
use crate::object::{Identity, ObjectRef};
use crate::report::{Console, Failure, Outcome};
use crate::run::{Named, named};
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// How a step says that the state of Terraform has let this Argo CD go, which nobody can see from here.
const TERRAFORM: &str = "Terraform";

/// What a take-over does.
#[derive(Debug, Default)]
pub struct Plan {
    /// The Applications by which it manages itself, the topmost first: they go.
    pub holders: Vec<Holder>,
    /// The Applications whose name the hub needs: they go on under another one.
    pub clashing: Vec<Identity>,
    /// What the hub brings.
    pub brought: BTreeSet<ObjectRef>,
    /// Workloads that are made anew, with what stands in their place.
    replaced: BTreeMap<ObjectRef, Vec<Identity>>,
    /// What is worth knowing before.
    lines: Vec<String>,
}

impl Plan {
    /// Holds what is there against what the hub brings.
    pub async fn of(
        standing: &Standing,
        objects: &[Value],
        version: &str,
        step: &HubStep,
        cluster: &Cluster,
    ) -> Outcome<Self> {
        let named = Named::of(&step.may_remove);
        let may_replace = Named::of(&step.may_replace);
        let mut plan = Self { brought: objects.iter().map(ObjectRef::of).collect(), ..Self::default() };
        let is_available = plan.brought.iter().any(is_highly_available);
        let mut against = standing.refusals(is_available);
        against.extend(plan.find_workloads(standing, objects, cluster, &may_replace).await?);
        if standing.is_of_hub {
            plan.lines.clear();
            return refuse(against).map(|()| plan);
        }
        plan.lines.extend(standing.upgrade_path(version));
        let of_settings = plan.compare_settings(objects, cluster).await?;
        against.extend(of_terraform(standing.installers.keys().chain(&of_settings), &named));
        against.extend(plan.find_applications(standing, cluster, &named, &may_replace).await?);
        against.extend(plan.tracked_otherwise(cluster).await?);
        against.extend(of_projects(objects, cluster).await?);
        against.extend(untaken(objects, cluster).await?);
        let mut kept = alone(&standing.releases, &plan.brought);
        kept.retain(|(_, it)| !plan.replaced.values().flatten().any(|before| before.object == *it));
        plan.lines
            .extend(kept.iter().map(|(release, it)| format!("stays: {it}, which only Helm release {release} has")));
        refuse(against)?;
        Ok(plan)
    }

    /// Says what is worth knowing.
    pub fn tell(&self, console: &Console) {
        for it in &self.holders {
            console.say(format!("  goes, without what it holds: {}", it.application));
        }
        for it in &self.clashing {
            console.say(format!("  goes on as {}: {it}", other_name(&it.object.name)));
        }
        self.lines.iter().for_each(|line| console.say(format!("  {line}")));
    }

    /// The Applications that are not there under their names afterwards.
    pub fn going(&self) -> Vec<ObjectRef> {
        let holders = self.holders.iter().map(|it| it.application.object.clone());
        holders.chain(self.clashing.iter().map(|it| it.object.clone())).collect()
    }

    /// The names of the step's `mayRemove` that are about the take-over.
    pub fn names(&self) -> BTreeSet<String> {
        let holders = self.holders.iter().map(|it| named::address(&it.application.object));
        holders.chain([TERRAFORM.to_owned()]).collect()
    }

    /// Whether a workload is made anew.
    pub fn is_replaced(&self, object: &ObjectRef) -> bool {
        self.replaced.contains_key(object)
    }

    /// What stands in the place of a workload that is made anew.
    pub fn predecessors(&self, object: &ObjectRef) -> &[Identity] {
        self.replaced.get(object).map(Vec::as_slice).unwrap_or_default()
    }

    /// What becomes of each workload, and which cannot become the hub's without being made anew.
    async fn find_workloads(
        &mut self,
        standing: &Standing,
        objects: &[Value],
        cluster: &Cluster,
        may_replace: &Named,
    ) -> Result<Vec<Refusal>, Fault> {
        let mut unchangeable: Vec<(ObjectRef, String)> = Vec::new();
        let mut untaken = Vec::new();
        for object in objects.iter().filter(|it| is_workload(it)) {
            let name = ObjectRef::of(object);
            let mut before: Vec<(ObjectRef, String)> = standing
                .workloads
                .iter()
                .filter(|it| it.object != name && it.object.is_kind_of(&name) && it.part == part_of(object))
                .filter(|it| !self.brought.contains(&it.object))
                .map(|it| (it.object.clone(), format!("it is the {} under another name", it.part)))
                .collect();
            match fate(object, cluster).await? {
                Fate::New => self.lines.push(format!("new: {name}")),
                Fate::GoesOn if may_replace.has(&address(&name)) => {
                    let live = cluster.get(&name).await?.unwrap_or_default();
                    if selects_others(&live, object) {
                        before.push((name.clone(), "the step names it".to_owned()));
                    }
                }
                Fate::GoesOn => self.lines.push(format!("goes on, its pods too: {name}")),
                Fate::Rolls(fields) => {
                    self.lines.push(format!("its pods are replaced: {name}, for {}", fields.join(", ")));
                }
                Fate::Unchangeable(why) => before.push((name.clone(), why)),
                Fate::Untaken(why) => untaken.push(not_taken(&name, &why)),
            }
            if !before.is_empty() {
                untaken.extend(why_not_anew(object, cluster).await?.map(|why| not_taken(&name, &why)));
            }
            let unnamed = before.iter().filter(|(it, _)| !may_replace.has(&address(it)));
            unchangeable.extend(unnamed.cloned());
            if !before.is_empty() {
                let names: Vec<ObjectRef> = before.into_iter().map(|(it, _)| it).collect();
                self.lines.push(format!("made anew: {name}"));
                self.replaced.insert(name, identify(cluster, &names).await?);
            }
        }
        let names: Vec<String> = unchangeable.iter().map(|(it, _)| address(it)).collect();
        let remedy = format!(
            "name what may be made anew in the step, `mayReplace: [{}]`: pods of a Deployment go on until their successors are there",
            names.join(", ")
        );
        let refusal = |(it, why)| Refusal::new(format!("{it} would have to be made anew: {why}"), remedy.as_str());
        Ok(unchangeable.into_iter().map(refusal).chain(untaken).collect())
    }

    /// Which settings of people change, by their names: a value may hold a secret. Answers who has written them, by the names of the
    /// objects: one whose labels somebody has left out has no mark of Argo CD.
    async fn compare_settings(&mut self, objects: &[Value], cluster: &Cluster) -> Result<BTreeSet<Installer>, Fault> {
        let mut by = BTreeSet::new();
        for object in objects.iter().filter(|it| ObjectRef::of(it).kind == "ConfigMap") {
            let name = ObjectRef::of(object);
            let Some(live) = cluster.get(&name).await? else { continue };
            by.extend(installers(&live));
            for (key, is) in live.pointer("/data").and_then(Value::as_object).into_iter().flatten() {
                let wanted = object.pointer("/data").and_then(|all| all.get(key));
                match wanted {
                    Some(wanted) if wanted == is => {}
                    Some(_) => self.lines.push(format!("changes: {name}, key {key} becomes what the hub has")),
                    None => self.lines.push(format!(
                        "stays: {name}, key {key}, which git does not hold; put it into `spec.argocd` of hub.yaml"
                    )),
                }
            }
        }
        Ok(by)
    }
}

/// Terraform's state is elsewhere, and a later `destroy` would uninstall: its owner has to say that it has let go.
fn of_terraform<'i>(mut all: impl Iterator<Item = &'i Installer>, named: &Named) -> Option<Refusal> {
    let is_there = all.any(|it| *it == Installer::Terraform);
    (is_there && !named.has(TERRAFORM)).then(|| {
        Refusal::new(
            "Terraform has installed it, and nobody can see from here whether its state still holds it",
            format!("have its owner take it out (`terraform state rm`), then name it: `mayRemove: [{TERRAFORM}]`"),
        )
    })
}

/// Projects of others whose name the hub needs.
async fn of_projects(objects: &[Value], cluster: &Cluster) -> Result<Vec<Refusal>, Fault> {
    let mut against = Vec::new();
    for name in objects.iter().map(ObjectRef::of).filter(|it| it.is_kind_of(&argo::project(""))) {
        let Some(live) = cluster.metadata(&name).await? else { continue };
        if tracker(&live) != Some(argo::ROOT) && !is_unreleased(&live) {
            against.push(Refusal::new(
                format!("{name} has a name that the hub needs"),
                "have its Applications use another project, then delete it",
            ));
        }
    }
    Ok(against)
}

/// What the API server would not take as the hub applies it. A kind that only the hub's definitions bring cannot be tried.
async fn untaken(objects: &[Value], cluster: &Cluster) -> Result<Vec<Refusal>, Fault> {
    let rest = objects.iter().filter(|it| !is_workload(it));
    let tried = rest.map(|object| async move {
        match cluster.dry_run(object, MANAGER, true).await {
            Err(fault) if matches!(fault.kind, FaultKind::Invalid | FaultKind::Forbidden | FaultKind::Webhook) => {
                Ok(Some(not_taken(&ObjectRef::of(object), &fault.message)))
            }
            Err(fault) if fault.kind != FaultKind::NotFound => Err(fault),
            _ => Ok(None),
        }
    });
    let found: Vec<Option<Refusal>> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    Ok(found.into_iter().flatten().collect())
}

fn not_taken(object: &ObjectRef, why: &str) -> Refusal {
    let remedy = "mend what stands against it; what cannot be changed there has to be deleted first, by you";
    Refusal::new(format!("{object} would not be taken: {why}"), remedy)
}

/// One refusal with every reason, and each remedy once.
fn refuse(against: Vec<Refusal>) -> Outcome<()> {
    if against.is_empty() {
        return Ok(());
    }
    let mut remedies: Vec<&str> = Vec::new();
    for it in &against {
        if !remedies.contains(&it.remedy.as_str()) {
            remedies.push(&it.remedy);
        }
    }
    let remedies = remedies.join("; ");
    Err(Failure::refused("this Argo CD cannot be taken over as it is; nothing was written")
        .details(against.into_iter().map(|it| it.why))
        .hint(remedies))
}
