//! What a kubeconfig holds, and what the programs that it names print.

use std::fs;

use tempfile::TempDir;

use crate::support::{Mixin, Run};

fn cluster_step(user: &str, env: &[(&str, &str)]) -> Run {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("config");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
         clusters: [{{name: c, cluster: {{server: 'https://127.0.0.1:1', insecure-skip-tls-verify: true}}}}]\n\
         contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\nusers:\n- name: u\n  user: {user}\n"
    );
    fs::write(&file, text).expect("written");
    let step = format!(
        "install:\n- backstack:\n    cluster: {{existing: {{kubeconfig: {}}}}}\n    timeout: 5s\n",
        file.display()
    );
    let mixin = Mixin::new("install --debug").env("PATH", "/usr/bin:/bin").env("PORTER_DEBUG", "true").stdin(step);
    env.iter().fold(mixin, |mixin, (name, value)| mixin.env(name, value)).run()
}

/// A login program is asked without a terminal, so that what it says comes through the redaction.
#[test]
fn a_login_program_that_fails_shows_neither_its_output_nor_its_settings() {
    let script = "echo half-a-token-it-printed; echo no luck with $CODE >&2; exit 3";
    let user = format!(
        "{{exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, '{script}', x, \
         --client-secret=planted-argument], env: [{{name: CODE, value: planted-variable}}]}}}}"
    );
    let run = cluster_step(&user, &[])
        .exits(1)
        .says("the login program `sh` ended with exit status: 3: no luck with *******");
    for secret in ["half-a-token", "planted-argument", "planted-variable"] {
        assert!(!run.stderr.contains(secret), "{secret} is in:\n{}", run.stderr);
    }
    let user = "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: echo, args: ['{token: [raw-planted']}}";
    let run = cluster_step(user, &[]).exits(1).says("the login program `echo` printed no ExecCredential");
    assert!(!run.stderr.contains("raw-planted"), "{}", run.stderr);
}

#[test]
fn a_kubeconfig_of_the_wrong_shape_is_told_without_its_values() {
    for user in [
        "{token: [planted-1234]}",
        "{auth-provider: {name: x, config: {secret: {a: planted-1234}}}}",
        "{exec: planted-1234, token: planted-1234}",
        "{token: planted-1234",
    ] {
        let run = cluster_step(user, &[]).exits(1).says("cannot use the kubeconfig").says("hint:");
        assert!(!run.stderr.contains("planted"), "{}", run.stderr);
    }
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    let run = cluster_step("{token: planted-1234}", &[("HTTPS_PROXY", "http://me:planted-5678@127.0.0.1:1")]).exits(1);
    assert!(!run.stderr.contains("planted"), "{}", run.stderr);
}
