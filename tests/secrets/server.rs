//! Against real servers: a policy that echoes what it refuses, a Secret that cannot be changed, and a whole
//! installation with everything told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::forms::written;
use crate::hub::fixture::{Hub, Run, eventually};

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

#[test]
#[ignore = "needs the testbed"]
fn no_form_of_a_secret_is_shown_by_whatever_the_servers_say() {
    let hub = Hub::plain();
    let secrets = planted(&hub);
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
            hub.run_with("install", env, None).expect(1).says("Secret argocd/hub-repository").says("refused [*******]");
        shows_none(&run, &secrets);
    }
    hub.kubectl(&["delete", "validatingadmissionpolicybinding,validatingadmissionpolicy", "echo"]);

    eventually("the policy is gone", || hub.refusal(&secret).is_empty());
    hub.apply("{apiVersion: v1, kind: Secret, metadata: {name: hub-repository, namespace: argocd}, immutable: true}");
    let run = hub.run_with("install", &debug, None).expect(1).says("Secret argocd/hub-repository").says("immutable");
    shows_none(&run, &secrets);
    hub.kubectl(&["delete", "secret", "hub-repository", "-n", "argocd"]);

    // A server that refuses the login, in git's words; and then everything, told at length.
    let wrong = [("PORTER_DEBUG", "true"), ("GIT_PULL_PASSWORD", "planted: not & the <password>")];
    let run = hub.run_with("install", &wrong, None).expect(1).says("repository.pull");
    shows_none(&run, &["planted: not & the <password>".to_owned()]);
    let run = hub.run_with("install", &debug, None).expect(0).says("DEBUG");
    assert_eq!(run.stdout, "");
    shows_none(&run, &secrets);
    let run = hub.run_with("verify", &debug, None).expect(0);
    shows_none(&run, &secrets);
}
