//! Every object tried by a dry run, as Argo CD will apply it: with force, under its name, with its mark.
//!
//! Argo CD compares by the same dry run (since 3.6 also where nothing asks for it), and one object of an Application that is
//! refused there fails the comparison of all: the Application is `Unknown`, and nothing of it is synced, healed or pruned any more
//! (argo-cd 3.6.1 `controller/state.go`). So it is tried before the commit.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::definitions::GroupKind;
use super::next::Next;
use super::unread::{PATIENCE, is_unseen};
use crate::argocd::tracking_id;
use crate::engine::{self, Account, Cluster, Denial, Effect, Fault, FaultKind, Preview, Previews};
use crate::object::{ObjectRef, annotate, str_at};
use crate::publish::DeployedObject;
use crate::report::Outcome;
use crate::upgrade::{Finding, Plan, denied_to_us, refused, refused_anew, restart};
use crate::words::argo;

/// How many are tried at a time, well below the some 49 requests that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// As whom Argo CD applies.
const ARGO_CD: Account = Account { user: argo::SYNCS_AS, groups: argo::GROUPS };

/// What came of one.
enum Trial {
    Well,
    Rolls(Finding),
    Refused(Finding),
    Unknown(String),
}

/// Tries all of them. What the API server cannot say yet, since the definition changes in the same commit, is told as not looked at.
pub async fn look(next: &Next, changing: &BTreeSet<GroupKind>, cluster: &Cluster, plan: &mut Plan) -> Outcome<()> {
    let previews = Previews::on(cluster);
    let tried = next.objects.iter().map(|it| try_one(it, cluster, &previews));
    let tried: Vec<(ObjectRef, Trial)> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    // What was found of an object already says more than the server's answer.
    let is_told: BTreeSet<String> =
        plan.in_the_way(false).into_iter().filter_map(|finding| finding.object.clone()).collect();
    for (name, trial) in tried {
        match trial {
            Trial::Refused(_) if is_told.contains(&name.to_string()) => {}
            Trial::Refused(finding) if changing.contains(&(name.group.clone(), name.kind.clone())) => {
                let why = format!("whether {name} is taken: its definition changes with it (today: {})", finding.says);
                plan.not_looked_at.push(why);
            }
            Trial::Refused(finding) | Trial::Rolls(finding) => plan.findings.push(finding),
            Trial::Unknown(why) => plan.not_looked_at.push(format!("whether {name} is taken: {why}")),
            Trial::Well => {}
        }
    }
    Ok(())
}

async fn try_one(
    brought: &DeployedObject,
    cluster: &Cluster,
    previews: &Previews<'_>,
) -> Result<(ObjectRef, Trial), Fault> {
    let mut object = brought.object.clone();
    let mut name = ObjectRef::of(&object);
    if name.name.is_empty() {
        name.name = format!("{}…", str_at(&object, "/metadata/generateName"));
        return Ok((name, Trial::Unknown("its name is made when it is".to_owned())));
    }
    if name.namespace.is_none() && !brought.namespace.is_empty() {
        match cluster.patient_for(PATIENCE).is_namespaced(&name).await {
            Ok(true) => {
                object["metadata"]["namespace"] = brought.namespace.clone().into();
                name = ObjectRef::of(&object);
            }
            Ok(false) => {}
            // A kind that comes along has no objects yet.
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok((name, Trial::Well)),
            Err(fault) if is_unseen(&fault, cluster) => return Ok((name, Trial::Unknown(fault.to_string()))),
            Err(fault) => return Err(fault),
        }
    }
    if !name.is_crd() {
        annotate(&mut object, argo::TRACKING_ID, tracking_id(&brought.application, &name));
    }
    let patient = previews.patient();
    let application = &brought.application;
    let trial = match previews.of(&object, argo::MANAGER, true).await {
        Ok(Preview { effect: Effect::Refused(fault), is_live: true, .. }) if is_denial(&fault) => {
            as_argocd(&patient, &object, application, &fault.message).await
        }
        Ok(preview) => judged(&name, application, &preview),
        Err(fault) if fault.kind == FaultKind::Webhook => match patient.metadata(&name).await {
            Ok(None) => Trial::Refused(refused_anew(&name, application, &fault.message)),
            _ => Trial::Refused(refused(&name, application, &fault.message)),
        },
        Err(fault) if fault.kind == FaultKind::NotFound => Trial::Well,
        Err(fault) if is_unseen(&fault, cluster) => Trial::Unknown(format!("its dry run: {}", fault.message)),
        Err(fault) => return Err(in_time(fault, cluster)),
    };
    Ok((name, trial))
}

