//! The pods for which a wait goes on: read while an Application or a part of Argo CD is not well, and no more often than its
//! nodes have news.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures::StreamExt as _;

use super::application::{Application, named};
use crate::engine::pods::Cause;
use crate::engine::{Cluster, StuckPod, StuckPods, has_pods, one_line, stuck_pods};
use crate::object::{ObjectRef, items, str_at};
use crate::pace::paced;
use crate::report::counted;
use crate::words::argo;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// How often pods, and the Applications on the way to them, are read anew. Lists are the dear requests of an API server, and the
/// wait itself looks twice a second.
const PAUSE: Duration = Duration::from_secs(5);
/// The most pods that are named; the others are counted.
const MOST: usize = 3;

impl Application {
    /// Those of its objects that have pods, where it is not healthy and they are on the cluster of its Argo CD.
    #[must_use]
    pub fn ill_workloads(&self) -> Vec<ObjectRef> {
        if !self.is_ill_here() {
            return Vec::new();
        }
        self.resources().filter(has_pods).collect()
    }

    /// The Applications that it brings, where it is not healthy: those on the cluster of its Argo CD that are not known to be
    /// healthy. By its default Argo CD keeps what it knows of that to itself.
    pub(super) fn ill_below(&self) -> Vec<ObjectRef> {
        if !self.is_ill_here() {
            return Vec::new();
        }
        let resources = items(&self.0, "/status/resources");
        let may_be_ill = resources.filter(|it| str_at(it, "/health/status") != "Healthy").map(named);
        may_be_ill.filter(|it| it.group == argo::GROUP && it.kind == argo::APPLICATION).collect()
    }

    fn is_ill_here(&self) -> bool {
        self.health() != "Healthy" && self.elsewhere().is_none()
    }
}

/// What is not well, as far as those Applications tell that are waited for by name.
#[derive(Default)]
pub(super) struct Ill {
    /// Workloads.
    pub workloads: BTreeSet<ObjectRef>,
    /// Applications that nobody has looked at.
    pub applications: BTreeSet<ObjectRef>,
}

/// What is not well below one of those.
#[derive(Default)]
struct Below {
    workloads: BTreeSet<ObjectRef>,
    /// The Applications that could not be read: a line for each namespace, by its name.
    unread: BTreeMap<String, String>,
}

/// What one wait knows of pods.
#[derive(Default)]
pub(super) struct PodsOfWait {
    read: Option<Instant>,
    below: BTreeMap<ObjectRef, Below>,
    found: StuckPods,
}

impl PodsOfWait {
    /// Reads the pods of what is not well, unless that was done a moment ago. What cannot be read ends no wait.
    pub async fn look(&mut self, cluster: &Cluster, ill: &Ill) {
        let is_fresh = self.read.is_some_and(|at| at.elapsed() < paced(PAUSE));
        if is_fresh || (ill.workloads.is_empty() && ill.applications.is_empty()) {
            self.keep(ill);
            return;
        }
        let looks = ill.applications.iter().map(|top| async move { (top.clone(), below(cluster, top).await) });
        self.below = futures::stream::iter(looks).buffered(AT_ONCE).collect().await;
        self.found = stuck_pods(cluster, &self.workloads(ill)).await;
        self.read = Some(Instant::now());
    }

    /// Forgets what was read of others than these.
    fn keep(&mut self, ill: &Ill) {
        self.below.retain(|top, _| ill.applications.contains(top));
        let workloads = self.workloads(ill);
        let namespaces: BTreeSet<&str> = workloads.iter().filter_map(|it| it.namespace.as_deref()).collect();
        self.found.pods.retain(|it| workloads.contains(&it.of));
        self.found.unread.retain(|namespace, _| namespaces.contains(namespace.as_str()));
    }

    /// All workloads that are not well, as far as that is known.
    fn workloads(&self, ill: &Ill) -> BTreeSet<ObjectRef> {
        let below = self.below.values().flat_map(|it| &it.workloads);
        ill.workloads.iter().chain(below).cloned().collect()
    }

