//! Clusters that people order become spokes: by the real Kyverno, from what the real Crossplane has composed.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::fixture::{Guest, run};
use super::looked::{self, OBJECTS};
use super::sandbox::{leading_to, sandbox, sandboxes};
use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// The kubeconfig of a cluster that somebody has ordered, with a token.
fn with_token(ordered: &Guest) -> Value {
    ordered.kubectl(&["create", "serviceaccount", "made", "-n", "default"]);
    let role = ["--clusterrole=cluster-admin", "--serviceaccount=default:made"];
    ordered.kubectl(&[&["create", "clusterrolebinding", "made"][..], &role].concat());
    let token = ordered.kubectl(&["create", "token", "made", "-n", "default", "--duration=2h"]);
    let config = fs::read(ordered.kubeconfig()).expect("a kubeconfig");
    let config = serde_json::from_slice(&config).expect("the testbed writes JSON");
    leading_to(&config, &format!("{}/", ordered.server()), &json!({"token": token.trim()}))
}

/// The Secret of a spoke on the hub.
fn registered(hub: &Hub, name: &str) -> Option<Value> {
    hub.object("secret", &format!("spoke-team-a-{name}"))
}

fn decoded(secret: &Value, key: &str) -> String {
    let bytes = STANDARD.decode(secret["data"][key].as_str().expect("a value")).expect("base64");
    String::from_utf8(bytes).expect("text")
}

/// By a policy of the bead, whose rights somebody has accepted. It takes what Crossplane itself says that it has composed for
/// the very object, and a token or a certificate; never a program, the hub, or a cluster that is registered.
#[test]
#[ignore = "needs the testbed"]
fn what_people_order_becomes_a_spoke_and_nothing_else_does() {
    let hub = Hub::installed(Kind::Whole);
    let ordered = Guest::api();
    hub.kubectl(&["create", "namespace", "team-a"]);
    let bead = sandboxes(&hub);
    bead.run("install").expect(3).says("Sandbox.demo.example.org: whoever makes one registers a cluster in Argo CD");
    let bead = bead.with("acceptPrivileges: true");
    bead.run("install").expect(0);
    bead.run("install").expect(0).says("no change");

    let good = with_token(&ordered);
    let exec =
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "interactiveMode": "Never"}});
    let user = good["users"][0]["user"].clone();
    let impersonating = json!({"token": user["token"], "as": "root"});
    let mut unencoded = leading_to(&good, "https://10.1.1.8", &user);
    unencoded["clusters"][0]["cluster"]["certificate-authority-data"] = "-----BEGIN".into();
    hub.apply(&sandbox("one", &good));
    looked::until(&hub, "one", "the cluster is registered", || registered(&hub, "one").is_some());
    for (name, kubeconfig) in [
        ("program", leading_to(&good, "https://10.1.1.1", &exec)),
        ("hub", leading_to(&good, "https://kubernetes.default.svc", &user)),
        ("other", leading_to(&good, "https://10.1.1.2", &impersonating)),
        ("twin", leading_to(&good, &ordered.server(), &user)),
        ("nobody", json!("no kubeconfig")),
        ("number", leading_to(&good, "https://10.1.1.7", &json!({"token": 7}))),
        ("bytes", unencoded),
        (
            "certificate",
            leading_to(
                &good,
                "https://10.1.1.3",
                &json!({"client-certificate-data": "YQ==", "client-key-data": "Yg=="}),
            ),
        ),
    ] {
        hub.apply(&sandbox(name, &kubeconfig));
    }
    // A Secret that says that it belongs to an object, and that Crossplane has not composed.
    let owner = hub.kubectl(&["get", OBJECTS, "nobody", "-n", "team-a", "-o", "jsonpath={.metadata.uid}"]);
    let forged = leading_to(&good, "https://10.1.1.4", &user).to_string();
    hub.apply(
        &json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": "forged", "namespace": "team-a", "labels": {"crossplane.io/composite": "nobody"},
                "ownerReferences": [{"apiVersion": "demo.example.org/v1", "kind": "Sandbox", "name": "nobody", "uid": owner,
                    "controller": true}]},
            "data": {"kubeconfig": STANDARD.encode(forged)},
        })
        .to_string(),
    );
    looked::again(&hub, "--all");
    let all = ["get", "secrets", "-n", "argocd", "-l", "argocd.argoproj.io/secret-type=cluster", "-o", "name"];
    assert_eq!(hub.kubectl(&all), "secret/spoke-team-a-certificate\nsecret/spoke-team-a-one\n");

    let secret = registered(&hub, "one").expect("registered");
    assert_eq!((decoded(&secret, "name"), decoded(&secret, "server")), ("team-a-one".to_owned(), ordered.server()));
    let config: Value = serde_json::from_str(&decoded(&secret, "config")).expect("JSON");
    assert_eq!(config["bearerToken"], user["token"]);
    let metadata = &secret["metadata"];
    for (label, value) in [("backstack.dev/spoke", "team-a-one"), ("env", "test"), ("ring", "canary")] {
        assert_eq!(metadata["labels"][label], value);
    }
    assert_eq!(metadata["labels"].get("backstack.dev/spoke-state"), None, "nobody has looked at it yet");
    assert_eq!(metadata["annotations"]["backstack.dev/spoke-source"], "Sandbox.demo.example.org/team-a/one");

    // It keeps its address, whatever becomes of the object.
    hub.apply(&sandbox("one", &leading_to(&good, "https://10.1.1.5", &user)));
    looked::again(&hub, "one");
    assert_eq!(registered(&hub, "one").map(|it| decoded(&it, "server")), Some(ordered.server()));
    let mut renamed = good.clone();
    renamed["clusters"][0]["cluster"]["tls-server-name"] = "another".into();
    hub.apply(&sandbox("one", &renamed));
    looked::again(&hub, "one");
    assert_eq!(registered(&hub, "one").map(|it| decoded(&it, "config")), Some(decoded(&secret, "config")));
    hub.apply(&sandbox("one", &good));
    looked::again(&hub, "one");

    // What is switched off does not come back. Nor is it for the twin to take the address as soon as it is free: Crossplane writes each
    // object again every minute, and Kyverno looks at each write.
    for name in ["one", "twin"] {
        hub.kubectl(&["label", OBJECTS, name, "-n", "team-a", "backstack.dev/registration=off"]);
        looked::again(&hub, name);
    }
    hub.kubectl(&["delete", "secret", "spoke-team-a-one", "-n", "argocd"]);
    looked::again(&hub, "one");
    assert_eq!(registered(&hub, "one"), None);
    hub.kubectl(&["label", OBJECTS, "one", "-n", "team-a", "backstack.dev/registration-"]);
    looked::until(&hub, "one", "what is switched on again comes back", || registered(&hub, "one").is_some());
    hub.kubectl(&["label", OBJECTS, "twin", "-n", "team-a", "backstack.dev/registration-"]);

    hub.apply(&sandbox("soon", &leading_to(&good, "https://10.1.1.6", &user)).replace("Sandbox", "Instant"));
    eventually("a cluster is ready at once", || {
        registered(&hub, "soon").is_some_and(|it| it["metadata"]["labels"]["backstack.dev/spoke-state"] == "ready")
    });
    it_is_accepted(&hub, &ordered);
    what_becomes_of_each_is_told(&bead);
    it_is_taken_out(&hub);
}

