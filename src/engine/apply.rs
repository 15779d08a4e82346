//! Applying the bootstrap set: what is not there or not finished is applied, what Argo CD owns is left to it.

use std::time::Duration;

use serde_json::Value;

use super::anew::to_stay;
use super::cluster::Cluster;
use super::fault::{Fault, FaultKind};
use super::live::{Live, live};
use super::ownership;
use super::walk::{Walked, walk};
use crate::object::{ObjectRef, is_being_deleted};
use crate::report::{Failure, Outcome};

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
/// objects define are known to the cluster ([`Cluster::learn`]). `live` is what there is of them; what is not said to be there is
/// taken to be absent, until the API server says that somebody owns it.
///
/// An object is applied and not waited for. What the next one needs of it is there as soon as it is stored, but for the kinds of
/// CRDs, and what they define is applied by a patch: a create within two seconds of a CRD is held up by the API server until
/// they are over (apiextensions-apiserver `pkg/apiserver/customresource_handler.go`).
///
/// What is on its way out is waited for and made anew. Where that takes along what was applied already, such as a namespace that
/// somebody deletes meanwhile, all of it is applied once more.
///
/// All objects are tried whose needs are met; then all failures are reported together.
pub async fn bootstrap(cluster: &Cluster, objects: &[&Value], live: &Live) -> Outcome<Applied> {
    in_order(cluster, objects, live, |_, live| ownership::argocd_owns(live), false).await
}

/// The same over what another installer has applied: with force, since its values are not ours. `is_handed_over` says of which
/// objects, given with what is live, the hub's own Argo CD is in charge already.
pub async fn apply_over(
    cluster: &Cluster,
    objects: &[&Value],
    live: &Live,
    is_handed_over: impl Fn(&ObjectRef, &Value) -> bool,
) -> Outcome<Applied> {
    in_order(cluster, objects, live, is_handed_over, true).await
}

async fn in_order(
    cluster: &Cluster,
    objects: &[&Value],
    before: &Live,
    is_handed_over: impl Fn(&ObjectRef, &Value) -> bool,
    by_force: bool,
) -> Outcome<Applied> {
    let mut walked = once_in_order(cluster, objects, before, &is_handed_over, by_force).await?;
    if walked.faults.iter().any(has_lost_its_place) {
        let now = live(cluster, objects.iter().copied(), |_| false).await?;
        walked = once_in_order(cluster, objects, &now, &is_handed_over, by_force).await?;
    }
    let Walked { done, faults, not_tried } = walked;
    if let Some(first) = faults.first().cloned() {
        let others = faults.iter().skip(1).map(ToString::to_string);
        return Err(Failure::from(first).details(others).details(not_tried));
    }
    let sent = done.iter().filter(|it| **it).count();
    Ok(Applied { sent, left_to_argocd: done.len() - sent })
}

/// Answers of each object whether it was sent.
async fn once_in_order(
    cluster: &Cluster,
    objects: &[&Value],
    live: &Live,
    is_handed_over: impl Fn(&ObjectRef, &Value) -> bool,
    by_force: bool,
) -> Outcome<Walked<bool>> {
    // What is on its way out is nobody's any more.
    let is_handed_over = |name: &ObjectRef, live: &Value| !is_being_deleted(live) && is_handed_over(name, live);
    let act = async |object: &Value| {
        let name = ObjectRef::of(object);
        if live.get(&name).and_then(Option::as_ref).is_some_and(|live| is_handed_over(&name, live)) {
            return Ok(false);
        }
        // Force is refused nothing, so what was handed over since it was read has to be seen before.
        if by_force && cluster.metadata(&name).await?.is_some_and(|live| is_handed_over(&name, &live)) {
            return Ok(false);
        }
        match to_stay(cluster, object, async || apply(cluster, object, by_force).await).await {
            // Argo CD may have taken it over since it was read.
            Err(fault) if fault.kind == FaultKind::Owned => {
                let live = cluster.metadata(&name).await?;
                if live.is_some_and(|live| is_handed_over(&name, &live)) { Ok(false) } else { Err(fault) }
            }
            answer => answer.map(|_| true),
        }
    };
    walk(objects, act).await
}

/// Whether the namespace of the object or the definition of its kind was deleted under it.
fn has_lost_its_place(fault: &Fault) -> bool {
    let may_come_back = fault.tried.is_none();
    may_come_back && (fault.kind == FaultKind::Going || has_no_namespace(fault))
}

fn has_no_namespace(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound && fault.message.starts_with("namespaces \"")
}

async fn apply(cluster: &Cluster, object: &Value, by_force: bool) -> Result<Value, Fault> {
    let patience = cluster.deadline().at_most(CRD_LAG);
    loop {
        let answer = if by_force {
            cluster.apply_by_force(object, super::MANAGER).await
        } else {
            cluster.apply(object, super::MANAGER).await
        };
        match answer {
            Err(fault) if fault.kind == FaultKind::NotFound && !has_no_namespace(&fault) && !patience.passed() => {
                patience.pause(Duration::from_millis(50)).await;
            }
            answer => return answer,
        }
    }
}
