//! The items of the proof: each looks at one promise of the handover and names every object that breaks it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use futures::future::try_join_all;
use serde_json::Value;

use super::application::{Application, short};
use super::canary::{self, Heal};
use super::claim::{Claim, Drift, Item, State};
use super::helm_releases::releases_beside;
use super::tracking::{application_of, tracking_id};
use crate::engine::ownership::{argocd_owns, count_managers, is_unreleased};
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{self, Cluster, Fault, ForeignField, Live, count_foreign_fields, foreign_fields};
use crate::object::{ObjectRef, annotation, items, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// Applications as they are in the cluster, by their names; `None` for one that is not there.
pub type Seen = BTreeMap<String, Option<Application>>;

/// Reads the Applications of a hub, all at once, but those that were seen.
pub async fn read_applications(cluster: &Cluster, names: &[String], seen: Option<&Live>) -> Result<Seen, Fault> {
    let read = names.iter().map(|name| async {
        let live = engine::seen_or_read(seen, &argo::application(name), cluster).await?;
        Ok((name.clone(), live.map(Application)))
    });
    Ok(try_join_all(read).await?.into_iter().collect())
}

/// The objects of a hub as they are in the cluster. Workloads and Applications are read whole, for their status, and what Argo CD
/// trusts; of the rest the metadata is enough.
pub async fn read_objects<'o>(cluster: &Cluster, objects: impl IntoIterator<Item = &'o Value>) -> Result<Live, Fault> {
    let objects: Vec<&Value> = objects.into_iter().collect();
    cluster.learn(objects.iter().copied());
    let trusts = [argo::certificates(), argo::known_hosts()];
    let is_whole = |it: &ObjectRef| is_workload(it) || it.kind == argo::APPLICATION || trusts.contains(it);
    engine::live(cluster, objects, is_whole).await
}

pub(super) fn revision(claim: &Claim<'_>, applications: &Seen) -> Item {
    let mut failures = Vec::new();
    for (name, application) in applications {
        match application {
            None => failures.push(format!("Application {name} does not exist")),
            Some(it) if !it.reads(claim.repository) => {
                failures.push(format!("Application {name} does not read {}", claim.repository));
            }
            Some(it) => {
                failures.extend(it.blocked_at(claim.revision));
                if it.phase() != "Succeeded" {
                    failures.push(format!("Application {name} has no successful sync"));
                }
            }
        }
    }
    let found = format!("{} Applications Synced and Healthy at {}", applications.len(), short(claim.revision));
    item("revision", "Argo CD runs exactly the pushed commit", found, failures)
}

pub(super) fn conditions(applications: &Seen) -> Item {
    let mut failures = Vec::new();
    for application in applications.values().flatten() {
        let name = application.name();
        failures.extend(application.bad_conditions().into_iter().map(|it| format!("{name} {it}")));
        if application.is_operating() {
            failures.push(format!("{name} has an operation in flight"));
        }
        if application.is_being_deleted() {
            failures.push(format!("{name} is being deleted"));
        }
    }
    item("conditions", "no error condition, no operation left over", "none".to_owned(), failures)
}

/// What others own is a finding: Argo CD shares what git holds, and the rest is nothing that was handed over.
pub(super) fn ownership(claim: &Claim<'_>, live: &Live, findings: &[ForeignField]) -> Item {
    let mut failures = Vec::new();
    for object in claim.objects {
        let name = ObjectRef::of(object);
        let Some(Some(live)) = live.get(&name) else {
            failures.push(format!("{name} does not exist"));
            continue;
        };
        if !argocd_owns(live) {
            failures.push(format!("{name} was never applied by Argo CD"));
        }
        if is_unreleased(live) {
            failures.push(format!("{name} has fields that the bootstrap owns"));
        }
        // CRDs never get a tracking annotation (argo-cd `reposerver/repository/repository.go`).
        let tracked = annotation(live, argo::TRACKING_ID).unwrap_or_default();
        let wanted = tracking_id(application_of(&name), &name);
        if !name.is_crd() && tracked != wanted {
            failures.push(format!("{name} is tracked as `{tracked}`, not as `{wanted}`"));
        }
    }
    let mut found = format!("{} objects, each applied and tracked by Argo CD", claim.objects.len());
    if !findings.is_empty() {
        let _ = write!(found, "; {}, see below", count_foreign_fields(findings));
    }
    item("ownership", "Argo CD owns every bootstrapped field", found, failures)
}

/// Fields that others own of the objects that were handed over, and that git does not hold.
pub(super) fn findings(claim: &Claim<'_>, live: &Live) -> Vec<ForeignField> {
    let there = live.iter().filter_map(|(name, live)| Some((name, live.as_ref()?)));
    let mut found: Vec<ForeignField> = there.flat_map(|(name, live)| foreign_fields(name, live)).collect();
    found.extend(claim.objects.iter().filter_map(|object| scaled(object, live.get(&ObjectRef::of(object))?.as_ref()?)));
    found
}

/// A workload that somebody has scaled where git is silent. `kubectl scale` and autoscalers leave no field manager.
fn scaled(object: &Value, live: &Value) -> Option<ForeignField> {
    let is_silent = is_workload(&ObjectRef::of(object)) && replicas(object).is_none();
    (is_silent && replicas(live).is_some_and(|count| count > 1)).then(|| ForeignField {
        object: ObjectRef::of(object).to_string(),
        field: "spec.replicas".to_owned(),
        manager: "(not recorded)".to_owned(),
        stays: true,
    })
}

/// The item of what other installers have left.
pub(super) const LEFTOVERS: &str = "leftovers";

