//! The highly available Argo CD: how it comes up where nodes are too few, and how it becomes the standard one and back.

use serde_json::Value;

use crate::hub::fixture::{Hub, Run, copy_bundle};

/// What there is of one variant alone, by kind and name.
const OF_STANDARD: [(&str, &str); 3] =
    [("deployment", "argocd-redis"), ("service", "argocd-redis"), ("networkpolicy", "argocd-redis-network-policy")];
const OF_HA: [(&str, &str); 5] = [
    ("statefulset", "argocd-redis-ha-server"),
    ("deployment", "argocd-redis-ha-haproxy"),
    ("service", "argocd-redis-ha-announce-2"),
    ("configmap", "argocd-redis-ha-configmap"),
    ("networkpolicy", "argocd-redis-ha-server-network-policy"),
];

/// Where the pod of the controller looks for redis.
const MARK: &str = "/metadata/annotations/backstack.dev~1redis-server";

/// Adds a node on which pods become ready.
fn add_node(hub: &Hub, name: &str) {
    let labels = format!("{{kubernetes.io/hostname: {name}, kubernetes.io/os: linux, kubernetes.io/arch: amd64}}");
    hub.apply(&format!("{{apiVersion: v1, kind: Node, metadata: {{name: {name}, labels: {labels}}}}}"));
}

/// Demands that the proof of the last run holds, that these are there, and those are not.
#[track_caller]
fn has(hub: &Hub, there: &[(&str, &str)], gone: &[(&str, &str)]) {
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    for (kind, name) in there {
        assert!(hub.object(kind, name).is_some(), "{kind} {name} is missing");
    }
    for (kind, name) in gone {
        assert!(hub.object(kind, name).is_none(), "{kind} {name} is left");
    }
}

fn controller(hub: &Hub) -> Value {
    hub.object("pod", "argocd-application-controller-0").expect("the controller's pod")
}

/// Takes the variant with an upgrade, of which `diff` has told that this leaves.
#[track_caller]
fn becomes(hub: &Hub, leaves: &str) {
    hub.run("diff").expect(0).says(leaves);
    let before = controller(hub);
    hub.run("upgrade").expect(0).says(leaves);
    let after = controller(hub);
    assert_ne!(before["metadata"]["uid"], after["metadata"]["uid"], "the controller has begun anew");
    hub.run("upgrade").expect(0).says("no change");
}

#[test]
#[ignore = "needs the testbed"]
fn a_highly_available_argo_cd_wants_three_nodes_and_becomes_the_standard_one_and_back() {
    let hub = Hub::plain();
    hub.make_highly_available();
    let run = Run::watched(hub.start("install", &[], None), "warning: no node takes Pod argocd/argocd-", |_| {
        for name in ["second", "third"] {
            add_node(&hub, name);
        }
    });
    run.expect(0).says("didn't match pod anti-affinity rules").says("it wants three nodes that take pods");
    has(&hub, &OF_HA, &OF_STANDARD);
    assert_eq!(controller(&hub).pointer(MARK), Some(&Value::from("argocd-redis-ha-haproxy:6379")));
    let password = hub.object("secret", "argocd-redis").expect("the password of redis")["data"].clone();

    copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &hub.bundle());
    hub.edit_document(|text| text.split("  components:").next().expect("the first part").to_owned());
    becomes(&hub, "StatefulSet argocd/argocd-redis-ha-server");
    has(&hub, &OF_STANDARD, &OF_HA);
    assert_eq!(controller(&hub).pointer(MARK), None);

    hub.make_highly_available();
    becomes(&hub, "Deployment argocd/argocd-redis");
    has(&hub, &OF_HA, &OF_STANDARD);
    assert_eq!(hub.object("secret", "argocd-redis").expect("it stays")["data"], password);

    hub.run("verify").expect(0);
    hub.run("uninstall").expect(0).says("nothing of the hub is left");
    hub.run("uninstall").expect(0).says("nothing to remove");
}
