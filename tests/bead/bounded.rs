//! A bead within its bounds: its pods within the level that it declares, and itself within its namespace.

use std::fs;

use super::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

const ENFORCE: &str = "pod-security.kubernetes.io/enforce";
const PRIVILEGED: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: greedy}
spec:
  selector: {matchLabels: {app: greedy}}
  template:
    metadata: {labels: {app: greedy}}
    spec:
      hostPID: true
      volumes: [{name: node, hostPath: {path: /}}]
      containers:
      - {name: c, image: registry.k8s.io/pause:3.10, securityContext: {privileged: true}}
";
const NAMESPACE: &str = "apiVersion: v1
kind: Namespace
metadata: {name: greedy, labels: {pod-security.kubernetes.io/enforce: privileged}}
";

fn level(hub: &Hub, namespace: &str) -> String {
    let namespace = hub.object("namespace", namespace).expect("there");
    namespace["metadata"]["labels"][ENFORCE].as_str().unwrap_or_default().to_owned()
}

/// A chart that nobody has looked at has to be accepted, and still gets no pod beyond its level, since its namespace lets none
/// in; nor may it write another level onto the namespace. Where somebody accepts that level, the same chart gets its pod.
#[test]
#[ignore = "needs the testbed"]
fn a_chart_that_was_not_looked_at_gets_no_pod_beyond_its_level() {
    let hub = Hub::installed(Kind::Plain);
    let mut bead = Bead { timeout: "60s", ..Bead::new(&hub, "greedy") };
    let accepted = "acceptPrivileges: true";
    bead.lock_chart("greedy", &[("deployment", PRIVILEGED)]);
    bead.edit("bead.yaml", |text| text.replace("manifests: app", "chart: {locked: greedy}"));
    let unseen = "privilege: chart greedy: what it brings was not looked at";
    bead.run("install").expect(3).says("not looked at: the chart greedy: `helm` is not on PATH").says(unseen);
    bead = bead.with(accepted);
    bead.run("install").expect(4).says("not looked at: the chart greedy: `helm` is not on PATH");
    assert_eq!(level(&hub, "greedy"), "baseline");
    let pods = || hub.kubectl(&["get", "pods", "-n", "greedy", "-o", "name"]);
    let why = "jsonpath={.items[*].status.conditions[?(@.type==\"ReplicaFailure\")].message}";
    eventually("the controller tries to make the pod", || {
        hub.kubectl(&["get", "replicasets", "-n", "greedy", "-o", why])
            .contains("violates PodSecurity \"baseline:latest\"")
    });
    assert_eq!(pods(), "", "there is no such pod");

    // Somebody takes the label off; Argo CD puts it back.
    hub.kubectl(&["label", "namespace", "greedy", &format!("{ENFORCE}=privileged"), "--overwrite"]);
    eventually("Argo CD heals the label", || level(&hub, "greedy") == "baseline");
    // A pod that was let in meanwhile is not for the label to end; no other comes.
    hub.kubectl(&["delete", "pods", "--all", "-n", "greedy", "--wait=false"]);
    eventually("there is no such pod again", || pods().is_empty());

    // The chart brings its own namespace, with a label that would let the pod in.
    bead.lock_chart("greedy", &[("deployment", PRIVILEGED), ("namespace", NAMESPACE)]);
    bead.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    bead.run("upgrade").expect(1).says("resource :Namespace is not permitted in project bead-greedy");
    assert_eq!((level(&hub, "greedy").as_str(), pods().as_str()), ("baseline", ""));

    // Declared, it is asked for; accepted, it comes.
    fs::remove_file(bead.bundle().join("assets/greedy/templates/namespace.yaml")).expect("removed");
    bead.lock_chart("greedy", &[("deployment", PRIVILEGED)]);
    bead.edit("bead.yaml", |text| {
        text.replace("version: 0.2.0", "version: 0.3.0").replace("podSecurity: baseline", "podSecurity: privileged")
    });
    bead = bead.with("");
    bead.run("upgrade").expect(3).says("privilege: podSecurity privileged: nothing bounds its pods");
    assert_eq!(level(&hub, "greedy"), "baseline");
    let bead = Bead { timeout: "5m", ..bead.with(accepted) };
    bead.run("upgrade").expect(0);
    assert_eq!(level(&hub, "greedy"), "privileged");
    eventually("the pod is made", || !pods().is_empty());
    bead.run("install").expect(0).says("no change");
    bead.run("uninstall").expect(0).says("Namespace greedy: others may use it");
    let left = hub.object("namespace", "greedy").expect("it outlives the bead");
    assert_eq!(left["metadata"]["annotations"].get("argocd.argoproj.io/tracking-id"), None, "{left:#}");
    Bead::new(&hub, "other").run("install").expect(0);
}

/// The hub knows its components and its beads, so none gets into the namespace of another; and nothing has been written.
#[test]
#[ignore = "needs the testbed"]
fn a_bead_in_a_namespace_of_others_is_refused_before_anything_is_written() {
    let hub = Hub::installed(Kind::Component);
    Bead::new(&hub, "first").with("parameters: {replicas: 0}").run("install").expect(0);
    let guest = Bead::new(&hub, "guest").with("acceptPrivileges: true\nparameters: {replicas: 0}");
    let commits = hub.commits();
    let refused = |document: &dyn Fn(String) -> String, words: &str| {
        guest.edit("bead.yaml", document);
        guest.run("diff").expect(3).says(words);
        guest.run("install").expect(3).says(words).says("writes into namespaces of others; nothing was changed");
        assert_eq!(hub.commits(), commits, "nothing is written");
    };
    let own = |text: String, namespace: &str| text.replace("namespace: guest", &format!("namespace: {namespace}"));
    guest.edit("app/deployment.yaml", |text| text.replace("\n  namespace: guest", ""));
    refused(&|text| own(text, "first"), "namespace first is that of bead first");
    refused(
        &|text| {
            own(text, "x")
                .replace("namespace: first", "namespace: guest")
                .replace("namespaces: []", "namespaces: [first]")
        },
        "namespace first is that of bead first",
    );
    refused(
        &|text| text.replace("namespaces: [first]", "namespaces: [crossplane-system]"),
        "namespace crossplane-system is that of the component crossplane of the hub",
    );
    let scaffold = |text: String| text.replace("namespaces: [crossplane-system]", "namespaces: []");

    // What only the cluster knows: somebody works there, or has bounded it in another way.
    hub.kubectl(&["create", "namespace", "guest"]);
    hub.kubectl(&["create", "serviceaccount", "robot", "-n", "guest"]);
    refused(&scaffold, "namespace guest has ServiceAccount guest/robot, which is not of the bead");
    hub.kubectl(&["delete", "serviceaccount", "robot", "-n", "guest"]);
    hub.kubectl(&["label", "namespace", "guest", &format!("{ENFORCE}=restricted")]);
    refused(&|text| text, "namespace guest enforces the level restricted on pods, and the bead declares baseline");
    hub.kubectl(&["label", "namespace", "guest", &format!("{ENFORCE}-")]);
    guest.run("install").expect(0);
    assert_eq!(level(&hub, "guest"), "baseline");
}
