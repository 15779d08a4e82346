//! The way up and the way down.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use super::fixture::{Bundle, TOKEN};
use crate::hub::fixture::{Run, eventually};

/// A claim's kind, by its category; an operator's, by the finalizer of its object.
const DEFINITIONS: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: buckets.s3.example.org}
spec:
  group: s3.example.org
  scope: Cluster
  names: {kind: Bucket, plural: buckets, categories: [managed]}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: zones.dns.example.org}
spec:
  group: dns.example.org
  scope: Namespaced
  names: {kind: Zone, plural: zones}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
";
const THINGS: &str = "
{apiVersion: s3.example.org/v1, kind: Bucket, metadata: {name: precious}}
---
{apiVersion: dns.example.org/v1, kind: Zone, metadata: {name: a, namespace: default, finalizers: [dns.example.org/records]}}
---
{apiVersion: dns.example.org/v1, kind: Zone, metadata: {name: b, namespace: default}}
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {hostPath: {path: /x}, accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, claimRef: {namespace: shop, name: orders}}
---
{apiVersion: v1, kind: Service, metadata: {name: front, namespace: default}, spec: {type: LoadBalancer, ports: [{port: 80}]}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}}
";

fn mode(file: &std::path::Path) -> u32 {
    file.metadata().expect("there").permissions().mode() & 0o777
}

/// Demands that a run has shown none of these.
#[track_caller]
fn shows_none_of(run: &Run, secrets: &[String]) {
    for secret in secrets {
        assert!(!run.stderr.contains(secret) && !run.stdout.contains(secret), "{secret} in:\n{}", run.stderr);
    }
}

/// What is secret in a kubeconfig of the testbed, and what the module was given.
fn secrets(bundle: &Bundle) -> Vec<String> {
    let text = fs::read_to_string(bundle.kubeconfig()).expect("a kubeconfig");
    let kubeconfig: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    let key = kubeconfig["users"][0]["user"]["client-key-data"].as_str().expect("a key").to_owned();
    vec![TOKEN.to_owned(), key]
}

#[test]
#[ignore = "needs the testbed"]
fn a_cluster_is_made_looked_at_and_destroyed_when_nothing_is_lost_with_it() {
    let mut bundle = Bundle::new();
    bundle.run("status").expect(1).says("there is no cluster").says("install it first");

    let made = bundle.run("install").expect(0).says("create  terraform_data.cluster").says("has made the cluster");
    assert!(bundle.exists());
    let secrets = secrets(&bundle);
    shows_none_of(&made, &secrets);
    for file in [bundle.kubeconfig(), bundle.kept("cluster.json"), bundle.kept("terraform.tfstate")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    let record = bundle.record();
    let uid = bundle.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(
        (&record["phase"], &record["origin"], &record["uid"]),
        (&json!("standing"), &json!("made"), &json!(uid))
    );
    assert_eq!(bundle.output("uid"), uid);
    assert_eq!(bundle.output("facts"), format!("{{\"generation\":1,\"name\":\"{}\"}}", bundle.name));
    assert_eq!(bundle.output("token"), TOKEN);
    assert_eq!(bundle.output("kubeconfig"), fs::read_to_string(bundle.kubeconfig()).expect("a kubeconfig"));

    let before = fs::read(bundle.kept("terraform.tfstate")).expect("a state");
    bundle.run("upgrade").expect(0).says("nothing to do");
    fs::remove_file(bundle.kubeconfig()).expect("removed");
    bundle.run("status").expect(0).says(&uid);
    assert_eq!(fs::read(bundle.kept("terraform.tfstate")).expect("a state"), before, "nothing was written");
    assert_eq!(bundle.record(), record);

    bundle.set("generation", 2);
    let refused = bundle.run("upgrade").expect(3).says("terraform_data.cluster: would be destroyed and made anew");
    assert!(refused.stderr.contains("mayRemove: [terraform_data.cluster]"), "{}", refused.stderr);
    assert!(
        bundle.exists() && bundle.kubectl(&["get", "namespace", "kube-system", "-o", "name"]).contains("kube-system")
    );
    bundle.set("generation", 1);

    bundle.apply(DEFINITIONS);
    eventually("the kinds are served", || bundle.kubectl(&["api-resources"]).matches("example.org").count() == 2);
    bundle.apply(THINGS);
    let lost = [
        "Bucket precious: Crossplane would delete or orphan",
        "PersistentVolume disk: the data of the claim shop/orders",
        "Service default/front: nobody would take away the load balancer",
        "Zone default/a: its finalizer says",
    ];
    for (action, more) in [("uninstall", json!({})), ("uninstall", json!({"onUninstall": "check-only"}))] {
        let mut refused = bundle.run_with(action, &more).expect(3).says("Namespace shop: one workload");
        for words in lost {
            refused = refused.says(words);
        }
        assert!(!refused.stderr.contains("Zone default/b"), "{}", refused.stderr);
        assert!(bundle.exists() && bundle.resources().len() == 3);
    }
    bundle.kubectl(&["delete", "service", "front"]);
    bundle.kubectl(&["patch", "zone", "a", "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}"]);
    let named = json!({"mayRemove": ["Bucket.s3.example.org/*, PersistentVolume/disk"], "onUninstall": "check-only"});
    bundle.run_with("uninstall", &named).expect(0).says("loses      Bucket precious");
    assert!(bundle.exists());

    let named = json!({"mayRemove": ["Bucket.s3.example.org/*, PersistentVolume/disk"]});
    let gone = bundle.run_with("uninstall", &named).expect(0).says("the cluster answers no more");
    shows_none_of(&gone, &secrets);
    assert!(!bundle.exists());
    assert_eq!(bundle.resources(), [""; 0]);
    assert_eq!(bundle.record()["phase"], "destroyed");
    bundle.run_with("uninstall", &named).expect(0).says("nothing to destroy");
}
