//! The cluster itself: its version, its nodes, its storage.

use std::collections::BTreeSet;

use serde_json::Value;

use super::coming::Coming;
use super::report::{Line, seen};
use crate::engine::Cluster;
use crate::engine::ready::condition;
use crate::object::{ObjectRef, annotation, items, name, str_at};
use crate::upgrade::{tested_with, untested};

const VERSION: &str = "kubernetes";
const NODES: &str = "nodes";
const STORAGE: &str = "storage";
/// What Argo CD's image is made for (argo-cd 3.6.1, `.github/workflows/image.yaml`).
const PLATFORMS: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];
/// How many nodes the highly available Argo CD wants: no two of its redis are on one.
const APART: usize = 3;
/// What marks the default among the storage classes.
const IS_DEFAULT: &str = "storageclass.kubernetes.io/is-default-class";

/// Whether Argo CD is tested with this Kubernetes.
pub fn version(argocd: &str, kubernetes: &str) -> Line {
    let is_tested = tested_with(argocd).map(|range| (range, untested(argocd, kubernetes).is_none()));
    match is_tested {
        None => Line::unseen(
            VERSION,
            format!("{kubernetes}: which versions Argo CD {argocd} is tested with is not known here"),
        ),
        Some(([least, most], true)) => {
            Line::ok(VERSION, format!("{kubernetes}: Argo CD {argocd} is tested with 1.{least} to 1.{most}"))
        }
        Some(([least, most], false)) => Line::warn(
            VERSION,
            format!("{kubernetes}: Argo CD {argocd} is tested with 1.{least} to 1.{most}, and not with this one"),
        )
        .remedy("take a cluster of one of these versions, or a version of Argo CD that is tested with this one"),
    }
}

/// Whether something could run here.
pub async fn nodes(coming: &Coming, cluster: &Cluster) -> Vec<Line> {
    let kind = ObjectRef::of_kind("v1/Node");
    let read = cluster.list_with(&kind, |it| Some(Node::of(&it))).await;
    let apart = if coming.bundle.as_ref().is_some_and(|it| it.is_highly_available) { APART } else { 1 };
    seen(NODES, read.map(|all| vec![of_nodes(&all, apart)]))
}

/// What is asked of a node.
struct Node {
    name: String,
    platform: String,
    /// Why no pod of Argo CD comes to it.
    shut: Option<String>,
}

impl Node {
    fn of(live: &Value) -> Self {
        let platform = str_at(live, "/status/nodeInfo/architecture").to_owned();
        let system = str_at(live, "/status/nodeInfo/operatingSystem");
        let is_ready = condition(live, "Ready").is_some_and(|it| str_at(it, "/status") == "True");
        let taint = items(live, "/spec/taints").find(|it| matches!(str_at(it, "/effect"), "NoSchedule" | "NoExecute"));
        let shut = if !is_ready {
            Some("is not ready".to_owned())
        } else if live.pointer("/spec/unschedulable") == Some(&Value::Bool(true)) {
            Some("is cordoned".to_owned())
        } else if let Some(taint) = taint {
            Some(format!("has the taint {}:{}", str_at(taint, "/key"), str_at(taint, "/effect")))
        } else if !PLATFORMS.contains(&platform.as_str()) || system != "linux" {
            Some(format!("runs {system} on {platform}, and Argo CD's image does not"))
        } else {
            None
        };
        Self { name: name(live).to_owned(), platform, shut }
    }
}

fn of_nodes(all: &[Node], apart: usize) -> Line {
    let open: Vec<&Node> = all.iter().filter(|it| it.shut.is_none()).collect();
    let platforms: BTreeSet<&str> = open.iter().map(|it| it.platform.as_str()).collect();
    let platforms: Vec<&str> = platforms.into_iter().collect();
    let shut = all.iter().filter_map(|it| Some(format!("{} {}", it.name, it.shut.as_ref()?)));
    let says = format!("{} of {} can take pods of Argo CD", open.len(), all.len());
    if open.len() < apart {
        let wanted = if apart > 1 { format!(", and the highly available one wants {apart}") } else { String::new() };
        return Line::fail(NODES, format!("{says}{wanted}")).about(shut).remedy(
            "bring nodes up; where nodes come only when a pod waits for one, let something wait for them first",
        );
    }
    Line::ok(NODES, format!("{says} ({})", platforms.join(", "))).about(shut)
}

/// Whether volumes are made for those that ask for them; nothing where nobody is known to.
pub async fn storage(coming: &Coming, cluster: &Cluster) -> Vec<Line> {
    let claims = coming.claims();
    if claims.is_empty() {
        return Vec::new();
    }
    let default = |it: Value| (annotation(&it, IS_DEFAULT) == Some("true")).then(|| name(&it).to_owned());
    let read = cluster.list_with(&ObjectRef::of_kind("storage.k8s.io/v1/StorageClass"), default).await;
    let line = |found: Vec<String>| match found.first() {
        Some(class) => Line::ok(STORAGE, format!("{class} is the default class")),
        None => Line::warn(STORAGE, "there is no default class, and some objects ask for a volume")
            .remedy("name a class in each of them, or make one the default"),
    };
    seen(STORAGE, read.map(|found| vec![line(found).about(claims)]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::report::Verdict;
    use super::*;

    fn node(ready: &str, spec: &Value, platform: &str) -> Node {
        Node::of(&json!({"metadata": {"name": "n"}, "spec": spec, "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "nodeInfo": {"architecture": platform, "operatingSystem": "linux"}}}))
    }

    #[test]
    fn a_node_takes_pods_where_nothing_keeps_them_away() {
        let taint = |effect: &str| json!({"taints": [{"key": "of/people", "effect": effect}]});
        for (node, shut) in [
            (node("True", &json!({}), "arm64"), None),
            (node("True", &taint("PreferNoSchedule"), "amd64"), None),
            (node("False", &json!({}), "amd64"), Some("is not ready")),
            (node("True", &json!({"unschedulable": true}), "amd64"), Some("is cordoned")),
            (node("True", &taint("NoSchedule"), "amd64"), Some("has the taint of/people:NoSchedule")),
            (node("True", &json!({}), "riscv64"), Some("runs linux on riscv64, and Argo CD's image does not")),
        ] {
            assert_eq!(node.shut.as_deref(), shut);
        }
    }

    #[test]
    fn no_node_is_in_the_way_and_so_are_too_few() {
        let of = |open: usize, apart: usize| {
            let mut all: Vec<Node> = (0..open).map(|_| node("True", &json!({}), "amd64")).collect();
            all.push(node("False", &json!({}), "amd64"));
            of_nodes(&all, apart)
        };
        assert_eq!((of(0, 1).verdict, of(0, 1).details), (Verdict::Fail, vec!["n is not ready".to_owned()]));
        assert_eq!(
            (of(1, 1).verdict, of(1, 1).says.as_str()),
            (Verdict::Ok, "1 of 2 can take pods of Argo CD (amd64)")
        );
        assert_eq!((of(2, 3).verdict, of(3, 3).verdict), (Verdict::Fail, Verdict::Ok));
    }

    #[test]
    fn a_version_that_nobody_knows_is_not_called_tested() {
        for (argocd, kubernetes, verdict) in [
            ("3.6.1", "v1.37.2", Verdict::Ok),
            ("3.6.1", "v1.30.0", Verdict::Warn),
            ("3.9.0", "v1.37.2", Verdict::NotLookedAt),
        ] {
            assert_eq!(version(argocd, kubernetes).verdict, verdict, "{argocd} {kubernetes}");
        }
    }
}
