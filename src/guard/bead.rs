//! What the removal of a bead would delete, orphan or break that nobody named.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::brought::Brought;
use super::hanging::{Hanging, data_with};
use super::made::is_made;
use super::ordered::{Ordered, is_same};
use super::outside::{ExternalResources, is_its};
use super::with_family::Family;
use crate::argocd::{Application, Applications, tracker};
use crate::document::{Bead, CloudResources};
use crate::engine::{Cluster, Fault, Trial, identify};
use crate::object::{Identity, ObjectRef};
use crate::report::{Failure, Outcome};
use crate::words::argo;
use crate::words::bead::is_of;
use crate::words::crossplane::PAUSED;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// A list of denials longer than this is cut: one policy can deny everything.
const MOST_DENIALS: usize = 10;

/// What the removal of a bead takes away, beyond its files.
#[derive(Debug)]
pub struct BeadRemoval {
    /// Its Applications that exist.
    pub applications: Vec<Application>,
    /// What Crossplane made through it.
    pub outside: ExternalResources,
    /// The XRDs and CRDs that its packages brought, which go with them.
    pub definitions: Vec<Identity>,
    /// The CRDs of its application, which Argo CD never deletes.
    pub staying: Vec<ObjectRef>,
    /// The objects of which nobody could ask whether a policy lets them go.
    pub untried: Vec<ObjectRef>,
    /// What depends on it, a line each.
    pub dependent: Vec<String>,
    /// What would be lost with it unless somebody names it.
    pub lost: Vec<Hanging>,
}

/// Looks at everything on the cluster that the removal of this bead would touch. What `allowed` names depends on it no more.
pub async fn plan_bead_removal(
    cluster: &Cluster,
    bead: &Bead,
    others: &[&Bead],
    allowed: CloudResources,
) -> Outcome<BeadRemoval> {
    let all = Applications::of(cluster).await?;
    let sets = cluster.list(&argo::every(argo::APPLICATION_SET)).await?;
    let applications = all.of_bead(&bead.application_name());
    let family = Family::of(&applications, &all, &sets);
    let ordered = Ordered::of(&all);
    drop(all); // there may be thousands
    let brought = Brought::of(cluster, &applications).await?;
    let outside = ExternalResources::of(cluster, bead, &brought).await?;

    let mut dependent: Vec<String> = dependants(bead, others).collect();
    let mut going = Vec::new();
    if allowed == CloudResources::Refuse {
        let lost = "Crossplane would delete what is behind it, or nobody could any more";
        dependent.extend(outside.iter().map(|it| match ordered.place_of(&it.object) {
            Some(source) => format!("{it}: {lost}; its file is in {source}"),
            None => format!("{it}: {lost}"),
        }));
    } else {
        let anew = "a composite resource of others would make it anew";
        dependent.extend(outside.of_others.iter().map(|object| format!("{object}: {anew}")));
        going.extend(outside.iter().cloned());
    }
    if allowed == CloudResources::Delete {
        let will = format!("somebody has paused it, so Crossplane would not delete it: take {PAUSED} away first");
        dependent.extend(outside.paused.iter().map(|object| format!("{object}: {will}")));
    }
    dependent.extend(still_ordered(bead, &brought, &outside, &ordered, allowed));
    dependent.extend(held_by(cluster, bead, &brought).await?);
    going.extend(identify(cluster, &brought.objects).await?);
    let Trials { denied, untried } = trials(cluster, &going).await?;
    dependent.extend(denied);
    let lost = data_with(cluster, &family).await?;
    let (definitions, staying) = (brought.definitions, brought.own_crds);
    Ok(BeadRemoval { applications, outside, definitions, staying, untried, dependent, lost })
}

impl BeadRemoval {
    /// Refuses when anything stands in the way, with the whole list: what depends on the bead, and what would be lost that
    /// nobody has named, with what to do about it.
    pub fn or_refuse(self, bead: &Bead, unnamed: &[Hanging], remedy: String) -> Outcome<Self> {
        let mut hints = Vec::new();
        if !self.dependent.is_empty() {
            hints.push(about_dependent(bead).to_owned());
        }
        if !unnamed.is_empty() {
            hints.push(remedy);
        }
        if hints.is_empty() {
            return Ok(self);
        }
        let (name, count) = (&bead.metadata.name, self.dependent.len() + unnamed.len());
        let things = if count == 1 { "one thing stands" } else { &format!("{count} things stand") };
        Err(Failure::refused(format!("{things} in the way of the removal of bead {name}; nothing was removed"))
            .details(self.dependent.into_iter().chain(Hanging::lines(unnamed)))
            .hint(hints.join("; ")))
    }
}