    /// What is to be said of them: the first ones by name, and whose could not be read.
    pub fn told(&self) -> Vec<String> {
        let unread: BTreeMap<&String, &String> = self.below.values().flat_map(|it| &it.unread).collect();
        let unread = self.found.unread.values().chain(unread.into_values()).map(|it| format!("not looked at: {it}"));
        told(&self.found.pods).into_iter().chain(unread).collect()
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

/// Reads an Application, and whatever is not healthy below it.
async fn below(cluster: &Cluster, top: &ObjectRef) -> Below {
    let mut found = Below::default();
    let mut seen = BTreeSet::from([top.clone()]);
    let mut next = vec![top.clone()];
    while let Some(name) = next.pop() {
        let live = cluster.get(&name).await;
        match live.map(|it| it.map(Application)) {
            Ok(Some(application)) => {
                found.workloads.extend(application.ill_workloads());
                next.extend(application.ill_below().into_iter().filter(|it| seen.insert(it.clone())));
            }
            Ok(None) => {}
            Err(fault) => {
                let namespace = name.namespace.unwrap_or_default();
                let why = format!("the Applications in namespace {namespace}: {}", one_line(&fault.to_string()));
                found.unread.insert(namespace, why);
            }
        }
    }
    found
}

/// The first pods by name, and how many there are more.
#[must_use]
pub fn told(pods: &[StuckPod]) -> Vec<String> {
    let shown = pods.iter().take(MOST).map(ToString::to_string);
    let more = pods.len().checked_sub(MOST).filter(|more| *more > 0);
    let more = more.map(|more| {
        let verb = if more == 1 { "does" } else { "do" };
        format!("{} {verb} not come up", counted(more, "more pod"))
    });
    shown.chain(more).collect()
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
            let container = trouble.container.as_ref().map(|it| format!(" -c {it}")).unwrap_or_default();
            let previous = if trouble.has_restarted { " --previous" } else { "" };
            format!("`kubectl -n {namespace} logs {}{container}{previous}` shows what it wrote before it ended", pod.name)
        }
        Cause::Other => {
            let namespace = pod.namespace.as_deref().unwrap_or_default();
            format!("`kubectl -n {namespace} describe pod {}` shows all of it", pod.name)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::engine::pods::{self, Trouble};

    fn stuck(cause: Cause, name: &str, why: &str) -> StuckPod {
        let pod = ObjectRef::new("v1", "Pod", Some(argo::NAMESPACE), name);
        StuckPod { of: pod.clone(), pod, trouble: Trouble::of_pod(cause, why) }
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
    fn the_log_of_a_crash_is_asked_of_the_container_that_has_written_it() {
        let sidecar = json!({"name": "proxy", "ready": true, "restartCount": 0, "state": {"running": {}}});
        let ended = json!({"terminated": {"exitCode": 3, "reason": "Error"}});
        let of = |restarts: u64, state: &Value, last: &Value| {
            let main =
                json!({"name": "main", "ready": false, "restartCount": restarts, "state": state, "lastState": last});
            let pod = json!({"status": {"containerStatuses": [sidecar, main]}});
            let trouble = pods::trouble(&pod).expect("it has crashed");
            remedy(&StuckPod { trouble, ..stuck(Cause::Crash, "web-1", "") })
        };
        let begin = "`kubectl -n argocd logs web-1 -c main";
        let never_again = of(0, &ended, &json!({}));
        assert!(never_again.starts_with(&format!("{begin}` shows")), "{never_again}");
        let again = of(2, &json!({"waiting": {"reason": "CrashLoopBackOff"}}), &ended);
        assert!(again.starts_with(&format!("{begin} --previous` shows")), "{again}");
    }

    #[test]
    fn many_pods_are_counted_and_those_not_read_are_said() {
        let unread = BTreeMap::from([("shop".to_owned(), "the pods in namespace shop: forbidden".to_owned())]);
        let pods = (0..5).map(|it| stuck(Cause::Image, &format!("p{it}"), "w")).collect();
        let mut found = PodsOfWait { found: StuckPods { pods, unread }, ..PodsOfWait::default() };
        let all = found.told();
        assert_eq!(all[0], "Pod argocd/p0, w");
        assert_eq!(all[3..], ["2 more pods do not come up", "not looked at: the pods in namespace shop: forbidden"]);
        found.found.pods.truncate(4);
        assert_eq!(found.told()[3], "1 more pod does not come up");
    }

    #[test]
    fn what_is_well_by_now_is_told_no_longer() {
        let workload = |namespace: &str| ObjectRef::new("apps/v1", "Deployment", Some(namespace), "web");
        let line = |what: &str, namespace: &str| {
            (namespace.to_owned(), format!("the {what} in namespace {namespace}: forbidden"))
        };
        let pod = |of: &str| StuckPod { of: workload(of), ..stuck(Cause::Other, of, "w") };
        let top = argo::application("bead-shop");
        let below = Below { workloads: [workload("shop")].into(), unread: [line("Applications", "team")].into() };
        let mut pods = PodsOfWait {
            below: [(top.clone(), below)].into(),
            found: StuckPods {
                pods: vec![pod("back"), pod("shop")],
                unread: [line("pods", "back"), line("pods", "shop")].into(),
            },
            ..PodsOfWait::default()
        };
        let mut ill = Ill { workloads: [workload("back")].into(), applications: [top].into() };
        pods.keep(&ill);
        assert_eq!(pods.told().len(), 5, "{:?}", pods.told());
        ill.workloads.clear();
        pods.keep(&ill);
        let of_shop = [
            "Pod argocd/shop, w",
            "not looked at: the pods in namespace shop: forbidden",
            "not looked at: the Applications in namespace team: forbidden",
        ];
        assert_eq!(pods.told(), of_shop);
        pods.keep(&Ill::default());
        assert!(pods.told().is_empty(), "{:?}", pods.told());
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

    #[test]
    fn only_applications_below_that_may_be_ill_here_are_asked() {
        let of = |health: &str, server: &str| {
            let resource = |kind: &str, name: &str, health: Option<&str>| {
                json!({"group": argo::GROUP, "version": "v1alpha1", "kind": kind, "namespace": argo::NAMESPACE, "name": name,
                    "health": health.map(|it| json!({"status": it}))})
            };
            let resources = [
                resource(argo::APPLICATION, "unknown", None),
                resource(argo::APPLICATION, "ill", Some("Degraded")),
                resource(argo::APPLICATION, "well", Some("Healthy")),
                resource(argo::PROJECT, "shop", None),
            ];
            Application(
                json!({"spec": {"destination": {"server": server}}, "status": {"health": {"status": health}, "resources": resources}}),
            )
        };
        let ill = of("Progressing", argo::IN_CLUSTER).ill_below();
        assert_eq!(ill, ["unknown", "ill"].map(argo::application));
        assert!(of("Healthy", argo::IN_CLUSTER).ill_below().is_empty());
        assert!(of("Degraded", "https://east.example.org").ill_below().is_empty());
    }
}
