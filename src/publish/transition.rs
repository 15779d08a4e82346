//! What a commit brings to the cluster, and what was there in its place. Pure.
//!
//! [`Leaving`] says what goes with a commit; this is the other half, for whoever has to know what Argo CD will apply.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::bead::Runs;
use super::leaving::{Leaving, applications, holder, namespace_in};
use super::made_from::{MadeFrom, deploys_chart};
use crate::files::{Files, Snapshot};
use crate::hub_repository;
use crate::hub_repository::layout::{BEADS, LOCK_FILE, is_below};
use crate::object::{ObjectRef, str_at};
use crate::render::HelmRelease;
use crate::report::Outcome;
use crate::words::bead::APPLICATION;

/// The files of a repository before a commit and after it.
#[derive(Debug, Clone, Copy)]
pub struct Transition<'l> {
    before: &'l Snapshot,
    after: &'l Snapshot,
    changed: &'l BTreeSet<String>,
}

/// An object that an Application brings by a file.
#[derive(Debug, Clone, PartialEq)]
pub struct DeployedObject {
    /// The Application.
    pub application: String,
    /// The namespace that the Application gives to what names none.
    pub namespace: String,
    /// The object, as the file has it.
    pub object: Value,
}

/// A chart that an Application deploys, and the commit changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChartChange {
    /// The Application.
    pub application: String,
    /// The namespace that it deploys to.
    pub namespace: String,
    /// What it deploys after the commit; why the files do not tell.
    pub release: Result<HelmRelease, &'static str>,
}

/// The version of a program before a commit and after it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// Before.
    pub from: Option<String>,
    /// After.
    pub to: Option<String>,
    /// Whether the commit brings or changes the chart that deploys it.
    pub has_new_chart: bool,
}

impl<'l> Transition<'l> {
    /// That of the commit by which this leaves.
    #[must_use]
    pub fn of(leaving: &'l Leaving) -> Self {
        let Leaving { files: (before, after), changed, .. } = leaving;
        Self { before, after, changed }
    }

    /// Whether the commit changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changed.is_empty()
    }

    /// Whether there was a hub before.
    #[must_use]
    pub fn had_hub(&self) -> bool {
        self.before.contains_key(LOCK_FILE)
    }

    /// All objects of the Applications that the commit touches: one that is refused keeps all others of its Application from being
    /// compared. What comes to spokes is not among them.
    #[must_use]
    pub fn objects(&self) -> Vec<DeployedObject> {
        let files = Files::of(self.after);
        let by_name = applications(&files);
        let touched: BTreeSet<String> = self.changed.iter().filter_map(|path| holder(path)).collect();
        let mut brought = Vec::new();
        for path in files.paths() {
            let Some(application) = holder(path).filter(|it| touched.contains(it) && !is_below(BEADS, it)) else {
                continue;
            };
            let namespace = namespace_in(&by_name, &application).to_owned();
            brought.extend(files.objects(path).into_iter().map(|object| DeployedObject {
                application: application.clone(),
                namespace: namespace.clone(),
                object,
            }));
        }
        brought
    }

    /// The objects of a kind that the files have before the commit, and those that they have after it, each in the namespace that
    /// its Application gives it. What charts make is in no file, and what comes to spokes is not among them.
    #[must_use]
    pub fn of_kind(&self, kind: &ObjectRef) -> [Vec<(ObjectRef, Value)>; 2] {
        [self.before, self.after].map(|snapshot| {
            let mut found = placed(&Files::of(snapshot));
            found.retain(|(name, _)| name.is_kind_of(kind));
            found
        })
    }

    /// Whether the commit brings something to spokes.
    #[must_use]
    pub fn touches_spokes(&self) -> bool {
        self.changed.iter().filter_map(|path| holder(path)).any(|it| is_below(BEADS, &it))
    }

    /// The charts that the commit brings or changes. Hooks beside a chart are none of it: [`Transition::objects`] has their files.
    #[must_use]
    pub fn charts(&self) -> Vec<ChartChange> {
        let (before, after) = (Files::of(self.before), Files::of(self.after));
        let was = applications(&before);
        let change = |(name, application): (String, Value)| {
            if !deploys_chart(&application) {
                return None;
            }
            let now = MadeFrom::of(&application, self.after);
            if was.get(&name).is_some_and(|before| MadeFrom::of(before, self.before) == now) {
                return None;
            }
            let namespace = str_at(&application, "/spec/destination/namespace").to_owned();
            Some(ChartChange { application: name, namespace, release: now.release })
        };
        applications(&after).into_iter().filter_map(change).collect()
    }

    /// The programs of the hub and of its beads with their versions before the commit and after it, as far as the files tell these.
    pub fn programs(&self) -> Outcome<BTreeMap<String, Versions>> {
        // A document that people have broken tells nothing; the cluster does.
        let before = super::bead::programs(self.before).unwrap_or_default();
        let charts: BTreeSet<String> = self.charts().into_iter().map(|it| it.application).collect();
        let deployed = deployed(self.after)?;
        let with_before = |(name, to): (String, Option<String>)| {
            let from = before.get(&name).cloned().flatten();
            let has_new_chart = deployed.iter().any(|(program, by)| *program == name && charts.contains(by));
            (name, Versions { from, to, has_new_chart })
        };
        Ok(super::bead::programs(self.after)?.into_iter().map(with_before).collect())
    }

    /// The beads that require a kind, as `group/version/Kind`, after the commit.
    pub fn requiring(&self, api: &str) -> Outcome<Vec<String>> {
        let beads = hub_repository::bead::installed(self.after)?;
        let requires =
            |it: &hub_repository::bead::Installed| it.bead.spec.requires.apis.iter().any(|wanted| wanted == api);
        Ok(beads.into_iter().filter(|(_, it)| requires(it)).map(|(name, _)| name).collect())
    }
}

