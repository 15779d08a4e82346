//! The definitions that are live beside those that come, and the objects of these kinds.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::next::{NewDefinition, Next};
use super::unread::{PATIENCE, or_told};
use super::versions_in_use::{managers, users};
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, name, str_at};
use crate::publish::Transition;
use crate::report::Outcome;
use crate::upgrade::{Finding, Plan, Weight, crds, pruned};

/// How many definitions are looked at at a time, each with all its objects, page by page.
const AT_ONCE: usize = 4;
/// How many objects of a kind are named that lose a field.
const NAMED: usize = 20;

/// A kind, by its group and name.
pub type GroupKind = (String, String);

/// Compares every definition that comes with the live one, and looks at the objects where something goes. Answers the kinds whose
/// definition changes.
pub async fn look(
    transition: &Transition<'_>,
    next: &Next,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Outcome<BTreeSet<GroupKind>> {
    let looks = next.definitions.iter().map(|new| of_one(new, transition, next, cluster));
    let looks: Vec<(Plan, bool)> = futures::stream::iter(looks).buffered(AT_ONCE).try_collect().await?;
    let mut changing = BTreeSet::new();
    for (new, (found, changes)) in next.definitions.iter().zip(looks) {
        plan.add(found);
        if changes {
            let of = |at: &str| str_at(&new.crd, at).to_owned();
            changing.insert((of("/spec/group"), of("/spec/names/kind")));
        }
    }
    Ok(changing)
}

async fn of_one(
    new: &NewDefinition,
    transition: &Transition<'_>,
    next: &Next,
    cluster: &Cluster,
) -> Outcome<(Plan, bool)> {
    let mut plan = Plan::default();
    let definition = ObjectRef::crd(name(&new.crd));
    let live = cluster.patient_for(PATIENCE).get(&definition).await;
    let live = or_told(live, format!("what {definition} is today"), cluster, &mut plan)?;
    let Some(live) = live.flatten() else { return Ok((plan, true)) };
    let crd = as_live(new, &live);
    plan.findings.extend(crds::compare(&live, &crd));
    plan.migrations.extend(crds::migration(&live, &crd));
    for version in crds::versions_that_go(&live, &crd) {
        let users = users((&live, &crd), version, transition, next, cluster, &mut plan).await?;
        plan.findings.extend(crds::used_versions(&live, version, &users));
        let owned = managers((&live, &crd), version, next, cluster).await;
        let owned = or_told(owned, format!("who owns fields in {version} of {definition}"), cluster, &mut plan)?;
        plan.findings.extend(crds::owned_in_version(&live, version, &owned.unwrap_or_default()));
    }
    if new.has_schema {
        fields((&live, &crd), transition, cluster, &mut plan).await?;
    }
    Ok((plan, crds::versions_differ(&live, &crd)))
}

/// What Crossplane makes of an XRD has a scope of its own, which only Crossplane knows.
fn as_live(new: &NewDefinition, live: &Value) -> Value {
    let mut crd = new.crd.clone();
    if new.is_made {
        crd["spec"]["scope"] = live["spec"]["scope"].clone();
        crd["spec"]["conversion"] = live["spec"]["conversion"].clone();
    }
    crd
}

/// Walks the objects of a kind where the new schema lacks a field.
async fn fields(
    (live, new): (&Value, &Value),
    transition: &Transition<'_>,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Result<(), Fault> {
    let definition = format!("CustomResourceDefinition {}", name(live));
    let Some(version) = pruned::common_version(live, new) else {
        plan.not_looked_at.push(format!("which fields objects of {definition} lose: no version is in both"));
        return Ok(());
    };
    let (Some(old), Some(to_come)) = (pruned::schema(live, version), pruned::schema(new, version)) else {
        return Ok(());
    };
    if !pruned::lacks_fields(old, to_come) {
        return Ok(());
    }
    let take = |object: Value| {
        let lost = pruned::lost(&object, old, to_come);
        (!lost.is_empty()).then(|| (ObjectRef::of(&object), lost))
    };
    let losing = cluster.patient_for(PATIENCE).list_with(&crds::kind_in(live, version), take).await;
    let of = format!("which fields objects of {definition} lose");
    let Some(losing) = or_told(losing, of, cluster, plan)? else { return Ok(()) };
    let (mut of_git, mut of_others) = (Vec::new(), Vec::new());
    let in_files = transition.of_kind(&crds::kind_in(live, version));
    for (object, lost) in losing {
        let is_it = |(it, _): &&(ObjectRef, Value)| {
            it.name == object.name && (object.namespace.is_none() || it.namespace == object.namespace)
        };
        let [before, after] = in_files
            .each_ref()
            .map(|all| all.iter().find(is_it).map(|(_, form)| pruned::lost(form, old, to_come)).unwrap_or_default());
        let (let_go, rest) = pruned::let_go(lost, &before, &after);
        of_git.extend(Some((object.clone(), let_go)).filter(|it| !it.1.is_empty()));
        of_others.extend(Some((object, rest)).filter(|it| !it.1.is_empty()));
    }
    let name = name(live);
    plan.findings.extend(told(&definition, Weight::Warns, of_git, |lost| {
        let says = format!("the new definition ({name}) lacks {lost}, and so does git from this commit on: it goes");
        (says, "nothing has to be done")
    }));
    plan.findings.extend(told(&definition, Weight::Stops, of_others, |lost| {
        let says = format!("the new definition ({name}) lacks {lost}: what stands there is lost");
        (
            says,
            "keep a copy, and bring the object to what the new definition knows, first; in git where git has the field",
        )
    }));
    Ok(())
}

/// A finding for each of the first of these objects with what it loses, and one for all others.
fn told(
    definition: &str,
    weight: Weight,
    losing: Vec<(ObjectRef, Vec<String>)>,
    say: impl Fn(&str) -> (String, &'static str),
) -> Vec<Finding> {
    let more = losing.len().saturating_sub(NAMED);
    let one = |(object, lost): (ObjectRef, Vec<String>)| {
        let (says, remedy) = say(&lost.join(", "));
        Finding::new("fields-pruned", weight, object.to_string(), says).remedy(remedy)
    };
    let mut found: Vec<Finding> = losing.into_iter().take(NAMED).map(one).collect();
    if more > 0 {
        let says = format!("{more} more of its objects have fields that the new definition lacks");
        found.push(Finding::new("fields-pruned", weight, definition, says));
    }
    found
}
