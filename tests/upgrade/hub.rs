//! Another version of the hub, of which the cluster would not take an object.

use serde_json::{Value, json};

use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

const DENIED: &str = "https://denied.example.org";

/// A policy that lets Argo CD's settings be anything but this address, and what it is bound to.
fn policy() -> String {
    let kind = |kind: &str, spec: Value| json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": "no-address"}, "spec": spec});
    let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"],
        "resourceNames": ["argocd-cm"]});
    let expression = format!("!has(object.data) || !('url' in object.data) || object.data.url != '{DENIED}'");
    let policy = kind(
        "ValidatingAdmissionPolicy",
        json!({
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": expression, "message": "not this address"}],
        }),
    );
    let binding =
        kind("ValidatingAdmissionPolicyBinding", json!({"policyName": "no-address", "validationActions": ["Deny"]}));
    format!("{policy}\n---\n{binding}\n")
}

/// Since Argo CD 3.6 one object that is denied makes all of Argo CD's own Unknown, neither synced nor healed. So it is told before
/// the commit, with the answer of the API server.
#[test]
#[ignore = "needs the testbed"]
fn an_object_that_a_policy_denies_stops_the_upgrade_of_the_hub_by_name() {
    let hub = Hub::installed(Kind::Plain);
    hub.apply(&policy());
    let wanted = format!("{{\"data\": {{\"url\": \"{DENIED}\"}}}}");
    let patch = ["patch", "configmap", "argocd-cm", "-n", "argocd", "--dry-run=server", "--patch", &wanted];
    eventually("the policy is known", || {
        !hub.kubectl_command(&patch).output().expect("kubectl starts").status.success()
    });
    hub.edit_document(|text| {
        text.replacen("  argocd:\n", &format!("  argocd:\n    config: {{url: \"{DENIED}\"}}\n"), 1)
    });
    let commits = hub.commits();
    hub.run("upgrade")
        .expect(3)
        .says("ConfigMap argocd/argocd-cm: the API server does not take it, and Application argocd would be Unknown")
        .says("ValidatingAdmissionPolicy 'no-address' with binding 'no-address' denied request: not this address")
        .says("(remedy: exempt the object in the policy that denies it");
    hub.run("diff").expect(0);
    let diff: Value = serde_json::from_str(&hub.output("diff")).expect("JSON");
    assert_eq!(diff["upgrade"]["findings"][0]["code"], "refused-by-server", "{diff:#}");
    assert_eq!(diff["upgrade"]["findings"][0]["object"], "ConfigMap argocd/argocd-cm", "{diff:#}");
    assert_eq!(hub.commits(), commits, "nothing was committed");
}
