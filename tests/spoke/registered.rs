//! What a registration promises: proven through Argo CD, the same when it is run again, refused before anything is written.

use backstack_testbed::Gate;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::fixture::{Guest, gate_before, run, start};
use crate::hub::fixture::{Hub, Run};
use crate::hub::installed::Kind;
use crate::signals;

fn secret(hub: &Hub, spoke: &str) -> Value {
    hub.object("secret", &format!("spoke-{spoke}")).expect("its Secret")
}

fn token(secret: &Value) -> String {
    let config = STANDARD.decode(secret["data"]["config"].as_str().expect("a config")).expect("base64");
    let config: Value = serde_json::from_slice(&config).expect("JSON");
    config["bearerToken"].as_str().expect("a token").to_owned()
}

fn tokens(guest: &Guest) -> String {
    guest.kubectl(&["get", "secrets", "-n", "backstack-spoke", "-o", "name"])
}

/// A run that is ended after it has made a token, one that finishes it, one that has nothing to do, one that renews the token,
/// and what is told in the end. The token itself is told by none of them.
#[test]
#[ignore = "needs the testbed"]
fn a_spoke_is_registered_once_and_proven_each_time() {
    let (hub, guest) = (Hub::installed(Kind::Plain), Guest::whole());
    let mut said = String::new();
    let mut heard = |run: Run| {
        said.push_str(&run.stdout);
        said.push_str(&run.stderr);
        run
    };
    let labelled = guest.as_spoke("one", "labels: {env: test, ring: canary}");
    let broken_off = Run::watched(start(&hub, "install", &labelled), "token", |child| signals::send("TERM", child));
    assert_eq!(broken_off.status.code(), Some(143), "{}", broken_off.stderr);
    assert_eq!(tokens(&guest), "secret/argocd-token-1\n");

    heard(run(&hub, "install", &labelled).expect(0).says("Argo CD came there at"));
    assert_eq!(tokens(&guest), "secret/argocd-token-1\n", "the token of the first run is used");
    let first = secret(&hub, "one");
    let label = |secret: &Value, key: &str| secret["metadata"]["labels"][key].as_str().map(str::to_owned);
    assert_eq!(label(&first, "backstack.dev/spoke-state").as_deref(), Some("ready"));
    assert_eq!(label(&first, "ring").as_deref(), Some("canary"));
    let uid = guest.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"]);
    assert_eq!(first["metadata"]["annotations"]["backstack.dev/spoke-uid"], *uid);
    assert_eq!(hub.output("spoke-uid"), uid);
    guest.kubectl(&["get", "configmap", "backstack-probe", "-n", "backstack-probe"]);

    heard(run(&hub, "upgrade", &guest.as_spoke("one", "labels: {env: prod}")).expect(0).says("no change"));
    let second = secret(&hub, "one");
    assert_eq!(second["data"], first["data"], "Argo CD keeps what it knows of the spoke");
    assert_eq!((label(&second, "env").as_deref(), label(&second, "ring")), (Some("prod"), None));

    heard(
        run(&hub, "upgrade", &guest.as_spoke("one", "labels: {env: prod}, renewAfter: 0s"))
            .expect(0)
            .says("taken back"),
    );
    assert_eq!(tokens(&guest), "secret/argocd-token-2\n");
    let third = secret(&hub, "one");
    assert_ne!(third["data"], second["data"]);

    heard(run(&hub, "status", &guest.as_spoke("one", "")).expect(0).says("registered, and proven at"));
    heard(
        run(&hub, "verify", &guest.as_spoke("one", "labels: {env: prod}"))
            .expect(0)
            .says("as listed; what else is bound to it was not looked at"),
    );
    guest.kubectl(&["delete", "clusterrolebinding", "backstack-spoke-argocd"]);
    let told = run(&hub, "verify", &guest.as_spoke("one", "labels: {env: test}")).expect(1);
    heard(told.says("ClusterRoleBinding backstack-spoke-argocd is gone").says("`env` is prod, and test in the step"));
    heard(run(&hub, "install", &guest.as_spoke("one", "labels: {env: prod}")).expect(0).says("1 object applied"));
    for secret in [&first, &third] {
        assert!(!said.contains(&token(secret)), "a token is told");
    }

    // Another login leaves the account of before, which is told.
    let by_certificate = guest.as_spoke("one", "login: kubeconfig, labels: {env: prod}");
    let account = "ServiceAccount backstack-spoke/argocd of before is still on the spoke";
    run(&hub, "upgrade", &by_certificate).expect(0).says(account);
    run(&hub, "verify", &by_certificate).expect(0).says(account);
}

