//! A bead that asks for more than its permissions name, or for what nobody accepted: refused, and nothing has changed.

use std::time::{Duration, Instant};

use super::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

const HEAD: &str = "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {name: greedy}
spec:
  version: 0.1.0
  application: {namespace: greedy, manifests: app}
";
const ROLE: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: greedy}
rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]
";
const WEBHOOK: &str = "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: greedy}
webhooks:
- name: greedy.example.org
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: {url: 'https://127.0.0.1:1/'}
  rules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
";
const CLUSTER_RESOURCES: &str = "  permissions:
    clusterResources:
    - {group: rbac.authorization.k8s.io, kind: ClusterRole, name: greedy}
    - {group: admissionregistration.k8s.io, kind: ValidatingWebhookConfiguration, name: greedy}
";

/// Everything that a bead could bring, and all that this program has written. Namespaces of the cluster itself are left
/// out: its controllers fill them when they find the time.
fn everything(hub: &Hub) -> Vec<String> {
    let kinds = "namespaces,secrets,configmaps,deployments,clusterroles,validatingwebhookconfigurations,\
                 customresourcedefinitions,applications.argoproj.io,appprojects.argoproj.io,beads.backstack.dev";
    let uids = hub.kubectl(&[
        "get",
        kinds,
        "-n",
        "argocd",
        "-o",
        "jsonpath={range .items[*]}{.kind} {.metadata.uid}{\"\\n\"}{end}",
    ]);
    uids.lines().map(str::to_owned).chain(hub.written()).collect()
}

#[test]
#[ignore = "needs the testbed"]
fn what_is_beyond_the_permissions_is_refused_and_nothing_changes() {
    let hub = Hub::installed(Kind::Plain);
    let bead = Bead::new(&hub, "greedy");
    // What the installation asked Argo CD for is gone when Argo CD has done it.
    eventually("Argo CD has done what it was asked for", || !hub.written().concat().contains("backstack-request"));
    let before = (hub.commits(), everything(&hub));
    let unchanged = || assert_eq!((hub.commits(), everything(&hub)), before, "nothing has changed");

    // By its permissions.
    let beyond = |object: &str, words: &str| {
        bead.edit("bead.yaml", |_| HEAD.to_owned());
        bead.edit("app/deployment.yaml", |_| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n---\n{object}")
        });
        bead.run("install").expect(2).says("app/deployment.yaml:5:1").says(words);
        unchanged();
    };
    beyond(ROLE, "ClusterRole greedy: the bead may not write this object without a namespace");
    beyond(WEBHOOK, "ValidatingWebhookConfiguration greedy: the bead may not write this object without a namespace");
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: greedy, namespace: kube-system}\n";
    beyond(secret, "Secret greedy: the bead may not write into the namespace kube-system");
    let project = "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: greedy, namespace: greedy}\n";
    beyond(project, "AppProject greedy: a bead does not write Argo CD's own kinds");

    // By what it could do with them.
    bead.edit("bead.yaml", |_| format!("{HEAD}{CLUSTER_RESOURCES}"));
    bead.edit("app/deployment.yaml", |_| format!("{ROLE}---\n{WEBHOOK}"));
    let asked = bead.run("install").expect(3);
    asked
        .says("privilege: ClusterRole greedy: rights in every namespace")
        .says("privilege: ValidatingWebhookConfiguration greedy: requests are refused when its webhook does not answer")
        .says("to accept them, set `acceptPrivileges: true` in the step");
    unchanged();

    // A chart that only Argo CD sees has to be accepted, and is held to the same permissions.
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    bead.lock_chart("greedy", &[("role", ROLE), ("map", map)]);
    bead.edit("bead.yaml", |_| HEAD.replace("manifests: app", "chart: {locked: greedy}"));
    bead.run("install").expect(3).says("privilege: chart greedy: what it brings was not looked at");
    unchanged();
    let bead = bead.with("acceptPrivileges: true");
    let started = Instant::now();
    let run = bead.run("install").expect(1);
    run.says("Application argocd/bead-greedy-application failed to sync")
        .says("resource rbac.authorization.k8s.io:ClusterRole is not permitted in project bead-greedy")
        .says("hint: add {group: rbac.authorization.k8s.io, kind: ClusterRole, name: greedy} to `permissions.clusterResources`");
    // Argo CD tries at intervals of 10, 20 and 40 s, and an attempt or two are enough; the deadline is at 15 minutes.
    assert!(started.elapsed() < Duration::from_secs(300), "{:?}", started.elapsed());
    let roles = hub.kubectl(&["get", "clusterroles", "-o", "name"]);
    assert!(!roles.contains("/greedy"), "{roles}");
}
