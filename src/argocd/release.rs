//! The release: what the bootstrap owned becomes Argo CD's.

use futures::StreamExt as _;
use serde_json::Value;

use crate::engine::ownership::{self, argocd_owns};
use crate::engine::{Cluster, Fault, FaultKind};
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/apply.rs`).
const AT_ONCE: usize = 8;
/// The controller writes an Application's status all the time, so the rewrite races with it: the CRD has no subresource for
/// the status, and each write of it is another version of the whole object.
const TRIES: usize = 20;

/// What [`release`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    /// Objects whose `managedFields` were rewritten.
    pub rewritten: usize,
    /// Objects that had nothing to release.
    pub untouched: usize,
}

impl std::ops::AddAssign for Released {
    fn add_assign(&mut self, other: Self) {
        self.rewritten += other.rewritten;
        self.untouched += other.untouched;
    }
}

/// Whether something of the object is still ours.
pub async fn is_unreleased(cluster: &Cluster, object: &ObjectRef) -> Result<bool, Fault> {
    Ok(cluster.metadata(object).await?.is_some_and(|live| ownership::is_unreleased(&live)))
}

/// Hands the fields that the bootstrap owns of these objects to Argo CD; what people own stays theirs. Only objects that Argo CD has applied are touched; one that it
/// has not is an error that names it. One read and, where there is something to release, one write an object.
pub async fn release(cluster: &Cluster, objects: &[ObjectRef]) -> Outcome<Released> {
    let answers: Vec<Outcome<bool>> = futures::stream::iter(objects)
        .map(|object| release_one(cluster, object))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut done = Released::default();
    for rewritten in answers {
        if rewritten? {
            done.rewritten += 1;
        } else {
            done.untouched += 1;
        }
    }
    Ok(done)
}

async fn release_one(cluster: &Cluster, object: &ObjectRef) -> Outcome<bool> {
    for _ in 0..TRIES {
        // The order is the promise: first Argo CD has applied, then what is ours goes. What is given up before, the API server
        // takes out of the object, with no error: a Deployment is left without containers, a Secret without data.
        let Some(live) = cluster.metadata(object).await? else {
            return Err(Failure::failed(format!("{object} is gone in the middle of the handover")));
        };
        if ownership::is_unreleased(&live) && !argocd_owns(&live) {
            return Err(not_applied(object, &live));
        }
        let Some(managed_fields) = ownership::released(&live) else { return Ok(false) };
        match cluster.json_patch(object, &ownership::rewrite(&live, &managed_fields)).await {
            Ok(_) => return Ok(true),
            Err(fault) if fault.kind == FaultKind::Changed => {} // a race: read again
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Failure::failed(format!("{object} is written too often to release it")).hint("run again: the work resumes"))
}

fn not_applied(object: &ObjectRef, live: &Value) -> Failure {
    let managers: Vec<&str> = ownership::entries(live).iter().filter_map(|it| it.get("manager")?.as_str()).collect();
    Failure::failed(format!("{object} is synced, but Argo CD has not applied it; it stays ours"))
        .details([format!("field managers: {}", managers.join(", "))])
        .hint("the Application must use ServerSideApply=true and hold this object; mend it in git and run again")
}