/// The hub itself, a cluster under a second name, a second cluster under one name or address, one that was made anew, and any
/// cluster while a Secret of somebody else says nothing.
#[test]
#[ignore = "needs the testbed"]
fn what_cannot_be_a_spoke_is_refused_and_nothing_is_written() {
    let (hub, guest, other) = (Hub::installed(Kind::Plain), Guest::api(), Guest::api());
    let by_certificate = "login: kubeconfig";
    let at = |gate: &Gate| format!("{by_certificate}, server: 'https://127.0.0.1:{}'", gate.port());
    let hubs = gate_before(hub.cluster.kubeconfig());
    for (gate, words) in [(&hubs, "is the hub itself"), (&other.gate, "another cluster answers at")] {
        run(&hub, "install", &guest.as_spoke("one", &at(gate))).expect(3).says(words).says("hint:");
    }
    assert!(hub.object("secret", "spoke-one").is_none(), "nothing is registered");
    run(&hub, "install", &guest.as_spoke("one", by_certificate)).expect(0);
    let before = secret(&hub, "one");
    assert_eq!(before["metadata"]["annotations"]["backstack.dev/spoke-credential"], "certificate");
    assert!(before["metadata"]["annotations"]["backstack.dev/spoke-credential-expires"].is_string());

    let hubs = format!("name: two, {by_certificate}, kubeconfig: {{file: '{}'}}", hub.cluster.kubeconfig().display());
    run(&hub, "install", &hubs).expect(3).says("is the hub itself").says("hint:");
    let gate = guest.another_gate();
    let file = |file: std::path::PathBuf| format!("kubeconfig: {{file: '{}'}}, {by_certificate}", file.display());
    let again = format!("name: two, {}", file(guest.kubeconfig_by(&gate)));
    run(&hub, "install", &again).expect(3).says("this cluster is the spoke one already").says("hint:");
    run(&hub, "install", &guest.as_spoke("two", by_certificate))
        .expect(3)
        .says("a cluster with the address")
        .says("hint:");
    run(&hub, "install", &other.as_spoke("one", by_certificate)).expect(3).says("with another address").says("hint:");
    assert_eq!(
        hub.kubectl(&["get", "secret", "-n", "argocd", "-l", "backstack.dev/spoke", "-o", "name"]),
        "secret/spoke-one\n"
    );

    let uid = before["metadata"]["annotations"]["backstack.dev/spoke-uid"].as_str().expect("a UID");
    let annotate = |uid: &str| {
        let annotation = format!("backstack.dev/spoke-uid={uid}");
        hub.kubectl(&["annotate", "secret", "spoke-one", "-n", "argocd", "--overwrite", &annotation]);
    };
    annotate("another");
    run(&hub, "install", &guest.as_spoke("one", by_certificate))
        .expect(3)
        .says("another cluster than before")
        .says("hint:");
    annotate(uid);

    let without = run(&hub, "upgrade", "name: one, labels: {env: prod}").expect(3);
    without.says("the step has no kubeconfig of it").says("hint:");
    assert_eq!(secret(&hub, "one")["data"], before["data"]);
    assert_eq!(secret(&hub, "one")["metadata"]["labels"], before["metadata"]["labels"]);

    hub.apply(
        "{apiVersion: v1, kind: Secret, metadata: {name: strange, namespace: argocd, labels: \
         {argocd.argoproj.io/secret-type: cluster}}, stringData: {name: x, server: 'https://x', config: '{'}}",
    );
    let refused = run(&hub, "install", &other.as_spoke("two", by_certificate)).expect(3);
    refused.says("Secret argocd/strange: its `config` is no JSON").says("hint:");
    assert_eq!(secret(&hub, "one")["data"], before["data"]);
    hub.kubectl(&["delete", "secret", "strange", "-n", "argocd"]);
    run(&hub, "install", &other.as_spoke("two", by_certificate)).expect(0);
}

/// Before it is registered, and after its Secret was written; the next run goes on.
#[test]
#[ignore = "needs the testbed"]
fn a_spoke_that_dies_is_named_and_the_next_run_goes_on() {
    let (hub, guest) = (Hub::installed(Kind::Plain), Guest::api());
    let fields = guest.as_spoke("one", "login: kubeconfig");
    guest.gate.shut();
    let run_before = run(&hub, "install", &fields).expect(1);
    run_before.says("spoke one does not answer").says(&guest.server()).says("hint:");
    assert!(hub.object("secret", "spoke-one").is_none(), "nothing is registered");
    guest.gate.open();

    let after = Run::watched(start(&hub, "install", &fields), "register", |_| guest.gate.shut()).expect(4);
    after.says("Argo CD did not come to spoke one").says(&guest.server()).says("hint:");
    assert_eq!(secret(&hub, "one")["metadata"]["labels"]["backstack.dev/spoke-state"], "new", "nothing comes to it");
    run(&hub, "status", "name: one").expect(0).says("registered and not proven");
    run(&hub, "verify", "name: one").expect(1).says("does not answer from here");
    guest.gate.open();

    run(&hub, "install", &fields).expect(0).says("Argo CD came there at");
    assert_eq!(secret(&hub, "one")["metadata"]["labels"]["backstack.dev/spoke-state"], "ready");
}
