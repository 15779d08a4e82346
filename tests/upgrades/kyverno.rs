//! From one minor version of Kyverno to the next, with policies that decide meanwhile. Both run.

use super::pins::KYVERNO_1_18;
use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, copy_bundle, eventually};
use crate::hub::installed::Kind;

const TODAY: &str = "1.19.1";
/// A policy as it used to be written.
const LEGACY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [ConfigMap], namespaces: [default]}}]}
    validate:
      failureAction: Enforce
      message: a setting needs the label team
      pattern: {metadata: {labels: {team: '?*'}}}
";
/// One as it is written today.
const POLICY: &str = "apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: owner}
spec:
  validationActions: [Deny]
  matchConstraints:
    resourceRules:
    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [secrets]}
  validations:
  - expression: object.metadata.namespace != 'default' || has(object.metadata.labels.owner)
    message: a secret needs the label owner
";
const SETTING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: setting, namespace: default}\n";
const SECRET: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: secret, namespace: default, labels: {a: b}}\n";

fn uids(hub: &Hub) -> String {
    let path = "jsonpath={.items[*].metadata.uid}";
    hub.kubectl(&["get", "clusterpolicies,validatingpolicies", "-o", path])
}

#[track_caller]
fn decides(hub: &Hub) {
    eventually("the legacy policy decides", || hub.refusal(SETTING).contains("a setting needs the label team"));
    eventually("the policy decides", || hub.refusal(SECRET).contains("a secret needs the label owner"));
}

/// The policies are the same objects afterwards, and decide.
#[test]
#[ignore = "needs older versions"]
fn policies_outlive_a_minor_version_of_kyverno() {
    let hub = Hub::installed(Kind::Plain);
    let kyverno = Bead::shipped(&hub, "kyverno");
    KYVERNO_1_18.put_into(&kyverno.bundle(), "bead.yaml", TODAY);
    kyverno.run("install").expect(0);
    for policy in [LEGACY, POLICY] {
        eventually("the policy is taken", || hub.refusal(policy).is_empty());
        hub.apply(policy);
    }
    decides(&hub);
    let before = uids(&hub);
    copy_bundle("beads/kyverno", &["bead.yaml", "lock.yaml"], &kyverno.bundle());
    kyverno.run("upgrade").expect(0);
    let images = hub.kubectl(&["get", "pods", "-n", "kyverno", "-o", "jsonpath={.items[*].spec.containers[*].image}"]);
    assert!(images.contains(TODAY) && !images.contains(KYVERNO_1_18.version), "{images}");
    assert_eq!(uids(&hub), before);
    decides(&hub);
}
