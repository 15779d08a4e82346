//! Applying the objects of the proven commit as Argo CD would. A field that others have set is taken only where that commit
//! holds it, and told.

use std::time::Duration;

use serde_json::Value;

use super::denied;
use crate::argocd::{application_of, tracking_id};
use crate::engine::{self, Cluster, Fault, FaultKind, MANAGER, REQUEST_MANAGER, Walked};
use crate::object::{ObjectRef, annotate};
use crate::report::{Console, Outcome, counted};
use crate::words::argo;

/// How long the API server may take to serve a definition that was applied a moment ago: with several of them it is established
/// after five seconds, and not on all at once.
const DEFINITION: Duration = Duration::from_secs(30);
/// How long one object may take: a request and a little more. A webhook that does not answer is not waited for.
const ONE: Duration = Duration::from_secs(45);
/// How the API server says that a definition lacks a field.
const LACKS_A_FIELD: [&str; 2] = ["field not declared in schema", "unknown field"];

/// As whom objects are applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// As Argo CD: what it has applied and the proven commit does not hold goes.
    ArgoCd,
    /// As an installation: only what is given is written.
    Bootstrap,
}

impl By {
    /// The field manager.
    pub fn manager(self) -> &'static str {
        match self {
            Self::ArgoCd => argo::MANAGER,
            Self::Bootstrap => MANAGER,
        }
    }

    /// The object as it is sent.
    pub fn sends(self, object: &Value) -> Value {
        let mut sent = object.clone();
        let name = ObjectRef::of(object);
        // CRDs get none (argo-cd `reposerver/repository/repository.go`).
        if self == Self::ArgoCd && !name.is_crd() {
            annotate(&mut sent, argo::TRACKING_ID, tracking_id(application_of(&name), &name));
        }
        sent
    }
}

/// What was applied.
#[derive(Debug, Default)]
pub struct Applied {
    count: usize,
    /// The fields that were taken from others, a line for each object.
    pub taken: Vec<String>,
}

impl Applied {
    /// Says what was applied, and what was taken from whom.
    pub fn tell(&self, console: &Console) {
        console.done("apply", format!("{} of the proven commit", counted(self.count, "object")));
        for line in &self.taken {
            console.done("taken", line);
        }
    }
}

/// Applies all of them, what others need first. All are tried whose needs are met; then what stands in the way is told.
pub async fn apply(cluster: &Cluster, objects: &[Value], by: By) -> Outcome<Applied> {
    let cluster = &cluster.patient_for(ONE.max(DEFINITION) * 4);
    let all: Vec<&Value> = objects.iter().collect();
    let Walked { done, faults, not_tried } =
        engine::walk(&all, async |object| apply_one(cluster, object, by).await).await?;
    if !faults.is_empty() {
        return Err(denied::failure(cluster, &faults).await.details(not_tried));
    }
    Ok(Applied { count: done.len(), taken: done.into_iter().flatten().collect() })
}

/// Applies one, and says what was taken from others. What we hold ourselves, to keep Argo CD still, is nobody else's.
async fn apply_one(cluster: &Cluster, object: &Value, by: By) -> Result<Option<String>, Fault> {
    let (object, manager) = (by.sends(object), by.manager());
    let cluster = cluster.patient_for(ONE);
    let patience = cluster.deadline().at_most(DEFINITION);
    loop {
        match cluster.apply(&object, manager).await {
            Err(fault) if fault.kind == FaultKind::Owned => {
                cluster.apply_by_force(&object, manager).await?;
                let taken = format!("{}: {}", ObjectRef::of(&object), fault.message);
                return Ok(Some(taken).filter(|_| is_of_others(&fault.message)));
            }
            Err(fault) if is_early(&fault) && !patience.passed() => patience.pause(Duration::from_millis(250)).await,
            answer => return answer.map(|_| None),
        }
    }
}

/// Whether a conflict names anybody but ourselves and Argo CD.
fn is_of_others(conflict: &str) -> bool {
    let named = conflict.split(" with \"").skip(1);
    let mut owners = named.filter_map(|rest| rest.split_once('"')).map(|(owner, _)| owner).peekable();
    owners.peek().is_none() || owners.any(|owner| ![REQUEST_MANAGER, MANAGER, argo::MANAGER].contains(&owner))
}

/// Whether the API server may not serve yet what was defined a moment ago.
pub fn is_early(fault: &Fault) -> bool {
    let lacks = fault.kind == FaultKind::Invalid && LACKS_A_FIELD.iter().any(|words| fault.message.contains(words));
    lacks || fault.kind == FaultKind::NotFound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_others_hold_is_told_as_taken() {
        for (conflict, of_others) in [
            ("Apply failed with 1 conflict: conflict with \"backstack-request\" using apps/v1: .spec.replicas", false),
            ("Apply failed with 1 conflict: conflict with \"kubectl-edit\" using v1: .data.url", true),
            (
                "Apply failed with 2 conflicts: conflicts with \"backstack-request\" using v1: - .a conflicts with \"helm\" \
                 using v1: - .b",
                true,
            ),
            ("Apply failed with 1 conflict: conflict with \"argocd-controller\": .spec.ingress", false),
            ("Apply failed with 2 conflicts", true),
        ] {
            assert_eq!(is_of_others(conflict), of_others, "{conflict}");
        }
    }
}
