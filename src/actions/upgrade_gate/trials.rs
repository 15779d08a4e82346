//! Every object tried by a dry run, as Argo CD will apply it: with force, under its name, with its mark.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};

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
    Found(Finding),
    Unknown(String),
}

/// Tries all of them. What the API server cannot say yet, since the definition changes in the same commit, is told as not looked at.
pub async fn look(next: &Next, cluster: &Cluster, plan: &mut Plan) -> Outcome<()> {
    let defined = next.defined();
    let cluster = cluster.patient_for(PATIENCE.min(cluster.deadline().left()));
    let stopped: BTreeSet<String> = plan
        .findings
        .iter()
        .filter(|it| it.weight <= crate::upgrade::Weight::Migrates)
        .filter_map(|it| it.object.clone())
        .collect();
    let tried = next.objects.iter().map(|it| try_one(it, &cluster));
    let tried: Vec<(ObjectRef, Trial)> = futures::stream::iter(tried).buffered(AT_ONCE).try_collect().await?;
    for (name, trial) in tried {
        match trial {
            Trial::Well => {}
            // What was found of it already says more than the server's answer.
            Trial::Found(finding) if stopped.contains(&name.to_string()) && finding.code == "refused-by-server" => {}
            Trial::Found(finding)
                if defined.contains(&(name.group.clone(), name.kind.clone()))
                    && finding.code == "refused-by-server" =>
            {
                plan.not_looked_at
                    .push(format!("whether {name} is taken: its definition changes with it ({})", finding.says));
            }
            Trial::Found(finding) => plan.findings.push(finding),
            Trial::Unknown(why) => plan.not_looked_at.push(format!("whether {name} is taken: {why}")),
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
    let trial = match engine::preview(cluster, &object, argo::MANAGER, true).await {
        Ok(Preview { effect, .. }) => judged(&name, &brought.application, &effect),
        Err(fault) if fault.kind == FaultKind::Webhook => {
            Trial::Found(refused(&name, &brought.application, &fault.message))
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
        Effect::Refused(fault) => Trial::Found(refused(name, application, &fault.message)),
        Effect::Change(states) => restart(name, &states.0, &states.1).map_or(Trial::Well, Trial::Found),
    }
}
