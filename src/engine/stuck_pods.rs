//! The pods of workloads that do not come up: neither Argo CD nor a workload says why, only the pods do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::cluster::Cluster;
use super::fault::one_line;
use super::pods::{self, Cause, Trouble};
use crate::object::ObjectRef;

/// Such a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckPod {
    /// What it is called.
    pub pod: ObjectRef,
    /// The workload that it is of.
    pub of: ObjectRef,
    /// Why it does not come up.
    pub trouble: Trouble,
}

/// What pods say, and what could not be read of them.
#[derive(Debug, Default)]
pub struct StuckPods {
    /// Those that do not come up, by name.
    pub pods: Vec<StuckPod>,
    /// The pods that were not read: a line for each namespace, by its name.
    pub unread: BTreeMap<String, String>,
}

impl fmt::Display for StuckPod {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pod, trouble: Trouble { cause, why, .. }, .. } = self;
        match cause {
            Cause::NoNode => write!(formatter, "no node takes {pod}: {why}"),
            _ => write!(formatter, "{pod}, {why}"),
        }
    }
}

/// Whether it is a workload whose pods are known by their owner, or a pod itself.
#[must_use]
pub fn has_pods(object: &ObjectRef) -> bool {
    matches!(
        (object.group.as_str(), object.kind.as_str()),
        ("apps", "Deployment" | "StatefulSet" | "DaemonSet" | "ReplicaSet") | ("batch", "Job") | ("", "Pod")
    )
}

/// The pods of these workloads that do not come up. The pods of each of their namespaces are listed once.
pub async fn stuck_pods(cluster: &Cluster, workloads: &BTreeSet<ObjectRef>) -> StuckPods {
    let mut found = StuckPods::default();
    let namespaces: BTreeSet<&str> = workloads.iter().filter_map(|it| it.namespace.as_deref()).collect();
    for namespace in namespaces {
        let its: Vec<&ObjectRef> = workloads.iter().filter(|it| it.namespace.as_deref() == Some(namespace)).collect();
        let all = ObjectRef::new("v1", "Pod", Some(namespace), "");
        match cluster.list_with(&all, |pod| stuck(&pod, &its)).await {
            Ok(pods) => found.pods.extend(pods),
            Err(fault) => {
                let why = format!("the pods in namespace {namespace}: {}", one_line(&fault.to_string()));
                found.unread.insert(namespace.to_owned(), why);
            }
        }
    }
    found.pods.sort_by(|one, other| one.pod.cmp(&other.pod));
    found
}

/// The pod, where it is of one of these workloads and does not come up.
fn stuck(pod: &Value, workloads: &[&ObjectRef]) -> Option<StuckPod> {
    let name = ObjectRef::of(pod);
    let holder = pods::workload(pod);
    let is_its = |it: &&&ObjectRef| match it.kind.as_str() {
        "Pod" => it.name == name.name,
        kind => holder == Some((kind, it.name.as_str())),
    };
    let of = (**workloads.iter().find(is_its)?).clone();
    Some(StuckPod { trouble: pods::trouble(pod)?, pod: name, of })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, owner: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": "shop", "labels": {"pod-template-hash": "1a2b"},
                "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": true}]},
            "status": {"containerStatuses": [{"name": "main", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]}})
    }

    #[test]
    fn a_pod_is_told_by_the_workload_that_it_is_of() {
        let web = ObjectRef::new("apps/v1", "Deployment", Some("shop"), "web");
        let found = stuck(&pod("web-1a2b-x", "web-1a2b"), &[&web]).expect("it is of it");
        assert_eq!((&found.of, found.trouble.cause), (&web, Cause::Image));
        assert_eq!(found.to_string(), "Pod shop/web-1a2b-x, container main: ErrImagePull: no such image");
        assert_eq!(stuck(&pod("web-api-1a2b-x", "web-api-1a2b"), &[&web]), None, "of another one whose name begins so");
        let itself = ObjectRef::new("v1", "Pod", Some("shop"), "web-1a2b-x");
        assert!(stuck(&pod("web-1a2b-x", "web-1a2b"), &[&itself]).is_some());
        assert!(has_pods(&web) && has_pods(&itself) && !has_pods(&ObjectRef::new("v1", "Secret", Some("shop"), "s")));
    }
}