/// What may have gone away is a matter of the deadline.
fn in_time(fault: Fault, cluster: &Cluster) -> Fault {
    let tried = fault.tried.or_else(|| fault.is_transient().then(|| cluster.deadline().total()));
    Fault { tried, ..fault }
}

/// A policy may go by who asks: what it denies to the user is tried once more in the name of Argo CD, where the user may do that.
async fn as_argocd(cluster: &Cluster, object: &Value, application: &str, denial: &str) -> Trial {
    let name = ObjectRef::of(object);
    match engine::preview(&cluster.asked_as(&ARGO_CD), object, argo::MANAGER, true).await {
        Ok(Preview { effect: Effect::Refused(fault), .. }) if !is_of_rights(&fault.message) => {
            Trial::Refused(refused(&name, application, &fault.message))
        }
        Ok(preview) if !matches!(preview.effect, Effect::Refused(_)) => judged(&name, application, &preview),
        _ => Trial::Refused(denied_to_us(&name, application, denial)),
    }
}

fn judged(name: &ObjectRef, application: &str, preview: &Preview) -> Trial {
    match &preview.effect {
        Effect::Same | Effect::Create => Trial::Well,
        // It is we who may not, and not Argo CD.
        Effect::Refused(fault) if fault.kind == FaultKind::Forbidden && is_of_rights(&fault.message) => {
            Trial::Unknown(fault.message.clone())
        }
        Effect::Refused(fault) if preview.is_live => Trial::Refused(refused(name, application, &fault.message)),
        Effect::Refused(fault) => Trial::Refused(refused_anew(name, application, &fault.message)),
        Effect::Change(states) => restart(name, &states.0, &states.1).map_or(Trial::Well, Trial::Rolls),
    }
}

/// Whether somebody denies it who may go by the account.
fn is_denial(fault: &Fault) -> bool {
    matches!(Denial::of(&fault.message), Some(Denial::Webhook { .. } | Denial::Policy { .. }))
}

/// Whether it is the API server that says what the user may not, and no policy in such words.
fn is_of_rights(message: &str) -> bool {
    let is_of_policy = message.contains("admission webhook") || message.contains("denied request");
    let words = message.contains("User \"") && message.contains(" cannot ");
    !is_of_policy && (words || message.contains("attempting to grant"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upgrade::Weight;

    #[test]
    fn what_the_user_may_not_is_no_word_of_a_policy() {
        for (message, is_it) in [
            ("deployments.apps \"a\" is forbidden: User \"x\" cannot patch resource \"deployments\"", true),
            ("roles \"a\" is forbidden: user \"x\" is attempting to grant RBAC permissions not currently held", true),
            ("admission webhook \"w\" denied the request: you cannot use :latest", false),
            ("admission webhook \"w\" denied the request: User \"x\" cannot do this", false),
            ("ValidatingAdmissionPolicy 'p' with binding 'b' denied request: User \"x\" cannot", false),
            ("pods \"a\" is forbidden: you cannot use more", false),
        ] {
            assert_eq!(is_of_rights(message), is_it, "{message}");
        }
    }

    #[test]
    fn a_refusal_stops_where_something_is_there_to_be_compared() {
        let name = ObjectRef::new("v1", "ConfigMap", Some("a"), "b");
        let weight = |kind: FaultKind, message: &str, is_live: bool| {
            let effect = Effect::Refused(Fault::new(kind, "try", message));
            match judged(&name, "root", &Preview { effect, is_live, foreign: Vec::new() }) {
                Trial::Refused(finding) => Some(finding.weight),
                _ => None,
            }
        };
        assert_eq!(weight(FaultKind::Invalid, "field is immutable", true), Some(Weight::Stops));
        assert_eq!(weight(FaultKind::Invalid, "spec.x: Required value", false), Some(Weight::Warns));
        assert_eq!(weight(FaultKind::Forbidden, "User \"x\" cannot patch", true), None);
    }
}
