//! What the removal of a hub would take away, held against what its step lets go.

use std::collections::BTreeSet;

use super::document::HubFiles;
use super::inventory::Inventory;
use super::rendered_objects::RenderedObjects;
use crate::argocd::Application;
use crate::document::HubStep;
use crate::engine::Cluster;
use crate::guard::{self, Hanging, Removal};
use crate::object::{Identity, ObjectRef};
use crate::report::{Console, Failure, Outcome};
use crate::run::Named;
use crate::words::argo;

/// What there is to remove, as it is now.
pub struct Plan {
    /// What the guard has found.
    pub removal: Removal,
    /// What there is of Argo CD.
    pub inventory: Inventory,
    named: Named,
    /// The `APIServices` without which the look went on, as the step says.
    overlooked: Vec<ObjectRef>,
}

/// Some of what stands in the way, a line each, with what can be done about it.
struct Obstacles {
    count: usize,
    lines: Vec<String>,
    remedy: String,
}

impl Plan {
    /// Looks at everything that the removal would touch.
    pub async fn of(cluster: &Cluster, files: &HubFiles, step: &HubStep, brought: &RenderedObjects) -> Outcome<Self> {
        let is_brought = |it: &ObjectRef| brought.holds(it);
        // In the removal itself none may be left.
        let beads: &[String] = if step.check { &step.beads } else { &[] };
        let removal = guard::plan_removal(cluster, files.hub(), &step.repository, beads, is_brought).await?;
        let (inventory, named) = (Inventory::of(cluster, brought).await?, Named::of(&step.may_remove));
        Ok(Self { removal, inventory, named, overlooked: cluster.overlooked() })
    }

    /// Refuses when anything stands in the way, with the whole list.
    pub fn or_refuse(self, brought: &RenderedObjects, what_now: &str) -> Outcome<Self> {
        let mut standing = vec![self.foreign(), self.unnamed(), self.strangers(brought)];
        standing.retain(|it| it.count > 0);
        if standing.is_empty() {
            return Ok(self);
        }
        let things = match standing.iter().map(|it| it.count).sum::<usize>() {
            1 => "one object stands".to_owned(),
            count => format!("{count} objects stand"),
        };
        let remedies: Vec<&str> = standing.iter().map(|it| it.remedy.as_str()).collect();
        Err(Failure::refused(format!("{things} in the way of the removal of this hub; {what_now}"))
            .details(standing.iter().flat_map(|it| &it.lines))
            .hint(format!("{}; then run again", remedies.join("; "))))
    }

    /// What would be left without an Argo CD.
    fn foreign(&self) -> Obstacles {
        let remedy = "uninstall beads first, each by its own bundle; delete Applications, ApplicationSets and projects, or \
                      move them to another cluster";
        let lines = self.removal.foreign.clone();
        Obstacles { count: lines.len(), lines, remedy: remedy.to_owned() }
    }

    /// What would be lost, and no name in the step lets go.
    fn unnamed(&self) -> Obstacles {
        let unnamed: Vec<Hanging> =
            self.removal.lost.iter().filter(|it| !self.named.covers(&it.object)).cloned().collect();
        let remedy = format!(
            "delete what people made, or move it to another cluster; what a component brings comes back when it is deleted: \
             to keep it, annotate it in git with `{}: Delete=false`, or take the component out by an upgrade that names it; {}",
            argo::SYNC_OPTIONS,
            self.named.remedy(unnamed.iter().map(|it| &it.object))
        );
        Obstacles { count: unnamed.len(), lines: Hanging::lines(&unnamed), remedy }
    }

    /// What people put into git beside the hub itself.
    fn strangers(&self, brought: &RenderedObjects) -> Obstacles {
        let put = |it: &Identity| format!("{it}: people put it into the hub repository");
        let lines: Vec<String> = self.inventory.strangers.iter().map(put).collect();
        let unread = brought.unread().map_or_else(String::new, |why| {
            format!("git does not say whether another version of the hub brought some of it ({why}): if so, use its bundle; ")
        });
        let remedy = format!(
            "{unread}take what is yours out of the hub repository, or mark it there to stay, by the annotation {}: \
             Delete=false, and wait until that is synced",
            argo::SYNC_OPTIONS
        );
        Obstacles { count: lines.len(), lines, remedy }
    }

    /// Warns of names in the step that mean nothing here.
    pub fn warn(&self, console: &Console) {
        let meant = self.removal.lost.iter().map(|it| &it.object).chain(&self.overlooked);
        for name in self.named.without_effect(meant) {
            console.say(format!(
                "warning: `mayRemove` names {name}, which nothing that needs a name is called: take it out again"
            ));
        }
    }

    /// Says what is let go by its name in the step, once.
    pub fn tell(&self, told: &mut BTreeSet<ObjectRef>, console: &Console) {
        for it in &self.removal.lost {
            if told.insert(it.object.clone()) {
                console.done("leaves", it.to_string());
            }
        }
    }

    /// One of the Applications of the hub that are no components, if it is there.
    pub fn named(&self, name: &str) -> Vec<Identity> {
        let its = self.removal.applications.iter().filter(|it| it.name() == name);
        its.map(|it| Identity::of(&it.0)).collect()
    }

    /// The waves of the components: the highest is removed first.
    pub fn waves(&self) -> BTreeSet<i64> {
        self.components().map(|it| argo::wave_of(&it.0)).collect()
    }

    /// The components of a wave.
    pub fn of_wave(&self, wave: i64) -> Vec<&Application> {
        self.components().filter(|it| argo::wave_of(&it.0) == wave).collect()
    }

    /// The components, without the Applications that go alone.
    pub fn components(&self) -> impl Iterator<Item = &Application> {
        self.removal.applications.iter().filter(|it| !argo::goes_alone(it.name()))
    }

    /// These with the Applications that they bring in turn.
    pub fn with_children(&self, applications: &[&Application]) -> Vec<Identity> {
        let children = applications.iter().flat_map(|it| self.removal.children_of(it)).cloned();
        applications.iter().map(|it| Identity::of(&it.0)).chain(children).collect()
    }

    /// All Applications, each after the one that would heal it back.
    pub fn parents_first(&self) -> Vec<Identity> {
        let [root, claims, argocd] = [argo::ROOT, argo::CLAIMS, argo::ARGOCD].map(|name| self.named(name));
        let components: Vec<&Application> = self.components().collect();
        [root, claims, argocd, self.with_children(&components)].concat()
    }
}
