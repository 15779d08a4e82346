//! Applying the bootstrap set: what is not there or not finished is applied, what Argo CD owns is left to it.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::Value;

use super::cluster::Cluster;
use super::fault::{Fault, FaultKind};
use super::{order, ownership};
use crate::object::ObjectRef;
use crate::report::{Failure, Outcome};

/// Requests under way at once. An ordinary user has about 49 seats at the API server's priority and fairness: 20 of 245
/// shares of the 600 requests that it serves at a time (apiserver 1.37, `pkg/apis/flowcontrol/bootstrap/default.go`,
/// `global-default`).
const AT_ONCE: usize = 8;
/// How long a custom resource may be unknown after its CRD was applied: with several API servers the CRD is
/// established after five seconds, and not on all of them at once. A `404` is asked again instead of waiting for
/// `Established`: with one API server the first object was taken 18 to 32 ms after its CRD (1.37.2, measured).
const CRD_LAG: Duration = Duration::from_secs(30);

/// What [`bootstrap`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Objects that were sent.
    pub sent: usize,
    /// Objects that were left alone, because Argo CD owns them.
    pub left_to_argocd: usize,
}

impl std::ops::AddAssign for Applied {
    fn add_assign(&mut self, other: Self) {
        self.sent += other.sent;
        self.left_to_argocd += other.left_to_argocd;
    }
}

/// Applies every object that Argo CD does not own yet, in order, by server-side apply without force. The kinds that the
/// objects define are known to the cluster ([`Cluster::learn`]).
///
/// All objects of a stage are tried; then all failures are reported together.
pub async fn bootstrap(cluster: &Cluster, objects: &[&Value]) -> Outcome<Applied> {
    in_order(cluster, objects, |_, live| ownership::argocd_owns(live), false).await
}

/// The same over what another installer has applied: with force, since its values are not ours. `is_handed_over` says of which
/// objects, given with what is live, the hub's own Argo CD is in charge already.
pub async fn apply_over(
    cluster: &Cluster,
    objects: &[&Value],
    is_handed_over: impl Fn(&ObjectRef, &Value) -> bool,
) -> Outcome<Applied> {
    in_order(cluster, objects, is_handed_over, true).await
}

async fn in_order(
    cluster: &Cluster,
    objects: &[&Value],
    is_handed_over: impl Fn(&ObjectRef, &Value) -> bool,
    by_force: bool,
) -> Outcome<Applied> {
    let is_handed_over = &is_handed_over;
    let mut done = Applied::default();
    // A stage is applied and not waited for. What the next one needs of it is there as soon as it is stored, but for the kinds of
    // CRDs, and what they define is applied by a patch: a create within two seconds of a CRD is held up by the API server until
    // they are over (apiextensions-apiserver `pkg/apiserver/customresource_handler.go`).
    for stage in order::stages(objects) {
        let answers: Vec<Result<bool, Fault>> = futures::stream::iter(&stage)
            .map(|object| apply_unless(cluster, object, is_handed_over, by_force))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let mut faults = Vec::new();
        for answer in answers {
            match answer {
                Ok(true) => done.sent += 1,
                Ok(false) => done.left_to_argocd += 1,
                Err(fault) => faults.push(fault),
            }
        }
        if let Some(first) = faults.first().cloned() {
            let others = faults.iter().skip(1).map(ToString::to_string);
            return Err(Failure::from(first).details(others));
        }
    }
    Ok(done)
}

async fn apply_unless(
    cluster: &Cluster,
    object: &Value,
    is_handed_over: &impl Fn(&ObjectRef, &Value) -> bool,
    by_force: bool,
) -> Result<bool, Fault> {
    let name = ObjectRef::of(object);
    let live = cluster.metadata(&name).await?;
    if live.is_some_and(|live| is_handed_over(&name, &live)) {
        return Ok(false);
    }
    let patience = cluster.deadline().at_most(CRD_LAG);
    loop {
        let answer = if by_force {
            cluster.apply_by_force(object, super::MANAGER).await
        } else {
            cluster.apply(object, super::MANAGER).await
        };
        match answer {
            Err(fault) if fault.kind == FaultKind::NotFound && !patience.passed() => {
                patience.pause(Duration::from_millis(50)).await;
            }
            answer => return answer.map(|_| true),
        }
    }
}
