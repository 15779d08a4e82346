//! The real Kyverno: its webhooks are called as in a cluster.

use crate::support::{TESTBED, apply, attempt, install, kubectl, running, until};

const POLICIES: &str = r#"
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Pod], namespaces: [default]}}]}
    validate:
      failureAction: Enforce
      message: a pod needs the label team
      pattern: {metadata: {labels: {team: "?*"}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: welcome}
spec:
  rules:
  - name: welcome
    match: {any: [{resources: {kinds: [Namespace]}}]}
    generate:
      apiVersion: v1
      kind: ConfigMap
      name: welcome
      namespace: "{{request.object.metadata.name}}"
      synchronize: true
      data: {data: {hello: world}}
"#;

const LEFT_OVER: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: left-over}
webhooks:
- name: left-over.example.org
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {namespace: kyverno, name: kyverno-svc, path: /validate}}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [configmaps]}]
"#;

#[tokio::test]
#[ignore = "needs the built peers"]
async fn policies_deny_and_generate() {
    let testbed = &*TESTBED;
    let cluster = testbed.lease().await.expect("a cluster");
    let chart = tempfile::tempdir().expect("a folder");
    testbed.kyverno_chart(chart.path()).expect("written");
    install(testbed, &cluster, "kyverno", "kyverno", chart.path(), &[]);
    until("Kyverno runs", || running(&cluster) == 2);
    apply(testbed, &cluster, POLICIES);
    kubectl(testbed, &cluster, &["wait", "clusterpolicy", "--all", "--for=condition=Ready", "--timeout=120s"]);

    until("a pod without the label is denied", || {
        let output = attempt(testbed, &cluster, b"", &["run", "bare", "--image=any", "--dry-run=server"]);
        String::from_utf8_lossy(&output.stderr).contains("a pod needs the label team")
    });
    kubectl(testbed, &cluster, &["run", "good", "--image=any", "--labels=team=one"]);
    kubectl(testbed, &cluster, &["create", "namespace", "fresh"]);
    until("the ConfigMap is generated", || {
        let output = attempt(testbed, &cluster, b"", &["get", "configmap", "welcome", "-n", "fresh"]);
        output.status.success()
    });

    // Asked to end while its Deployment wants none of it, Kyverno takes its webhooks along.
    let mine = ["get", "validatingwebhookconfigurations", "-o", "name", "-l", "webhook.kyverno.io/managed-by=kyverno"];
    assert!(!kubectl(testbed, &cluster, &mine).stdout.is_empty());
    kubectl(testbed, &cluster, &["scale", "-n", "kyverno", "deployment/kyverno-admission-controller", "--replicas=0"]);
    until("Kyverno's webhooks are gone", || kubectl(testbed, &cluster, &mine).stdout.is_empty());
    until("the admission controller has ended", || running(&cluster) == 1);

    // A webhook with nobody behind it refuses what it guards.
    apply(testbed, &cluster, LEFT_OVER);
    until("the left-over webhook refuses", || {
        let output = attempt(testbed, &cluster, b"", &["create", "configmap", "late", "--dry-run=server"]);
        let error = String::from_utf8_lossy(&output.stderr);
        error.contains("failed calling webhook") && error.contains("left-over.example.org")
    });
}
