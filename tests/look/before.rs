//! `check --pre` on clusters of all sorts.

use std::time::Instant;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::look;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;
use crate::support::relay::Relay;
use crate::support::with_token;

/// Argo CD as somebody else has it.
const OF_OTHERS: &str = "
{apiVersion: v1, kind: ConfigMap, metadata: {name: argocd-cm, namespace: argocd, labels: {app.kubernetes.io/part-of: argocd}}}";

/// Everything of a verdict, by what it is about.
fn of<'d>(document: &'d Value, verdict: &str) -> Vec<&'d str> {
    let all = document["checks"].as_array().expect("a list").iter();
    all.filter(|it| it["verdict"] == verdict).map(|it| it["check"].as_str().expect("text")).collect()
}

fn line<'d>(document: &'d Value, check: &str, verdict: &str) -> &'d Value {
    let mut all = document["checks"].as_array().expect("a list").iter();
    let is_it = |it: &&Value| it["check"] == check && it["verdict"] == verdict;
    all.find(is_it).unwrap_or_else(|| panic!("no {verdict} of {check} in {document:#}"))
}

/// A kubeconfig of an account that may read who the cluster is, and nothing else.
fn of_nobody(hub: &Hub) -> NamedTempFile {
    hub.apply(
        "{apiVersion: v1, kind: ServiceAccount, metadata: {name: nobody, namespace: default}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: nobody}
rules: [{apiGroups: [''], resources: [namespaces], resourceNames: [kube-system], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: nobody}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: nobody}
subjects: [{kind: ServiceAccount, name: nobody, namespace: default}]",
    );
    let token = hub.kubectl(&["create", "token", "nobody", "-n", "default"]);
    with_token(hub.cluster.kubeconfig(), &token)
}

#[test]
#[ignore = "needs the testbed"]
fn what_an_installation_would_meet_is_known_before_and_nothing_is_written() {
    let hub = Hub::plain();
    let bundle = hub.bundle();
    let with_bundle = format!("check --pre {} --output json", bundle.display());

    // An empty cluster may become a hub. Every request but reads is a question or a trial.
    let relay = Relay::before(hub.kubectl_command(&[]));
    let begin = Instant::now();
    let empty = look("check --pre --output json", relay.kubeconfig()).exits(0).document("check");
    let tried = look(&with_bundle, relay.kubeconfig()).exits(0).document("check");
    let asked = relay.since(begin);
    let writes = |it: &&String| {
        !it.starts_with("GET ") && !it.contains("dryRun=All") && !it.contains("authorization.k8s.io/v1/selfsubject")
    };
    assert_eq!(asked.iter().filter(writes).collect::<Vec<_>>(), [""; 0]);
    assert!(asked.iter().any(|it| it.contains("dryRun=All")), "it tries something");
    assert_eq!(
        (of(&empty, "fail"), of(&empty, "warn"), &empty["mayBecomeHub"]),
        (vec![], vec![], &json!(true)),
        "{empty:#}"
    );
    assert_eq!((of(&tried, "fail"), of(&tried, "warn")), (vec![], vec![]), "{tried:#}");
    assert_eq!(line(&empty, "kubernetes", "ok")["says"].as_str().map(|it| it.contains("is tested with")), Some(true));
    assert!(of(&empty, "notLookedAt").contains(&"bundle") && !of(&tried, "notLookedAt").contains(&"bundle"));
    look("check --pre", hub.cluster.kubeconfig()).exits(0).says("this cluster may become a hub");

    // Whoever may do nothing is told each permission, and what nobody could look at; with the bundle it is the same.
    let nobody = of_nobody(&hub);
    let run = look("check --pre --output json", nobody.path()).exits(3).says("this cluster may not become a hub");
    let of_any = run.document("check");
    let missing = line(&of_any, "permissions", "fail")["details"].as_array().expect("a list").clone();
    assert!(missing.contains(&json!("create deployments.apps in namespace argocd")), "{missing:#?}");
    assert!(missing.contains(&json!("escalate clusterroles.rbac.authorization.k8s.io cluster-wide")), "{missing:#?}");
    let unseen = of(&of_any, "notLookedAt");
    assert!(["argo cd", "admission", "nodes"].iter().all(|it| unseen.contains(it)), "{of_any:#}");
    let of_bundle = look(&with_bundle, nobody.path()).exits(3).document("check");
    assert_eq!(line(&of_bundle, "permissions", "fail")["details"], json!(missing));

    // No node that takes a pod.
    let node = hub.kubectl(&["get", "nodes", "-o", "name"]);
    hub.kubectl(&["cordon", node.trim()]);
    let shut = look("check --pre --output json", hub.cluster.kubeconfig()).exits(3).document("check");
    assert_eq!(of(&shut, "fail"), ["nodes"], "{shut:#}");
    hub.kubectl(&["uncordon", node.trim()]);

    // A policy that lets in no image of others.
    hub.apply(
        "apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: own-images}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  validations: [{expression: \"object.spec.containers.all(it, it.image.startsWith('registry.example.org/'))\", message: images of others}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: own-images}
spec: {policyName: own-images, validationActions: [Deny]}",
    );
    eventually("the policy holds", || look("check --pre", hub.cluster.kubeconfig()).code == 3);
    let denied = look(&with_bundle, hub.cluster.kubeconfig()).exits(3).document("check");
    let refused = line(&denied, "admission", "fail");
    let says = |part: &str| {
        refused["details"].as_array().expect("a list").iter().any(|it| it.as_str().is_some_and(|it| it.contains(part)))
    };
    assert!(says("Deployment argocd/argocd-server") && says("images of others"), "{refused:#}");
    hub.kubectl(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "own-images"]);

    // What is left in the namespace is told; an Argo CD of others is in the way.
    hub.kubectl(&["create", "namespace", "argocd"]);
    hub.kubectl(&["create", "configmap", "of-people", "-n", "argocd"]);
    eventually("the policy is gone", || look("check --pre", hub.cluster.kubeconfig()).code == 0);
    let left = look("check --pre --output json", hub.cluster.kubeconfig()).exits(0).document("check");
    assert_eq!(line(&left, "namespace", "warn")["details"], json!(["ConfigMap argocd/of-people"]));
    hub.apply(OF_OTHERS);
    let run = look("check --pre --output yaml", hub.cluster.kubeconfig()).exits(3);
    assert!(run.stdout.contains("ConfigMap argocd/argocd-cm was installed by somebody else"), "{}", run.stdout);
    let run = look("check --pre", hub.cluster.kubeconfig()).exits(3).says("FAIL           argo cd");
    assert!(run.says("adopt: true").stdout.is_empty());
}

#[test]
#[ignore = "needs the testbed"]
fn a_hub_that_is_there_is_called_one() {
    let hub = Hub::installed(Kind::Plain);
    let there = look("check --pre --output json", hub.cluster.kubeconfig()).exits(0).document("check");
    let says = line(&there, "argo cd", "warn")["says"].as_str().expect("text");
    assert!(says.contains(&hub.repository.url()) && says.contains("is a hub already"), "{says}");
}
