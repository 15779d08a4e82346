//! What an object says is wrong with it. Argo CD keeps the health of single objects for itself, so where an Application is not
//! healthy they are asked.

use std::collections::{BTreeMap, BTreeSet};

use futures::StreamExt as _;
use serde_json::Value;

use super::seen::{Seen, Tracked};
use crate::argocd::told_pods;
use crate::engine::ready::{Readiness, readiness};
use crate::engine::{Cluster, FaultKind, StuckPod, has_pods, one_line, stuck_pods};
use crate::object::{ObjectRef, is_being_deleted, items, kind, str_at};
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// The most objects that are asked in one run.
const MOST: usize = 300;
/// The conditions by which controllers say whether an object does what it should.
const GOOD: [&str; 7] = ["Ready", "Healthy", "Available", "Synced", "Installed", "Established", "Succeeded"];
/// Those by which they say that it never will.
const BAD: [&str; 2] = ["Failed", "Degraded"];
/// The kinds of the core group that can be unwell; of the others it is enough that they are there.
const TELLING: [&str; 3] = ["Pod", "PersistentVolumeClaim", "ReplicationController"];

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
    let mut wanted: Vec<_> = here
        .flat_map(|it| &mut it.objects)
        .filter(|it| it.health.is_none() && !argo::is_own(&it.object.group, &it.object.kind))
        .collect();
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
    let mut workloads: Vec<&mut Tracked> =
        here.flat_map(|it| &mut it.objects).filter(|it| has_pods(&it.object)).collect();
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

async fn said_by(object: &ObjectRef, cluster: &Cluster) -> Result<Option<String>, String> {
    let is_telling = !object.group.is_empty() || TELLING.contains(&object.kind.as_str());
    let live = if is_telling { cluster.get(object).await } else { cluster.metadata(object).await };
    match live {
        Ok(Some(live)) => Ok(trouble(&live)),
        Ok(None) => Ok(Some("it is not on the cluster".to_owned())),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(Some("the cluster does not serve its kind".to_owned())),
        Err(fault) => Err(format!("the health of {object}: {fault}")),
    }
}

/// What an object says against itself; nothing where it says nothing, which is no proof.
fn trouble(live: &Value) -> Option<String> {
    if is_being_deleted(live) {
        return Some("it is being deleted".to_owned());
    }
    if let Readiness::Pending(why) | Readiness::Failed(why) = readiness(live) {
        return Some(why);
    }
    let phase = str_at(live, "/status/phase");
    let is_waiting =
        matches!(kind(live), "Pod" | "PersistentVolumeClaim") && matches!(phase, "Pending" | "Failed" | "Lost");
    let is_against = |it: &&Value| {
        let (name, status) = (str_at(it, "/type"), str_at(it, "/status"));
        (GOOD.contains(&name) && status == "False") || (BAD.contains(&name) && status == "True")
    };
    let said = items(live, "/status/conditions").find(is_against).map(|it| {
        let words = [str_at(it, "/reason"), str_at(it, "/message")];
        let why: Vec<&str> = words.into_iter().filter(|it| !it.is_empty()).collect();
        let head = format!("{} is {}", str_at(it, "/type"), str_at(it, "/status"));
        if why.is_empty() { head } else { format!("{head}: {}", one_line(&why.join(": "))) }
    });
    said.or_else(|| is_waiting.then(|| format!("it is {phase}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_unwell_by_what_it_says_itself() {
        let with = |kind: &str, condition: &str, status: &str| json!({"kind": kind, "status": {"conditions": [{"type": condition, "status": status, "reason": "R", "message": "m\nn"}]}});
        for (live, expected) in [
            (with("Bucket", "Ready", "False"), Some("Ready is False: R: m n")),
            (with("Bucket", "Ready", "True"), None),
            (with("Bucket", "Ready", "Unknown"), None),
            (with("Job", "Failed", "True"), Some("Failed is True: R: m n")),
            (with("Job", "Failed", "False"), None),
            (json!({"kind": "PersistentVolumeClaim", "status": {"phase": "Pending"}}), Some("it is Pending")),
            (json!({"kind": "Whatever", "status": {"phase": "Pending"}}), None),
            (json!({"kind": "ConfigMap"}), None),
            (json!({"kind": "Deployment", "status": {}}), Some("0 of 1 replicas are updated")),
            (
                json!({"kind": "Job", "metadata": {"deletionTimestamp": "2026-11-29T12:00:00Z"}}),
                Some("it is being deleted"),
            ),
        ] {
            assert_eq!(trouble(&live).as_deref(), expected, "{live}");
        }
    }
}