/// The objects of this cluster in the files that Argo CD reads as they are.
fn placed(files: &Files<'_>) -> Vec<(ObjectRef, Value)> {
    let by_name = applications(files);
    let mut placed = Vec::new();
    for path in files.paths() {
        let Some(holder) = holder(path).filter(|it| !is_below(BEADS, it)) else { continue };
        for object in files.objects(path) {
            let mut name = ObjectRef::of(&object);
            name.namespace = name.namespace.or_else(|| Some(namespace_in(&by_name, &holder).to_owned()));
            placed.push((name, object));
        }
    }
    placed
}

/// The programs, each with an Application that deploys it.
fn deployed(files: &Snapshot) -> Outcome<Vec<(String, String)>> {
    let file = |path: &str| files.get(path).and_then(Option::as_deref);
    let of_bead = |it: &hub_repository::bead::Installed| {
        let (program, _) = super::bead::program_of(&it.bead)?;
        Some((program, it.bead.part_application(APPLICATION)))
    };
    let mut deployed: Vec<(String, String)> =
        hub_repository::bead::installed(files)?.values().filter_map(of_bead).collect();
    deployed.extend(Runs::read(file)?.iter().flat_map(Runs::deployed));
    Ok(deployed)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hub_repository::layout::{RepoFile, chart_of_component, hooks_of_component};
    use crate::words::argo;
    use crate::yaml;

    /// A hub with one component, whose chart is here; `hooks` are the names of the files beside it.
    fn hub(chart: &str, values: &str, hooks: &[&str]) -> Snapshot {
        let here = |folder: String| json!({"repoURL": "https://git.example.org/hub.git", "path": folder});
        let mut source = here(chart_of_component("shop"));
        source["helm"] = json!({"releaseName": "shop", "valueFiles": ["/components/shop/values.yaml"]});
        let spec = if hooks.is_empty() {
            json!({"source": source})
        } else {
            json!({"sources": [source, here(hooks_of_component("shop"))]})
        };
        let application =
            json!({"apiVersion": argo::API, "kind": argo::APPLICATION, "metadata": {"name": "shop"}, "spec": spec});
        let mut files: Vec<(String, String)> = vec![
            (RepoFile::Application("shop").path(), yaml::print(&application)),
            (RepoFile::Chart("shop", "Chart.yaml").path(), chart.to_owned()),
            (RepoFile::Values("shop").path(), values.to_owned()),
        ];
        let job = |file: &&str| {
            let it = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": file}});
            (RepoFile::Hook("shop", file).path(), yaml::print(&it))
        };
        files.extend(hooks.iter().map(job));
        files.into_iter().map(|(path, text)| (path, Some(text.into()))).collect()
    }

    #[test]
    fn a_chart_changes_with_what_it_is_made_from_and_not_with_the_hooks_beside_it() {
        let before = hub("name: shop", "a: 1", &["job-a.yaml"]);
        for (after, changes) in [
            (hub("name: shop", "a: 1", &["job-b.yaml"]), false),
            (hub("name: shop", "a: 1", &[]), false),
            (hub("name: shop", "a: 2", &["job-a.yaml"]), true),
            (hub("name: other", "a: 1", &["job-a.yaml"]), true),
        ] {
            let changed = after.iter().filter(|(path, bytes)| before.get(*path) != Some(bytes));
            let changed: BTreeSet<String> = changed.map(|(path, _)| path.clone()).collect();
            let there = Transition { before: &before, after: &after, changed: &changed }.charts();
            let back = Transition { before: &after, after: &before, changed: &changed }.charts();
            assert_eq!((there.len(), back.len()), (usize::from(changes), usize::from(changes)), "{changed:?}");
        }
    }
}
