//! Who uses a version of a kind that is served no more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::next::Next;
use super::unread::{PATIENCE, or_told};
use crate::argocd::Applications;
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, items, name, str_at, strings};
use crate::publish::{self, Transition};
use crate::report::Outcome;
use crate::upgrade::{Plan, crds};
use crate::words::argo;

/// What names the version: files of this commit and those of other Applications, beads, and webhooks. What cannot be read is told
/// in the plan.
pub async fn users(
    (live, new): (&Value, &Value),
    version: &str,
    transition: &Transition<'_>,
    next: &Next,
    cluster: &Cluster,
    plan: &mut Plan,
) -> Outcome<Vec<String>> {
    let kind = crds::kind_in(live, version);
    let is_it = |it: &ObjectRef| it.is_kind_of(&kind) && it.version == version;
    let in_files = next.objects.iter().filter(|it| is_it(&ObjectRef::of(&it.object)));
    let mut users: BTreeSet<String> =
        in_files.map(|it| format!("{} of Application {}", ObjectRef::of(&it.object), it.application)).collect();
    let touched: BTreeSet<&str> = next.objects.iter().map(|it| it.application.as_str()).collect();
    let of = format!("who uses {}", kind.api_version());
    let others = in_other_applications(&kind, &touched, cluster).await;
    users.extend(or_told(others, format!("{of} in other Applications"), cluster, plan)?.unwrap_or_default());
    let api = format!("{}/{}", kind.api_version(), kind.kind);
    users.extend(transition.requiring(&api)?.into_iter().map(|bead| format!("bead {bead}, which requires {api}")));
    let webhooks = webhooks(live, new, version, cluster).await;
    users.extend(or_told(webhooks, format!("{of} among webhooks"), cluster, plan)?.unwrap_or_default());
    Ok(users.into_iter().collect())
}

/// What Applications that this commit leaves alone hold in the version.
async fn in_other_applications(
    kind: &ObjectRef,
    touched: &BTreeSet<&str>,
    cluster: &Cluster,
) -> Result<Vec<String>, Fault> {
    let mut users = Vec::new();
    for application in Applications::of(&cluster.patient_for(PATIENCE)).await?.iter() {
        if touched.contains(application.name()) {
            continue;
        }
        let held = items(&application.0, "/status/resources").filter(|it| {
            (str_at(it, "/group"), str_at(it, "/version"), str_at(it, "/kind"))
                == (&kind.group, &kind.version, &kind.kind)
        });
        users.extend(held.map(|it| {
            let namespace = str_at(it, "/namespace");
            let place = if namespace.is_empty() { String::new() } else { format!("{namespace}/") };
            format!("{} {place}{} of Application {}", kind.kind, str_at(it, "/name"), application.name())
        }));
    }
    Ok(users)
}

/// Webhooks that are asked about objects of this version alone: of other versions they would hear no more.
async fn webhooks(live: &Value, new: &Value, version: &str, cluster: &Cluster) -> Result<Vec<String>, Fault> {
    const KINDS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
    let (group, plural) = (str_at(live, "/spec/group"), str_at(live, "/spec/names/plural"));
    let stays: BTreeSet<&str> = crds::served(new).collect();
    let is_of_kind = |rule: &Value| {
        strings(rule, "/apiGroups").any(|it| it == group) && strings(rule, "/resources").any(|it| it == plural)
    };
    let goes_blind = |rule: &Value| {
        strings(rule, "/apiVersions").any(|it| it == version)
            && !strings(rule, "/apiVersions").any(|it| it == "*" || stays.contains(it))
    };
    let mut users = Vec::new();
    for kind in KINDS {
        let take = |live: Value| {
            let mut rules = items(&live, "/webhooks").flat_map(|it| items(it, "/rules"));
            rules.any(|rule| is_of_kind(rule) && goes_blind(rule)).then(|| format!("{kind} {}", name(&live)))
        };
        let all = ObjectRef::new("admissionregistration.k8s.io/v1", kind, None, "");
        users.extend(cluster.patient_for(PATIENCE).list_with(&all, take).await?);
    }
    Ok(users)
}

/// Live objects of which somebody manages fields by the version. What Argo CD manages and brings by another one in this very commit
/// is no use of it, and neither is the status, which a controller writes that is replaced along.
pub async fn managers(
    (live, new): (&Value, &Value),
    version: &str,
    next: &Next,
    cluster: &Cluster,
) -> Result<Vec<String>, Fault> {
    let stays = crds::served(new).find(|it| crds::served(live).any(|live| live == *it));
    let kind = crds::kind_in(live, stays.unwrap_or(version));
    let old = crds::kind_in(live, version).api_version();
    let take = |object: Value| {
        let name = ObjectRef { version: kind.version.clone(), ..of_list(&kind, &object) };
        let comes = next.objects.iter().any(|it| {
            let it = ObjectRef { namespace: namespace_of(it), ..ObjectRef::of(&it.object) };
            it.is_kind_of(&name) && it.name == name.name && (name.namespace.is_none() || it.namespace == name.namespace)
        });
        let is_user = |entry: &&Value| {
            str_at(entry, "/apiVersion") == old
                && str_at(entry, "/subresource").is_empty()
                && !(comes && str_at(entry, "/manager") == argo::MANAGER)
        };
        let manager = items(&object, "/metadata/managedFields").find(is_user)?;
        Some(format!("{name} (written by {})", str_at(manager, "/manager")))
    };
    cluster.patient_for(PATIENCE).list_metadata_with(&kind, take).await
}

/// The object of a list, whose kind the list says.
fn of_list(kind: &ObjectRef, object: &Value) -> ObjectRef {
    ObjectRef { name: name(object).to_owned(), namespace: ObjectRef::of(object).namespace, ..kind.clone() }
}

fn namespace_of(brought: &publish::DeployedObject) -> Option<String> {
    ObjectRef::of(&brought.object).namespace.or_else(|| Some(brought.namespace.clone()))
}
