//! The definitions that are live beside those that come, and the objects of these kinds.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::next::{NewDefinition, Next};
use super::unread::{PATIENCE, or_told};
use super::versions_in_use::{managers, users};
use crate::engine::{Cluster, Fault};
use crate::gitops::Transition;
use crate::object::{ObjectRef, name, str_at};
use crate::report::Outcome;
use crate::upgrade::{Finding, Plan, Weight, crds, pruned};

/// How many definitions are looked at at a time.
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
        fields(&live, &crd, cluster, &mut plan).await?;
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
async fn fields(live: &Value, new: &Value, cluster: &Cluster, plan: &mut Plan) -> Result<(), Fault> {
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
        (!lost.is_empty()).then(|| (ObjectRef::of(&object).to_string(), lost))
    };
    let losing = cluster.patient_for(PATIENCE).list_with(&crds::kind_in(live, version), take).await;
    let of = format!("which fields objects of {definition} lose");
    let Some(losing) = or_told(losing, of, cluster, plan)? else { return Ok(()) };
    let more = losing.len().saturating_sub(NAMED);
    plan.findings.extend(losing.into_iter().take(NAMED).map(|(object, lost)| {
        let says = format!("the new definition ({}) lacks {}: what stands there is lost", name(live), lost.join(", "));
        Finding::new("fields-pruned", Weight::Stops, object, says)
            .remedy("keep a copy, and bring the object to what the new definition knows, first")
    }));
    if more > 0 {
        let says = format!("{more} more of its objects have fields that the new definition lacks");
        plan.findings.push(Finding::new("fields-pruned", Weight::Stops, definition, says));
    }
    Ok(())
}
