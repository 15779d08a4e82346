//! Every object tried by a dry run, as Argo CD will apply it: with force, under its name, with its mark.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};

use super::definitions::GroupKind;
use super::next::Next;
use crate::argo;
use crate::argocd::tracking_id;
use crate::engine::{self, Cluster, Effect, Fault, FaultKind, Preview};
use crate::gitops::Brought;
use crate::object::{ObjectRef, annotate};
use crate::report::Outcome;
use crate::upgrade::{Finding, Plan, refused, restart};

/// How many are tried at a time.
const AT_ONCE: usize = 8;
/// How long a webhook that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(20);

/// What came of one.
enum Trial {
    Well,
    Rolls(Finding),
    Refused(Finding),
    Unknown(String),
}

/// Tries all of them. What the API server cannot say yet, since the definition changes in the same commit, is told as not looked at.
pub async fn look(next: &Next, changing: &BTreeSet<GroupKind>, cluster: &Cluster, plan: &mut Plan) -> Outcome<()> {
    let tried = next.objects.iter().map(|it| try_one(it, cluster));
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

async fn try_one(brought: &Brought, cluster: &Cluster) -> Result<(ObjectRef, Trial), Fault> {
    let mut object = brought.object.clone();
    let mut name = ObjectRef::of(&object);
    if name.namespace.is_none() && !brought.namespace.is_empty() {
        match cluster.is_namespaced(&name).await {
            Ok(true) => {
                object["metadata"]["namespace"] = brought.namespace.clone().into();
                name = ObjectRef::of(&object);
            }
            Ok(false) => {}
            // A kind that comes along has no objects yet.
            Err(fault) if fault.kind == FaultKind::NotFound => return Ok((name, Trial::Well)),
            Err(fault) => return Err(fault),
        }
    }
    if !name.is_crd() {
        annotate(&mut object, argo::TRACKING_ID, tracking_id(&brought.application, &name));
    }
    let patient = cluster.patient_for(PATIENCE);
    let tried = match engine::preview(&patient, &object, argo::MANAGER, true).await {
        // Whoever is only busy is waited for as long as the step may.
        Err(fault) if fault.is_transient() && fault.kind != FaultKind::Webhook => {
            engine::preview(cluster, &object, argo::MANAGER, true).await
        }
        tried => tried,
    };
    let trial = match tried {
        Ok(Preview { effect, .. }) => judged(&name, &brought.application, &effect),
        Err(fault) if fault.kind == FaultKind::Webhook => {
            Trial::Refused(refused(&name, &brought.application, &fault.message))
        }
        Err(fault) if fault.kind == FaultKind::NotFound => Trial::Well,
        Err(fault) => return Err(fault),
    };
    Ok((name, trial))
}

fn judged(name: &ObjectRef, application: &str, effect: &Effect) -> Trial {
    match effect {
        Effect::Same | Effect::Create => Trial::Well,
        // It is we who may not, and not Argo CD.
        Effect::Refused(fault) if fault.kind == FaultKind::Forbidden && fault.message.contains(" cannot ") => {
            Trial::Unknown(fault.message.clone())
        }
        Effect::Refused(fault) => Trial::Refused(refused(name, application, &fault.message)),
        Effect::Change(states) => restart(name, &states.0, &states.1).map_or(Trial::Well, Trial::Rolls),
    }
}
