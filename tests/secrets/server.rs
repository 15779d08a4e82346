//! Against real servers: a policy that echoes what it refuses, a Secret that cannot be changed, and a whole
//! installation with everything told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::forms::written;
use crate::hub::fixture::{Hub, Run, eventually, started};
use crate::support::git_host::{GitHost, HOST};

/// Echoes the password in the form in which the policy sees it.
const ECHO: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: echo}
spec:
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}
  validations:
  - expression: "object.metadata.name != 'hub-repository'"
    message: refused, without an echo
    messageExpression: "'refused [' + string(object.data.password) + ']'"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: echo}
spec: {policyName: echo, validationActions: [Deny]}
"#;

/// All that must not be seen: both passwords, and the key of the kubeconfig, line by line.
fn planted(hub: &Hub) -> Vec<String> {
    let text = std::fs::read_to_string(hub.cluster.kubeconfig()).expect("a kubeconfig");
    let kubeconfig: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    let data = kubeconfig["users"][0]["user"]["client-key-data"].as_str().expect("a key");
    let pem = String::from_utf8(STANDARD.decode(data).expect("base64")).expect("PEM");
    let lines = pem.lines().filter(|line| !line.starts_with("-----")).map(str::to_owned);
    let passwords = [hub.repository.writer(), hub.repository.reader()].map(|user| user.password.clone());
    passwords.into_iter().chain(lines).chain([data.to_owned()]).collect()
}

#[track_caller]
fn shows_none(run: &Run, secrets: &[String]) {
    for form in secrets.iter().flat_map(|secret| written(secret)) {
        assert!(!run.stdout.contains(&form) && !run.stderr.contains(&form), "{form} is in:\n{}", run.stderr);
    }
    for user in ["reader", "writer"] {
        for secret in secrets {
            let header = STANDARD.encode(format!("{user}:{secret}"));
            assert!(!run.stderr.contains(&header[12..header.len() - 4]), "{header} is in:\n{}", run.stderr);
        }
    }
}

/// The step, with the repository where that host has it.
fn step(hub: &Hub, host: &GitHost, action: &str) -> String {
    let client =
        format!("clientCertificate: {}, clientKey: {}", host.reference("client.crt"), host.reference("client.key"));
    let connection = format!("connection: {{ca: {}, proxy: {}}}", host.reference("ca.crt"), host.reference("proxy"));
    let step = hub.step(action).replace(&hub.repository.url(), host.url());
    let step = step.replace("          push:", &format!("          {connection}\n          push:"));
    step.replace("PASSWORD}}", &format!("PASSWORD}}, {client}}}"))
}

fn run(hub: &Hub, host: &GitHost, action: &str, env: &[(&str, &str)]) -> Run {
    let mut command = hub.command(&hub.bundle(), action);
    command.envs(env.iter().copied());
    Run::of(started(command, &step(hub, host, action)))
}

/// What the cluster holds that is how Argo CD reads git.
fn on_cluster(hub: &Hub, kind: &str, name: &str, field: &str) -> String {
    hub.kubectl(&["get", kind, name, "-n", "argocd", "-o", &format!("jsonpath={{.data.{field}}}")])
}

/// The host is one of a company's own, so that its secrets are among those that are nowhere shown, and so that Argo CD has to read
/// by what is rendered for it.
#[test]
#[ignore = "needs the testbed"]
fn no_form_of_a_secret_is_shown_by_whatever_the_servers_say() {
    let hub = Hub::plain();
    let host = GitHost::before(&hub.repository.url());
    let secrets: Vec<String> = planted(&hub).into_iter().chain(host.secrets()).collect();
    let debug = [("PORTER_DEBUG", "true")];

    hub.apply(ECHO);
    let password = &hub.repository.reader().password;
    let secret = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: hub-repository, namespace: default}}\nstringData: {{password: {password}}}\n"
    );
    let echoed = || hub.refusal(&secret);
    eventually("the policy refuses", || !echoed().is_empty());
    let forms = [password.clone(), STANDARD.encode(password)];
    assert!(forms.iter().any(|form| echoed().contains(form)), "the server does echo it: {}", echoed());
    for env in [&debug[..], &[]] {
        let run =
            run(&hub, &host, "install", env).expect(1).says("Secret argocd/hub-repository").says("refused [*******]");
        shows_none(&run, &secrets);
    }
    hub.kubectl(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "echo"]);

    eventually("the policy is gone", || hub.refusal(&secret).is_empty());
    hub.apply("{apiVersion: v1, kind: Secret, metadata: {name: hub-repository, namespace: argocd}, immutable: true}");
    let refused = run(&hub, &host, "install", &debug).expect(1);
    shows_none(&refused.says("Secret argocd/hub-repository").says("immutable"), &secrets);
    hub.kubectl(&["delete", "secret", "hub-repository", "-n", "argocd"]);

    // A server that refuses the login, in git's words; and then everything, told at length.
    let wrong = [("PORTER_DEBUG", "true"), ("GIT_PULL_PASSWORD", "planted: not & the <password>")];
    let refused = run(&hub, &host, "install", &wrong).expect(1).says("repository.pull");
    shows_none(&refused, &["planted: not & the <password>".to_owned()]);
    let installed = run(&hub, &host, "install", &debug).expect(0).says("DEBUG");
    assert_eq!(installed.stdout, "");
    shows_none(&installed, &secrets);
    let committed = hub.files(&["argocd", "root", "hub.yaml", "lock.yaml"]);
    for secret in &secrets {
        assert!(!committed.contains(secret), "{secret} is in git");
    }

    // Argo CD has synced by these alone: nobody else knows the host, trusts it, or is let in.
    let of_host = HOST.replace('.', "\\.");
    let trusted = || on_cluster(&hub, "configmap", "argocd-tls-certs-cm", &of_host);
    assert_eq!(trusted(), std::fs::read_to_string(host.file("ca.crt")).expect("a certificate"));
    assert!(!on_cluster(&hub, "secret", "hub-repository", "tlsClientCertKey").is_empty(), "the key is in the Secret");
    let verified = run(&hub, &host, "verify", &debug).expect(0);
    shows_none(&verified, &secrets);

    // A second authority beside the first, as before the host changes to it.
    let both =
        ["ca.crt", "other.crt"].map(|it| std::fs::read_to_string(host.file(it)).expect("a certificate")).concat();
    std::fs::write(host.file("ca.crt"), &both).expect("written");
    run(&hub, &host, "upgrade", &[]).expect(0);
    assert_eq!(trusted(), both);
}
