//! The pods for which a wait goes on: read while an Application or a part of Argo CD is not well, and no more often than its
//! nodes have news.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::application::Application;
use crate::argo;
use crate::engine::pods::Cause;
use crate::engine::{Cluster, StuckPod, StuckPods, has_pods, stuck_pods};
use crate::object::ObjectRef;
use crate::pace::paced;

/// How often pods are read anew.
const PAUSE: Duration = Duration::from_secs(5);
/// The most pods that are named; the others are counted.
const MOST: usize = 3;

impl Application {
    /// Those of its objects that have pods, where it is not healthy and they are on the cluster of its Argo CD.
    #[must_use]
    pub fn ill_workloads(&self) -> Vec<ObjectRef> {
        if self.health() == "Healthy" || self.elsewhere().is_some() {
            return Vec::new();
        }
        self.resources().filter(has_pods).collect()
    }
}

/// What one wait knows of pods.
#[derive(Default)]
pub(super) struct PodsOfWait {
    read: Option<Instant>,
    found: StuckPods,
}

impl PodsOfWait {
    /// Reads the pods of these workloads, unless that was done a moment ago.
    pub async fn look(&mut self, cluster: &Cluster, workloads: &BTreeSet<ObjectRef>) {
        if workloads.is_empty() {
            self.found = StuckPods::default();
            return;
        }
        if self.read.is_some_and(|at| at.elapsed() < paced(PAUSE)) {
            self.found.pods.retain(|it| workloads.contains(&it.of));
            return;
        }
        self.found = stuck_pods(cluster, workloads).await;
        self.read = Some(Instant::now());
    }

    /// What is to be said of them: the first ones by name, and whose could not be read.
    pub fn told(&self) -> Vec<String> {
        told(&self.found)
    }

    /// The first pod that no node takes.
    pub fn without_node(&self) -> Option<&StuckPod> {
        self.found.pods.iter().find(|it| it.trouble.cause == Cause::NoNode)
    }

    /// What to do about the first one.
    pub fn remedy(&self) -> Option<String> {
        self.found.pods.first().map(remedy)
    }
}

/// The first pods by name, how many there are more, and what could not be read.
#[must_use]
pub fn told(found: &StuckPods) -> Vec<String> {
    let shown = found.pods.iter().take(MOST).map(ToString::to_string);
    let more = found.pods.len().checked_sub(MOST).filter(|more| *more > 0);
    let more = more.map(|more| format!("{more} more pods do not come up"));
    shown.chain(more).chain(found.unread.iter().map(|it| format!("not looked at: {it}"))).collect()
}

/// What to do about a pod that does not come up.
pub(super) fn remedy(stuck: &StuckPod) -> String {
    let StuckPod { pod, trouble, .. } = stuck;
    match trouble.cause {
        Cause::NoNode if trouble.why.contains("anti-affinity") && pod.namespace.as_deref() == Some(argo::NAMESPACE) => {
            "the highly available Argo CD has no two pods of a part on one node: it wants three nodes that take pods, and a fourth \
             while a new version replaces its proxies; add nodes, or leave `variant: ha` out of hub.yaml and lock.yaml"
                .to_owned()
        }
        Cause::NoNode => "add a node that takes it, or mend what the scheduler names".to_owned(),
        Cause::Image => "the image has to be at that address, for the architecture of the node, and the node has to come there: look \
                         for a slip in name or tag, for a credential that is missing (`imagePullSecrets`), and for the network of nodes"
            .to_owned(),
        Cause::Config => "make what the message names, as a Secret or a ConfigMap or a key in it, or mend the pod in git".to_owned(),
        Cause::Crash => {
            let namespace = pod.namespace.as_deref().unwrap_or_default();
            format!("`kubectl -n {namespace} logs {} --all-containers --previous` shows what it wrote before it ended", pod.name)
        }
        Cause::Other => {
            let namespace = pod.namespace.as_deref().unwrap_or_default();
            format!("`kubectl -n {namespace} describe pod {}` shows all of it", pod.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::engine::pods::Trouble;

    fn stuck(cause: Cause, name: &str, why: &str) -> StuckPod {
        let pod = ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), name);
        StuckPod { of: pod.clone(), pod, trouble: Trouble { cause, why: why.to_owned() } }
    }

    #[test]
    fn what_anti_affinity_keeps_away_wants_nodes() {
        let apart = "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.";
        let apart = stuck(Cause::NoNode, "argocd-redis-ha-server-1", apart);
        assert!(
            apart.to_string().starts_with("no node takes Pod argocd/argocd-redis-ha-server-1: 0/1 nodes"),
            "{apart}"
        );
        assert!(remedy(&apart).contains("three nodes"));
        let large = stuck(Cause::NoNode, "argocd-redis-ha-server-1", "0/3 nodes are available: 3 Insufficient memory.");
        assert!(!remedy(&large).contains("variant"), "{large}");
    }

    #[test]
    fn many_pods_are_counted_and_those_not_read_are_said() {
        let mut found =
            StuckPods { pods: (0..5).map(|it| stuck(Cause::Image, &format!("p{it}"), "w")).collect(), unread: vec![] };
        found.unread.push("the pods in namespace shop: forbidden".to_owned());
        let told = told(&found);
        assert_eq!(told[0], "Pod argocd/p0, w");
        assert_eq!(told[3..], ["2 more pods do not come up", "not looked at: the pods in namespace shop: forbidden"]);
    }

    #[test]
    fn only_workloads_of_what_is_not_healthy_here_are_asked() {
        let resource = |group: &str, kind: &str| json!({"group": group, "version": "v1", "kind": kind, "namespace": "n", "name": "a"});
        let of = |health: &str, server: &str| {
            let resources = [resource("apps", "Deployment"), resource("", "Secret")];
            Application(
                json!({"spec": {"destination": {"server": server}}, "status": {"health": {"status": health}, "resources": resources}}),
            )
        };
        let ill = of("Progressing", argo::IN_CLUSTER).ill_workloads();
        assert_eq!(ill, [ObjectRef::new("apps/v1", "Deployment", Some("n"), "a")]);
        assert!(of("Healthy", argo::IN_CLUSTER).ill_workloads().is_empty());
        assert!(of("Degraded", "https://east.example.org").ill_workloads().is_empty());
    }
}
