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

    // With nobody behind the webhook the API server refuses, as the policy says.
    let scale = |replicas: &str| {
        let args = ["scale", "-n", "kyverno", "deployment/kyverno-admission-controller", replicas];
        kubectl(testbed, &cluster, &args);
    };
    scale("--replicas=0");
    until("the admission controller has ended", || running(&cluster) == 1);
    let output = attempt(testbed, &cluster, b"", &["run", "late", "--image=any", "--labels=team=one"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("failed calling webhook") || error.contains("connection refused"), "{error}");
    scale("--replicas=1");
    until("a pod is admitted again", || {
        attempt(testbed, &cluster, b"", &["run", "late", "--image=any", "--labels=team=one"]).status.success()
    });
}