/// Helm is looked for in the namespace of Argo CD, and where the marks on these objects say.
pub(super) async fn leftovers(cluster: &Cluster, live: &Live) -> Result<Item, Fault> {
    let releases = releases_beside(cluster, live.values().flatten()).await?;
    let failures = releases.iter().map(|it| match &it.objects {
        Ok(_) => format!("{}: a `helm uninstall` of release {} would remove this Argo CD", it.secret, it.release),
        Err(why) => {
            format!("{}: it cannot be read whether release {} holds this Argo CD: {why}", it.secret, it.release)
        }
    });
    Ok(item(LEFTOVERS, "nothing of another installer is left", "none".to_owned(), failures.collect()))
}

pub(super) fn workloads(claim: &Claim<'_>, live: &Live) -> Item {
    let mut failures = Vec::new();
    let mut count = 0;
    for object in claim.objects {
        let name = ObjectRef::of(object);
        let Some(Some(live)) = live.get(&name).filter(|_| is_workload(&name)) else { continue };
        count += 1;
        match readiness(live) {
            Readiness::Ready => {}
            Readiness::Pending(why) | Readiness::Failed(why) => failures.push(format!("{name}: {why}")),
        }
        failures.extend(wrong_replicas(object, live).map(|why| format!("{name} {why}")));
        // Synced with a stuck rollout, or an image changed behind git's back
        if images(object) != images(live) {
            failures.push(format!("{name} runs {:?}, git says {:?}", images(live), images(object)));
        }
    }
    let found = format!("{count} workloads rolled out with the images that git names");
    item("workloads", "Argo CD's own parts run", found, failures)
}

pub(super) fn shape(claim: &Claim<'_>, applications: &Seen, live: &Live) -> Item {
    let mut failures = Vec::new();
    for name in [argo::ROOT, argo::ARGOCD] {
        if applications.get(name).is_some_and(|it| it.as_ref().is_some_and(Application::cascades)) {
            failures.push(format!("Application {name} has a cascade finalizer: deleting it would delete Argo CD"));
        }
    }
    let projects: Vec<ObjectRef> =
        claim.objects.iter().map(ObjectRef::of).filter(|name| name.kind == argo::PROJECT).collect();
    for project in &projects {
        if !matches!(live.get(project), Some(Some(_))) {
            failures.push(format!("{project} does not exist"));
        }
    }
    let found = format!("{} AppProjects; root and argocd cannot cascade", projects.len());
    item("shape", "removal cannot take Argo CD down by accident", found, failures)
}

/// How many of these objects each field manager owns something of.
#[must_use]
pub fn managers(live: &Live) -> BTreeMap<String, usize> {
    count_managers(live.values().flatten())
}

pub(super) async fn drift(cluster: &Cluster, console: &Console, drift: Drift) -> Outcome<(Item, Option<u128>)> {
    const ID: &str = "drift";
    const TITLE: &str = "Argo CD heals drift";
    let heal = match drift {
        Drift::Probe => canary::probe(cluster, console).await?,
        Drift::Found(heal) => heal,
        Drift::Leave => {
            let detail = "not probed: this run changed nothing; `verify` probes it".to_owned();
            return Ok((Item { id: ID, title: TITLE, state: State::NotProbed, detail, failures: Vec::new() }, None));
        }
    };
    Ok(match heal {
        Heal::Healed(time) => {
            let found = format!("ConfigMap {} healed in {:.1} s", argo::CANARY, time.as_secs_f64());
            (item(ID, TITLE, found, Vec::new()), Some(time.as_millis()))
        }
        Heal::Failed(why) => (item(ID, TITLE, String::new(), vec![why]), None),
    })
}

/// An item that holds unless something is wrong.
fn item(id: &'static str, title: &'static str, found: String, failures: Vec<String>) -> Item {
    let (state, detail) = match failures.first() {
        None => (State::Holds, found),
        Some(first) if failures.len() == 1 => (State::Fails, first.clone()),
        Some(first) => (State::Fails, format!("{first} (and {} more)", failures.len() - 1)),
    };
    Item { id, title, state, detail, failures }
}

fn is_workload(name: &ObjectRef) -> bool {
    matches!(name.kind.as_str(), "Deployment" | "StatefulSet")
}

/// A number that git does not hold is not seen as a difference by Argo CD. It is of whoever scales, and told as such;
/// but a workload without any replica is ready by its status, and does not run.
fn wrong_replicas(object: &Value, live: &Value) -> Option<String> {
    match (replicas(object), replicas(live).unwrap_or(1)) {
        (Some(wanted), found) if found != wanted => Some(format!("has {found} replicas, git says {wanted}")),
        (None, 0) => Some("has no replicas".to_owned()),
        _ => None,
    }
}

fn replicas(workload: &Value) -> Option<i64> {
    workload.pointer("/spec/replicas").and_then(Value::as_i64)
}

fn images(workload: &Value) -> BTreeMap<&str, &str> {
    items(workload, "/spec/template/spec/containers").map(|it| (str_at(it, "/name"), str_at(it, "/image"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_there_are_is_of_whoever_scales_where_git_is_silent() {
        let with = |replicas: Option<i64>| serde_json::json!({"spec": {"replicas": replicas}});
        assert_eq!(wrong_replicas(&with(None), &with(Some(3))), None);
        assert_eq!(wrong_replicas(&with(None), &with(Some(0))).as_deref(), Some("has no replicas"));
        assert_eq!(wrong_replicas(&with(Some(1)), &with(Some(3))).as_deref(), Some("has 3 replicas, git says 1"));
        assert_eq!(wrong_replicas(&with(Some(0)), &with(Some(0))), None);
    }

    #[test]
    fn an_item_fails_with_its_first_failure_and_the_count_of_the_rest() {
        let failing = item("x", "y", String::new(), vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!((failing.state, failing.detail.as_str()), (State::Fails, "a (and 1 more)"));
    }
}
