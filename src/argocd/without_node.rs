//! A pod of Argo CD that no node takes. Waiting does not help it, and nothing that Argo CD says of itself tells why.

use std::fmt;

use serde_json::Value;

use crate::argo;
use crate::engine::{Cluster, pods};
use crate::object::{ObjectRef, is_being_deleted};

/// Such a pod.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WithoutNode {
    pod: ObjectRef,
    why: String,
}

impl WithoutNode {
    /// The first one by name. Where pods cannot be read there is none: the workload that waits for it is told all the same.
    pub async fn first(cluster: &Cluster) -> Option<Self> {
        let pods = ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), "");
        let found = cluster.list_with(&pods, |pod| Self::of(&pod)).await.unwrap_or_default();
        found.into_iter().min_by(|one, other| one.pod.cmp(&other.pod))
    }

    fn of(pod: &Value) -> Option<Self> {
        let why = pods::unscheduled(pod).filter(|_| !is_being_deleted(pod))?;
        Some(Self { pod: ObjectRef::of(pod), why })
    }

    /// What to do about it.
    pub fn remedy(&self) -> &'static str {
        if self.why.contains("anti-affinity") {
            "the highly available Argo CD has no two pods of a part on one node: it wants three nodes that take pods, and a fourth \
             while a new version replaces its proxies; add nodes, or leave `variant: ha` out of hub.yaml and lock.yaml"
        } else {
            "add a node that takes it, or mend what the scheduler names"
        }
    }
}

impl fmt::Display for WithoutNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no node takes {}: {}", self.pod, self.why)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_anti_affinity_keeps_away_wants_nodes() {
        let pod = |message: &str| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "argocd-redis-ha-server-1", "namespace": "argocd"},
                "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}]}})
        };
        let apart = WithoutNode::of(&pod("0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules."));
        let apart = apart.expect("no node takes it");
        assert!(
            apart.to_string().starts_with("no node takes Pod argocd/argocd-redis-ha-server-1: 0/1 nodes"),
            "{apart}"
        );
        assert!(apart.remedy().contains("three nodes"));
        let large = WithoutNode::of(&pod("0/3 nodes are available: 3 Insufficient memory.")).expect("no node takes it");
        assert!(!large.remedy().contains("variant"), "{large}");
        let mut going = pod("x");
        going["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(WithoutNode::of(&going), None);
    }
}
