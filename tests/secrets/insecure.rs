//! What logs in somewhere leaves this machine encrypted, and to whom it is for, or by permission.

use std::fs;

use tempfile::TempDir;

use crate::support::{Mixin, Run};

fn with_cluster(cluster: &str, allowed: &str) -> Run {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{{name: c, cluster: {{{cluster}}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers: [{{name: u, user: {{token: planted-1234}}}}]\n"
    );
    fs::write(&file, text).expect("written");
    let step = format!(
        "install:\n- backstack:\n    cluster: {{existing: {{kubeconfig: {}{allowed}}}}}\n    timeout: 1s\n",
        file.display()
    );
    Mixin::new("install").stdin(step).run()
}

#[test]
fn a_cluster_that_proves_nothing_is_refused_or_told() {
    for (cluster, words) in [
        ("server: 'https://192.0.2.1:6443', insecure-skip-tls-verify: true", "is taken for the cluster"),
        ("server: 'http://192.0.2.1:8080'", "unencrypted"),
    ] {
        let run = with_cluster(cluster, "").exits(3).says(words).says("allowInsecure: true");
        assert!(!run.stderr.contains("planted") && !run.stderr.contains("warning"), "{}", run.stderr);
    }
    for cluster in ["server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true", "server: 'http://127.0.0.1:1'"] {
        let run = with_cluster(cluster, "").exits(1).says("warning: ");
        assert_eq!(run.stderr.matches("warning: ").count(), 1, "{}", run.stderr);
    }
    let run = with_cluster("server: 'http://127.1.2.3:1'", ", allowInsecure: true").exits(1);
    assert!(run.stderr.contains("warning: what logs in to the cluster"), "{}", run.stderr);
    let run = with_cluster("server: 'https://127.0.0.1:1'", "").exits(1);
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
}

#[test]
fn a_password_for_git_is_not_sent_over_plain_http() {
    let folder = TempDir::new().expect("a folder");
    let hub = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: x}\nspec: {argocd: {version: 3.6.1}}\n";
    fs::write(folder.path().join("hub.yaml"), hub).expect("written");
    fs::write(folder.path().join("lock.yaml"), "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets: []\n")
        .expect("written");
    let run = |url: &str, more: &str| {
        let step = format!(
            "install:\n- backstack:\n    hub: {{repository: {{url: '{url}', pull: {{password: {{env: TOKEN}}}}{more}}}, \
             cluster: {{kubeconfig: /nowhere}}}}\n    timeout: 1s\n"
        );
        Mixin::new("install").env("TOKEN", "planted-1234").folder(folder.path()).stdin(step).run()
    };
    run("http://git.example.org/hub.git", "").exits(3).says("unencrypted").says("allowInsecure: true");
    run("http://git.example.org/hub.git", ", allowInsecure: true")
        .exits(1)
        .says("warning: the password for http://git");
    run("http://127.0.0.1:1/hub.git", "")
        .exits(1)
        .says("warning: the password for http://127.0.0.1:1/hub.git is sent unencrypted");
    let quiet = run("https://git.example.org/hub.git", "").exits(1);
    assert!(!quiet.stderr.contains("warning"), "{}", quiet.stderr);
}