/// By a look at which cluster it is: not the hub, whatever address leads there, and none that is registered.
fn it_is_accepted(hub: &Hub, ordered: &Guest) {
    let own = fs::read(hub.cluster.kubeconfig()).expect("a kubeconfig");
    hub.apply(&sandbox("itself", &serde_json::from_slice(&own).expect("the testbed writes JSON")));
    looked::until(hub, "itself", "the policy sees an address only", || registered(hub, "itself").is_some());
    run(hub, "install", "name: team-a-itself").expect(3).says("is the hub itself");
    assert_eq!(
        registered(hub, "itself").and_then(|it| it["metadata"]["labels"].get("backstack.dev/spoke-state").cloned()),
        None
    );

    run(hub, "install", "name: team-a-one").expect(0);
    let uid = ordered.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    looked::again(hub, "one");
    let metadata = registered(hub, "one").expect("registered")["metadata"].clone();
    assert_eq!(metadata["labels"]["backstack.dev/spoke-state"], "ready");
    assert_eq!(metadata["annotations"]["backstack.dev/spoke-uid"], uid);
    assert_eq!(metadata["annotations"]["backstack.dev/spoke-source"], "Sandbox.demo.example.org/team-a/one");
}

fn what_becomes_of_each_is_told(bead: &Bead) {
    let run = bead.run("status").expect(0);
    for line in [
        "Sandbox team-a/one is the spoke team-a-one: ready",
        "Sandbox team-a/program is no spoke: `exec` of the user in its kubeconfig is not taken",
        "Sandbox team-a/other is no spoke: `as` of the user",
        "Sandbox team-a/hub is no spoke: its kubeconfig leads to the hub itself",
        "Sandbox team-a/twin is no spoke: Secret argocd/spoke-team-a-one has its address",
        "Sandbox team-a/nobody is no spoke: ",
        "Sandbox team-a/number is no spoke: `token` in its kubeconfig is no text",
        "Sandbox team-a/bytes is no spoke: `certificate-authority-data` in its kubeconfig is no base64",
    ] {
        assert!(run.stderr.contains(line), "{line}: {}", run.stderr);
    }
}

/// Its registration is switched off first, so it does not come back; the object stays unless it is named.
fn it_is_taken_out(hub: &Hub) {
    run(hub, "uninstall", "name: team-a-one").expect(0).says("the cluster that it stands for goes on");
    let off = ["get", OBJECTS, "one", "-n", "team-a", "-o", "jsonpath={.metadata.labels.backstack\\.dev/registration}"];
    assert_eq!(hub.kubectl(&off), "off");
    looked::again(hub, "one");
    assert_eq!(registered(hub, "one"), None);
    run(hub, "uninstall", "name: team-a-one, mayRemove: [Sandbox.demo.example.org/team-a/one]").expect(0);
    assert_eq!(hub.kubectl(&["get", OBJECTS, "one", "-n", "team-a", "-o", "name", "--ignore-not-found"]), "");
}
