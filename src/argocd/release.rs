//! The release: what the bootstrap owned becomes Argo CD's.

use futures::StreamExt as _;
use serde_json::Value;

use crate::engine::ownership::{self, argocd_owns};
use crate::engine::{Cluster, FaultKind};
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
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

/// Hands the fields that the bootstrap owns of these objects to Argo CD; what people own stays theirs. Only objects that Argo CD has
/// applied are touched; one that it has not is an error that names it. Each is given as it was read: where there is something to
/// release, one write an object, which meets what was read or is tried anew.
pub async fn release<'l>(
    cluster: &Cluster,
    objects: impl IntoIterator<Item = (&'l ObjectRef, &'l Option<Value>)>,
) -> Outcome<Released> {
    let answers: Vec<Outcome<bool>> = futures::stream::iter(objects)
        .map(|(object, live)| release_one(cluster, object, live.clone()))
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

async fn release_one(cluster: &Cluster, object: &ObjectRef, mut live: Option<Value>) -> Outcome<bool> {
    let mut was_sent = false;
    for _ in 0..TRIES {
        // The order is the promise: first Argo CD has applied, then what is ours goes. What is given up before, the API server
        // takes out of the object, with no error: a Deployment is left without containers, a Secret without data.
        let Some(read) = live else {
            return Err(Failure::failed(format!("{object} is gone in the middle of the handover")));
        };
        if ownership::is_unreleased(&read) && !argocd_owns(&read) {
            return Err(not_applied(object, &read));
        }
        // What was sent may have been done, though its answer was lost.
        let Some(managed_fields) = ownership::released(&read) else { return Ok(was_sent) };
        was_sent = true;
        match cluster.json_patch(object, &ownership::rewrite(&read, &managed_fields)).await {
            Ok(_) => return Ok(true),
            Err(fault) if fault.kind == FaultKind::Changed => live = cluster.metadata(object).await?, // a race
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