fn about_dependent(bead: &Bead) -> &'static str {
    match bead.spec.uninstall.cloud_resources {
        CloudResources::Refuse => {
            "delete them first, or move them elsewhere, then run again; what has a file in the claims repository comes back \
             as long as it has"
        }
        _ => {
            "delete them first, then run again; of claims, composite and managed resources `cloudResources` of the step \
             can say what becomes, and what has a file in the claims repository comes back as long as it has"
        }
    }
}

/// The beads that need this one.
fn dependants<'b>(bead: &'b Bead, others: &'b [&Bead]) -> impl Iterator<Item = String> + 'b {
    let needs = |other: &&&Bead| other.needs(&bead.metadata.name);
    let say = |other: &&Bead| format!("bead {} depends on it: remove that one first", other.metadata.name);
    others.iter().filter(needs).map(say)
}

/// What is ordered of the kinds of the bead and not told of as what is there: Argo CD would make it, or make it anew.
fn still_ordered(
    bead: &Bead,
    brought: &Brought,
    outside: &ExternalResources,
    ordered: &Ordered,
    allowed: CloudResources,
) -> Vec<String> {
    let is_there = |object: &ObjectRef| outside.iter().any(|it| is_same(&it.object, object));
    let untold = |it: &&ObjectRef| allowed != CloudResources::Refuse || !is_there(it);
    let its = ordered.objects.iter().filter(|it| is_its(it, bead, brought)).filter(untold);
    let say = |it: &ObjectRef| {
        let makes = if is_there(it) { "would make it anew" } else { "is about to make it" };
        let source = ordered.place_of(it).unwrap_or_default();
        format!("{it}: Argo CD {makes}: its file is in {source}")
    };
    its.map(say).collect()
}

/// Objects of other people whose kind the bead's application brings, or whose kind its document names.
async fn held_by(cluster: &Cluster, bead: &Bead, brought: &Brought) -> Result<Vec<String>, Fault> {
    let named = bead.spec.uninstall.held_by.iter().map(|kind| ObjectRef::of_kind(kind));
    let chart = bead.spec.application.chart.iter().flat_map(|chart| [&chart.locked, &chart.name]).flatten();
    let makers: BTreeSet<&str> = chart.chain([&bead.metadata.name]).map(String::as_str).collect();
    let mut held = BTreeSet::new();
    for kind in brought.own_kinds.iter().cloned().chain(named) {
        for live in cluster.list_metadata(&kind).await? {
            if !is_its_own(&live, bead) && !is_made(&live, &makers, &brought.own_kinds) {
                held.insert(format!("{}: its kind belongs to the bead", ObjectRef::of(&live)));
            }
        }
    }
    Ok(held.into_iter().collect())
}

fn is_its_own(live: &Value, bead: &Bead) -> bool {
    tracker(live).is_some_and(|it| is_of(it, &bead.metadata.name))
}

/// What came of trying the deletion of some objects.
struct Trials {
    /// Those that a policy does not let go, a line each.
    denied: Vec<String>,
    /// Those that could not be tried.
    untried: Vec<ObjectRef>,
}

/// Tries the deletion of these objects, CRDs aside: Argo CD never deletes them.
async fn trials(cluster: &Cluster, objects: &[Identity]) -> Result<Trials, Fault> {
    let tried = objects.iter().filter(|it| !it.object.is_crd()).cloned().map(|it| async move {
        let trial = cluster.try_deletion(&it).await?;
        Ok::<_, Fault>((it.object, trial))
    });
    let answers: Vec<(ObjectRef, Trial)> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    let mut trials = Trials { denied: Vec::new(), untried: Vec::new() };
    for (object, trial) in answers {
        match trial {
            Trial::Allowed => {}
            Trial::Denied(why) => trials.denied.push(format!("{object}: its deletion is denied: {why}")),
            Trial::NotTried => trials.untried.push(object),
        }
    }
    let more = trials.denied.len().saturating_sub(MOST_DENIALS);
    trials.denied.truncate(MOST_DENIALS);
    if more > 0 {
        trials.denied.push(format!("and {more} more whose deletion is denied"));
    }
    Ok(trials)
}
