//! What the user of the kubeconfig may not do, and what logs in.

use std::fs;

use backstack_testbed::faults::{Answer, End, Fault, Protocols, Rule};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::bench::{Bench, LONG, file, install};
use crate::hub::fixture::TESTBED;
use crate::support::with_token;

/// The way of an account of the namespace that may do this to those.
fn account(bench: &Bench, verbs: &str, resources: &str) -> tempfile::NamedTempFile {
    let verbs = format!("--verb={verbs}");
    bench.api.kubectl(&["create", "serviceaccount", "weak"]);
    bench.api.kubectl(&["create", "role", "weak", &verbs, &format!("--resource={resources}")]);
    let subject = format!("--serviceaccount={}:weak", bench.api.namespace);
    bench.api.kubectl(&["create", "rolebinding", "weak", "--role=weak", &subject]);
    // Whom the program asks first.
    let reader = format!("{}-reader", bench.api.namespace);
    bench.api.kubectl(&["create", "clusterrole", &reader, "--verb=get", "--resource=namespaces"]);
    bench.api.kubectl(&["create", "clusterrolebinding", &reader, &format!("--clusterrole={reader}"), &subject]);
    let token = bench.api.kubectl(&["create", "token", "weak"]);
    with_token(bench.way(), &token)
}

fn only(bench: &Bench, kinds: &[&str]) -> super::set::Set {
    let mut set = bench.set();
    set.objects.retain(|it| kinds.contains(&it["kind"].as_str().expect("a kind")));
    set
}

/// An apply of what is not there needs both rights, and the server says which is missing.
#[test]
#[ignore = "needs the testbed"]
fn case_24_who_may_patch_and_not_create_is_told_so() {
    let bench = Bench::new("patch");
    let way = account(&bench, "get,patch", "configmaps");
    let set = only(&bench, &["ConfigMap"]);
    let outcome = install(way.path(), &set, LONG);
    bench.fails(&set, outcome, &["cannot create resource \"configmaps\"", "bind a role with the named verb"]);
    assert!(bench.state(&set).is_empty());
}

/// Who makes a role needs its rights, and is told which are missing.
#[test]
#[ignore = "needs the testbed"]
fn case_25_a_role_with_more_rights_than_ones_own_is_told_with_them() {
    let bench = Bench::new("escalation");
    let way = account(&bench, "get,patch,create", "roles.rbac.authorization.k8s.io");
    let set = only(&bench, &["Role"]);
    let outcome = install(way.path(), &set, LONG);
    bench.fails(&set, outcome, &["not currently held", "configmaps", "get"]);
}

/// What the server refuses in the middle of a run is renewed once; what it still refuses ends the run.
#[test]
#[ignore = "needs the testbed"]
fn case_21_a_login_that_ends_in_the_middle_is_renewed_once() {
    for (times, ends_well) in [(1, true), (usize::MAX, false)] {
        let bench = Bench::new("login");
        let folder = TempDir::new().expect("a folder");
        let note = folder.path().join("note");
        let way = logging_in(&bench, &note);
        let refused = Answer::status(401, "Unauthorized");
        bench.fail(Rule::all(Fault::Instead(End::Answer(refused))).of("PATCH").at("/configmaps/a").times(times));
        let outcome = install(way.path(), &bench.set(), LONG);
        if ends_well {
            bench.ends_well(&bench.set(), outcome);
        } else {
            bench.fails(&bench.set(), outcome, &["Unauthorized", "credential is wrong or has expired"]);
        }
        assert_eq!(fs::read_to_string(&note).expect("it has run"), "run\nrun\n", "once, and once more");
    }
}

/// A kubeconfig that logs in by a program which gives the administrator's certificate, and notes that it has run.
fn logging_in(bench: &Bench, note: &std::path::Path) -> tempfile::NamedTempFile {
    let mut kubeconfig = bench.proxy.kubeconfig().clone();
    let user = kubeconfig["users"][0]["user"].clone();
    let pem = |key: &str| {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(user[key].as_str().expect("base64"));
        Value::from(String::from_utf8(bytes.expect("base64")).expect("PEM"))
    };
    let credential = json!({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {
        "clientCertificateData": pem("client-certificate-data"), "clientKeyData": pem("client-key-data")}});
    let answer = note.with_file_name("credential");
    fs::write(&answer, credential.to_string()).expect("written");
    let script = format!("echo run >> {}; cat {}", note.display(), answer.display());
    kubeconfig["users"][0]["user"] = json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1",
        "interactiveMode": "Never", "command": "sh", "args": ["-c", script]}});
    file(&kubeconfig)
}

/// A token of the kubeconfig reaches the server through the proxy, or the cases above would be those of an administrator.
#[test]
#[ignore = "needs the testbed"]
fn the_proxy_lets_everybody_be_who_they_are() {
    let bench = Bench::new("who");
    let way = account(&bench, "get", "configmaps");
    let who = |kubeconfig: &std::path::Path| {
        let mut kubectl = std::process::Command::new(TESTBED.bin().join("kubectl"));
        kubectl.arg("--kubeconfig").arg(kubeconfig).args([
            "auth",
            "whoami",
            "-o",
            "jsonpath={.status.userInfo.username}",
        ]);
        String::from_utf8(kubectl.output().expect("kubectl starts").stdout).expect("UTF-8")
    };
    assert_eq!(who(way.path()), format!("system:serviceaccount:{}:weak", bench.api.namespace));
    assert_eq!(who(bench.way()), "testbed-admin");
    let before = bench.proxy.connections();
    let old = TESTBED.fault_proxy(bench.api.kubeconfig(), Protocols::Http1).expect("a proxy");
    assert_eq!(who(file(old.kubeconfig()).path()), "testbed-admin");
    assert_eq!(bench.proxy.connections(), before);
}
