//! What an object says is wrong with it. Argo CD keeps the health of single objects for itself, so where an Application is not
//! healthy they are asked.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;

use super::seen::{Seen, Tracked};
use crate::argocd::told_pods;
use crate::engine::ready::readiness;
use crate::engine::{Cluster, FaultKind, StuckPod, has_pods, stuck_pods};
use crate::object::ObjectRef;
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// The most objects that are asked in one run.
const MOST: usize = 300;
/// The kinds of the core group that can be unwell; of the others it is enough that they are there.
const TELLING: [&str; 5] = ["Namespace", "Pod", "PersistentVolumeClaim", "ReplicationController", "Service"];

/// Asks the objects of Applications that are not healthy. Answers what nobody has looked at, a line each.
pub async fn ask(all: &mut [Seen], cluster: &Cluster) -> Vec<String> {
    let mut not_looked_at: Vec<String> = all
        .iter()
        .filter(|it| !it.is_healthy())
        .filter_map(|it| {
            Some(format!("the health of the objects of {}, which are on {}", it.object, it.elsewhere.as_ref()?))
        })
        .collect();
    let here = all.iter_mut().filter(|it| !it.is_healthy() && it.elsewhere.is_none());
    let mut wanted: Vec<_> =
        here.flat_map(|it| &mut it.objects).filter(|it| it.health.is_none() && has_no_line(&it.object)).collect();
    if let Some(rest) = wanted.len().checked_sub(MOST).filter(|rest| *rest > 0) {
        not_looked_at.push(format!("the health of {rest} more objects of Applications that are not healthy"));
        wanted.truncate(MOST);
    }
    let asked = futures::stream::iter(wanted).map(|it| async {
        let said = said_by(&it.object, cluster).await;
        (it, said)
    });
    let answers: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
    for (it, said) in answers {
        match said {
            Ok(Some(why)) => it.add(&why),
            Ok(None) => {}
            Err(why) => not_looked_at.push(why),
        }
    }
    not_looked_at.extend(ask_pods(all, cluster).await);
    not_looked_at.sort();
    not_looked_at
}

/// Asks the pods of the workloads of Applications that are not healthy: a workload says how many are missing, and never why.
async fn ask_pods(all: &mut [Seen], cluster: &Cluster) -> Vec<String> {
    let here = all.iter_mut().filter(|it| !it.is_healthy() && it.elsewhere.is_none());
    // A pod itself has been asked.
    let is_asked = |it: &&mut Tracked| has_pods(&it.object) && it.object.kind != "Pod";
    let mut workloads: Vec<&mut Tracked> = here.flat_map(|it| &mut it.objects).filter(is_asked).collect();
    let wanted: BTreeSet<ObjectRef> = workloads.iter().map(|it| it.object.clone()).collect();
    let found = stuck_pods(cluster, &wanted).await;
    let mut by_workload: BTreeMap<ObjectRef, Vec<StuckPod>> = BTreeMap::new();
    for pod in found.pods {
        by_workload.entry(pod.of.clone()).or_default().push(pod);
    }
    for it in &mut workloads {
        let pods = by_workload.remove(&it.object).unwrap_or_default();
        for why in &told_pods(&pods) {
            it.add(why);
        }
    }
    found.unread.into_values().collect()
}

/// Whether it is not told beside: Applications have lines of their own, and a project is well when it is there.
fn has_no_line(object: &ObjectRef) -> bool {
    !argo::is_own(&object.group, &object.kind) || object.kind == argo::APPLICATION_SET
}

async fn said_by(object: &ObjectRef, cluster: &Cluster) -> Result<Option<String>, String> {
    let is_telling = !object.group.is_empty() || TELLING.contains(&object.kind.as_str());
    let live = if is_telling { cluster.get(object).await } else { cluster.metadata(object).await };
    match live {
        Ok(Some(live)) => Ok(readiness(&live).why()),
        Ok(None) => Ok(Some("it is not on the cluster".to_owned())),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Some("the cluster does not serve its kind".to_owned())),
        Err(fault) => Err(format!("the health of {object}: {fault}")),
    }
}
