//! Pods that do not come up, on a server that says so: what `tree` and `wait` tell of them, and of those that nobody may read.

use serde_json::{Value, json};

use super::look;
use crate::support::Run;
use crate::support::fake_api::{Answer, FakeApi};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const NOBODY: &str = r#"{"kind": "Status", "status": "Failure", "reason": "NotFound", "code": 404}"#;
const NOT_YOU: &str = r#"{"kind": "Status", "status": "Failure", "reason": "Forbidden", "code": 403, "message": "pods is forbidden: User \"r\" cannot list"}"#;
const APPLICATIONS: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications";

/// An Application at the commit, with what it tracks.
fn application(name: &str, health: &str, resources: &Value) -> Value {
    json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "uid": name},
        "spec": {"project": "hub", "destination": {"server": "https://kubernetes.default.svc"},
            "source": {"repoURL": "http://127.0.0.1:1/hub.git", "targetRevision": "main", "path": name}},
        "status": {"sync": {"status": "Synced", "revision": COMMIT}, "health": {"status": health}, "resources": resources,
            "operationState": {"phase": "Succeeded", "syncResult": {"revision": COMMIT}}}})
}

/// An Application that another one brings, as that one tells of it.
fn brought(namespace: &str, name: &str) -> Value {
    json!({"group": "argoproj.io", "version": "v1alpha1", "kind": "Application", "namespace": namespace, "name": name, "status": "Synced"})
}

fn of_shop() -> Value {
    let tracked = json!([{"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web", "status": "Synced"}]);
    application("bead-shop", "Progressing", &tracked)
}

/// A pod of `web`, whose container waits so.
fn pod(name: &str, owner: &str, reason: &str, message: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"pod-template-hash": "1a2b"},
            "ownerReferences": [{"kind": "ReplicaSet", "name": owner, "controller": true}]},
        "spec": {"containers": [{"name": "main", "image": "r.example.org/shop:9"}]},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "main", "ready": false, "restartCount": 0,
            "state": {"waiting": {"reason": reason, "message": message}}}]}})
}

fn list(items: &[Value]) -> Answer {
    Answer::ok(json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": items}).to_string())
}

/// A hub with one bead whose Deployment has no replica; its pods are answered so.
fn hub(pods: impl Fn() -> Answer + Send + 'static) -> FakeApi {
    hub_of(vec![application("root", "Healthy", &json!([])), of_shop()], pods)
}

/// The same with these Applications. Those in the namespace `team` nobody may read.
fn hub_of(applications: Vec<Value>, pods: impl Fn() -> Answer + Send + 'static) -> FakeApi {
    FakeApi::introduced(move |path| {
        let path = path.split('?').next().unwrap_or_default();
        let named = path.strip_prefix(APPLICATIONS).and_then(|it| it.strip_prefix('/'));
        if let Some(live) = named.and_then(|name| applications.iter().find(|it| it["metadata"]["name"] == name)) {
            return Answer::ok(live.to_string());
        }
        match path {
            APPLICATIONS | "/apis/argoproj.io/v1alpha1/applications" => list(&applications),
            "/apis/apps/v1/namespaces/shop/deployments/web" => {
                let web = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop", "uid": "d"},
                    "spec": {"replicas": 1}, "status": {"updatedReplicas": 1, "replicas": 1}});
                Answer::ok(web.to_string())
            }
            "/api/v1/namespaces/shop/pods" => pods(),
            path if path.starts_with("/apis/apps/v1/namespaces/argocd/") => list(&[]),
            path if path.starts_with("/apis/argoproj.io/v1alpha1/namespaces/team/") => {
                Answer("403 Forbidden", NOT_YOU.to_owned())
            }
            _ => Answer("404 Not Found", NOBODY.to_owned()),
        }
    })
}

fn without_image() -> Answer {
    let other = pod("web-api-1a2b-z", "web-api-1a2b", "CrashLoopBackOff", "of another Deployment");
    list(&[pod("web-1a2b-x", "web-1a2b", "ImagePullBackOff", "Back-off pulling\n image"), other])
}

fn wait(line: &str, api: &FakeApi) -> Run {
    look(&format!("wait --revision {COMMIT} --timeout 2s {line}"), api.kubeconfig())
}

const TOLD: &str =
    "Pod shop/web-1a2b-x, container main: ImagePullBackOff: Back-off pulling image; image r.example.org/shop:9";

#[test]
fn a_tree_and_a_wait_name_the_pod_that_does_not_come_up() {
    let api = hub(without_image);
    let drawn = look("tree shop", api.kubeconfig()).exits(0);
    let line = format!("─ Deployment shop/web: 0 of 1 replicas are available; {TOLD}\n");
    let drawn = drawn.says(&line);
    assert!(!drawn.stderr.contains("another Deployment"), "{}", drawn.stderr);

    let late = wait("--application shop", &api).exits(4);
    let late =
        late.says(&format!("bead-shop is Progressing; {TOLD}")).says("hint: the image has to be at that address");
    assert!(!late.stderr.contains("another Deployment"), "{}", late.stderr);
    let asked = api.asked().into_iter().filter(|it| it.starts_with("/api/v1/namespaces/shop/pods")).count();
    assert_eq!(asked, 2, "once for the tree, and once for a wait of two seconds");
}

#[test]
fn a_wait_without_a_name_looks_below_root_and_no_more_often_than_every_five_seconds() {
    let root = application("root", "Progressing", &json!([brought("argocd", "bead-shop"), brought("team", "web")]));
    let above = application("bead-shop", "Progressing", &json!([brought("argocd", "bead-shop-application")]));
    let mut part = of_shop();
    part["metadata"]["name"] = json!("bead-shop-application");
    let api = hub_of(vec![root, application("argocd", "Healthy", &json!([])), above, part], without_image);

    let late = wait("", &api).exits(4);
    let late = late.says(&format!("root is Progressing; {TOLD}")).says("hint: the image has to be at that address");
    late.says("not looked at: the Applications in namespace team: ");
    for below in ["bead-shop", "bead-shop-application"] {
        let path = format!("{APPLICATIONS}/{below}");
        assert_eq!(api.asked().into_iter().filter(|it| *it == path).count(), 1, "{below}");
    }
}

#[test]
fn pods_that_may_not_be_read_are_told_as_not_looked_at() {
    let api = hub(|| Answer("403 Forbidden", NOT_YOU.to_owned()));
    let unseen = "not looked at: the pods in namespace shop: ";
    look("tree", api.kubeconfig()).exits(0).says(unseen).says("cannot list");
    let tree = look("tree --output json", api.kubeconfig()).document("tree");
    assert!(tree["notLookedAt"].to_string().contains("the pods in namespace shop"), "{tree:#}");
    wait("--application bead-shop", &api).exits(4).says(unseen);
}

#[test]
fn a_name_that_nobody_has_is_told_with_what_there_is() {
    let api = hub(without_image);
    look("tree shp", api.kubeconfig())
        .exits(1)
        .says("there is no Application `shp` on this cluster")
        .says("hint: did you mean `shop`? there is: bead-shop, root");
    wait("--application shp", &api)
        .exits(4)
        .says("warning: there is no Application `shp` on this cluster yet")
        .says("did you mean `shop`?");
    // Git cannot be asked here: what is not on the hub may come, and that is said.
    wait("--bead shp", &api)
        .exits(4)
        .says("warning: bead shp is not on this hub")
        .says("whether git holds it is not known");
}
