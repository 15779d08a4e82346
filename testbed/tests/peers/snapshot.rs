//! What a cluster has become is put onto another one, and lives on there.

use std::process::Command;

use backstack_testbed::{Cluster, Testbed};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{apply, kubectl, until};

const OBJECTS: &str = r"
{apiVersion: v1, kind: Namespace, metadata: {name: town}}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: houses.town.example.org}
spec:
  group: town.example.org
  scope: Namespaced
  names: {kind: House, plural: houses}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: baker, namespace: town}
spec:
  replicas: 2
  selector: {matchLabels: {app: baker}}
  template: {metadata: {labels: {app: baker}}, spec: {containers: [{name: baker, image: any}]}}
";
const HOUSE: &str = "{apiVersion: town.example.org/v1, kind: House, metadata: {name: first, namespace: town}}";

fn identities(testbed: &Testbed, cluster: &Cluster) -> Vec<String> {
    let kinds = "deployments,replicasets,houses.town.example.org,secrets";
    let path = "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid}{'\\n'}{end}";
    let output = kubectl(testbed, cluster, &["get", kinds, "-n", "town", "-o", path]);
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

fn uid(testbed: &Testbed, cluster: &Cluster) -> Vec<u8> {
    kubectl(testbed, cluster, &["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]).stdout
}

#[tokio::test]
#[ignore = "needs the built peers"]
async fn a_cluster_goes_on_where_another_one_was_recorded() {
    let testbed = Testbed::start_own(2).expect("started");
    let (first, second) = (testbed.lease().await.expect("one"), testbed.lease().await.expect("another"));
    let own = uid(&testbed, &second);
    apply(&testbed, &first, OBJECTS);
    apply(&testbed, &first, HOUSE);
    let user = first.repository().reader().username.clone();
    kubectl(
        &testbed,
        &first,
        &["create", "secret", "generic", "git", "-n", "town", &format!("--from-literal=user={user}")],
    );
    let pods = ["wait", "-n", "town", "--for=condition=Available", "deployment/baker", "--timeout=60s"];
    kubectl(&testbed, &first, &pods);
    let commit = first.repository().commit(|folder| std::fs::write(folder.join("a"), "b").expect("written"));
    first.record("town").expect("recorded");
    let recorded = (identities(&testbed, &first), uid(&testbed, &first));

    drop(second); // the first one goes on, so it is the second that is taken
    let second = testbed.lease_recorded("town").await.expect("the second, like the first");
    assert_ne!(second.number(), first.number());
    assert_eq!((identities(&testbed, &second), uid(&testbed, &second)), recorded);
    let ready = kubectl(&testbed, &second, &["get", "pods", "-n", "town", "-o", "jsonpath={.items[*].status.phase}"]);
    assert_eq!(String::from_utf8_lossy(&ready.stdout), "Running Running");

    // The address is the same, the repository the cluster's own.
    let head = |cluster: &Cluster| {
        let url = cluster.repository().url_for(cluster.repository().reader());
        let output = Command::new("git").args(["ls-remote", &url, "refs/heads/main"]).output().expect("started");
        String::from_utf8_lossy(&output.stdout).split_whitespace().next().map(str::to_owned)
    };
    assert_eq!(second.repository().url(), first.repository().url());
    assert_eq!(head(&second), Some(commit.expect("pushed")));
    second.repository().commit(|folder| std::fs::write(folder.join("a"), "c").expect("written")).expect("pushed");
    assert_ne!(head(&second), head(&first));
    let secret = kubectl(&testbed, &second, &["get", "secret", "git", "-n", "town", "-o", "json"]).stdout;
    let secret: Value = serde_json::from_slice(&secret).expect("JSON");
    let expected = second.repository().reader().username.clone();
    assert_eq!(secret["data"]["user"], STANDARD.encode(expected));

    // Its controllers know what belongs to what.
    kubectl(&testbed, &second, &["delete", "deployment", "baker", "-n", "town"]);
    until("nothing is left of the Deployment", || {
        kubectl(&testbed, &second, &["get", "replicasets,pods", "-n", "town", "-o", "name"]).stdout.is_empty()
    });
    assert_eq!(identities(&testbed, &second).len(), 2, "the house and the Secret stay");

    drop(second);
    let clean = testbed.lease().await.expect("the second, as new");
    assert_eq!(uid(&testbed, &clean), own);
    assert_eq!(head(&clean), None);
    let namespaces = kubectl(&testbed, &clean, &["get", "namespaces", "-o", "name"]).stdout;
    assert!(!String::from_utf8_lossy(&namespaces).contains("town"));
}
