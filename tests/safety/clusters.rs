//! The end of a cluster.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::cluster::fixture::{Bundle, TOKEN};
use crate::cluster::shipped::Shipped;
use crate::hub::fixture::{Run, eventually};
use crate::signals::send;
use crate::support::shared_api::SharedApi;

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
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: balanced, namespace: default, finalizers: [ingress.k8s.aws/resources]}
spec: {defaultBackend: {service: {name: front, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: plain, namespace: default}
spec: {defaultBackend: {service: {name: front, port: {number: 80}}}}
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

fn mode(file: &Path) -> u32 {
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

/// Before a cluster is destroyed everything on it is looked at that something outside hangs on: a hub, what Crossplane has made,
/// volumes and load balancers, and whatever has a finalizer of others. The refusal lists all of it, a step names what may be
/// lost, and a plan that would replace the cluster is refused as well. No secret of it is shown.
#[test]
#[ignore = "needs the testbed"]
fn a_cluster_goes_only_when_nothing_is_lost_with_it() {
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
    assert!(refused.stderr.contains("mayRemove: [terraform_data.cluster]` (in a bundle"), "{}", refused.stderr);
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
        "Ingress default/balanced: its finalizer says",
    ];
    let existing = json!({"cluster": {"existing": {"kubeconfig": bundle.kubeconfig()}, "onUninstall": "check-only"}});
    for step in [
        bundle.step("uninstall", &json!({})),
        bundle.step("uninstall", &json!({"onUninstall": "check-only"})),
        Bundle::step_of("uninstall", &existing), // which goes another way
    ] {
        let run = Run::of(bundle.start("uninstall", &step));
        let mut refused = run.expect(3).says("Namespace shop: one workload").says("Ingress default/plain: names");
        for words in lost {
            refused = refused.says(words);
        }
        assert!(!refused.stderr.contains("Zone default/b"), "{}", refused.stderr);
        assert!(bundle.exists() && bundle.resources().len() == 3);
    }
    bundle.kubectl(&["delete", "service", "front"]);
    for held in ["zone/a", "ingress/balanced"] {
        bundle.kubectl(&["patch", held, "--type=merge", "-p", "{\"metadata\":{\"finalizers\":null}}"]);
    }
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

/// The hub has a removal of its own, which comes first. The steps of a bundle know of each other by the kubeconfig, so that a
/// removal that was broken off, and one that was done, can be run again from the first step.
#[test]
#[ignore = "needs the testbed"]
fn a_cluster_goes_after_the_hub_on_it_and_not_before() {
    let shipped = Shipped::new();
    shipped.set("20s"); // as long as it stays so in the state
    shipped.run("install").expect(0).says("has made the cluster").says("prove");
    let kubeconfig = shipped.output("kubeconfig");
    assert_eq!((mode(&kubeconfig), shipped.made.exists()), (0o600, true), "for the bundles of beads");
    shipped.run("upgrade").expect(0).says("nothing to do");
    shipped.check().expect(3).says("Application argocd/root: Argo CD works for it here; remove the hub first");

    let child = shipped.start("uninstall");
    let run = Run::watched(child, "apply      destroys time_sleep.network", |child| send("TERM", child));
    assert_eq!(run.code(), 143, "{}", run.stderr);
    let run = run.says("nothing of the hub is left");
    assert!(!shipped.made.exists(), "{}", run.stderr);
    shipped.run("uninstall").expect(0).says("it is being destroyed").says("with the hub that was on it");
    shipped.run("uninstall").expect(0).says("it was destroyed").says("with the hub that was on it");
}

/// Only what an installation has begun from nothing, and is no older than that, has it made: a record beside the state says so,
/// and a mark on the cluster. A state alone is no proof, nor is a kubeconfig.
#[test]
#[ignore = "needs the testbed"]
fn a_cluster_that_was_there_is_left_standing_whatever_the_state_says() {
    let api = SharedApi::namespaced("adopted");
    let mut bundle = Bundle::new();
    // Looked up alone.
    bundle.copy_module("found");
    bundle.variables = json!({"kubeconfig": api.kubeconfig()});
    let step = |bundle: &Bundle, action: &str, more: &Value| {
        bundle.step(action, more).replace(r#""secrets":{"token":{"env":"MODULE_TOKEN"}},"#, "")
    };
    let run = |bundle: &Bundle, action: &str, more: Value| Run::of(bundle.start(action, &step(bundle, action, &more)));
    run(&bundle, "install", json!({})).expect(0).says("it is adopted").says("only looked up");
    assert_eq!(bundle.record()["origin"], "adopted");
    assert!(
        api.kubectl(&["get", "configmap", "-n", "kube-system", "-o", "name"])
            .lines()
            .all(|it| !it.contains("backstack"))
    );
    run(&bundle, "uninstall", json!({"onUninstall": "destroy"}))
        .expect(3)
        .says("this installation has not made the cluster");
    run(&bundle, "uninstall", json!({})).expect(0).says("left standing");
    run(&bundle, "status", json!({})).expect(0);

    // One whose kubeconfig would run a program of this machine, where the bundle is only played.
    let text = fs::read_to_string(api.kubeconfig()).expect("a kubeconfig");
    let mut kubeconfig: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    kubeconfig["users"][0]["user"] =
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "id"}});
    let file = bundle.root.path().join("with-program");
    fs::write(&file, kubeconfig.to_string()).expect("written");
    bundle.set("kubeconfig", file.display().to_string());
    run(&bundle, "install", json!({})).expect(2).says("user testbed: exec").says("names no program");

    // Its kubeconfig leads to another cluster than before: neither of them is taken for the other one.
    let bundle = Bundle::new();
    bundle.run("install").expect(0).says("has made the cluster");
    let config = bundle.where_it_is().join("config");
    let own = fs::read(&config).expect("a kubeconfig");
    fs::copy(api.kubeconfig(), &config).expect("written");
    for action in ["install", "status", "uninstall"] {
        bundle.run(action).expect(3).says("leads to another cluster");
    }
    fs::write(&config, own).expect("written");
    bundle.run("install").expect(0);
    assert_eq!(bundle.record()["origin"], "made");

    // A state with resources and no record: they were imported, or are of another installation.
    fs::remove_file(bundle.kept("cluster.json")).expect("removed");
    bundle.run("install").expect(0).says("it is adopted").says("before this installation began");
    for more in [json!({}), json!({"onUninstall": "destroy"})] {
        bundle.run_with("uninstall", &more).expect(3).says("has not made the cluster").says("terraform_data.cluster");
    }
    bundle.run_with("uninstall", &json!({"onUninstall": "leave"})).expect(0).says("left standing");
    assert!(bundle.exists() && bundle.resources().len() == 3);
}

/// The record knows the lineage of the state and whether it held the cluster. Without the state nobody knows what there is to
/// destroy, so that is refused, and not called done.
#[test]
#[ignore = "needs the testbed"]
fn a_lost_state_is_no_state_of_nothing() {
    let mut bundle = Bundle::new();
    bundle.run("uninstall").expect(3).says("there is no state").says("mayRemove: [state]");
    bundle.run("install").expect(0);
    let (state, kept) = (bundle.kept("terraform.tfstate"), bundle.kept("elsewhere"));
    fs::rename(&state, &kept).expect("moved");
    for action in ["install", "uninstall"] {
        bundle.run(action).expect(3).says("is not there").says("give back `terraform.tfstate`");
    }
    fs::write(&state, fs::read_to_string(&kept).expect("a state").replace("\"lineage\": \"", "\"lineage\": \"f"))
        .expect("written");
    bundle.run("uninstall").expect(3).says("the state is another one");
    fs::remove_file(&state).expect("removed");
    bundle.run_with("uninstall", &json!({"mayRemove": ["state"]})).expect(0).says("nothing to destroy");
    assert!(bundle.exists(), "nothing was destroyed");

    // An emptied one, before and after it is given back.
    fs::rename(&kept, &state).expect("moved");
    fs::write(bundle.kept("cluster.json"), bundle.record().to_string().replace("destroyed", "standing"))
        .expect("written");
    bundle.set("generation", 2);
    bundle.run_with("upgrade", &json!({"mayRemove": ["terraform_data.cluster, terraform_data.addon"]})).expect(0);
    let replaced = bundle.record();
    assert_eq!(replaced["origin"], "made");
    let uid = bundle.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(replaced["uid"], uid, "the one in its place");

    // Without its mark it may be anybody's.
    bundle.kubectl(&["delete", "configmap", "backstack-cluster", "-n", "kube-system"]);
    bundle.run("uninstall").expect(3).says("does not have the mark of this installation");
    bundle.run("install").expect(0).says("has made the cluster");
    bundle.run("uninstall").expect(0).says("the cluster answers no more");
}
