//! Kyverno's webhooks go with Kyverno, so that nothing is refused for ever once nobody answers them.

use super::fixture::Bead;
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

/// A policy of somebody else, which refuses writes while Kyverno does not answer.
const POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: team}
spec:
  webhookConfiguration: {failurePolicy: Fail}
  rules:
  - name: team
    match: {any: [{resources: {kinds: [ConfigMap], namespaces: [default]}}]}
    validate:
      failureAction: Enforce
      message: a setting needs the label team
      pattern: {metadata: {labels: {team: '?*'}}}
";
const SETTING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: setting, namespace: default}\n";

#[test]
#[ignore = "needs the testbed"]
fn kyvernos_webhooks_go_with_it_and_block_nothing_afterwards() {
    let hub = Hub::installed(Kind::Whole);
    let kyverno = Bead::shipped(&hub, "kyverno").with("acceptPrivileges: true\nparameters: {force-ignore: false}");
    kyverno.run("upgrade").expect(0);
    let webhooks = || {
        let kinds = "validatingwebhookconfigurations,mutatingwebhookconfigurations";
        hub.kubectl(&["get", kinds, "-l", "webhook.kyverno.io/managed-by=kyverno", "-o", "name"])
    };
    hub.apply(POLICY);
    eventually("the policy decides", || hub.refusal(SETTING).contains("a setting needs the label team"));
    assert!(webhooks().contains("validating") && webhooks().contains("mutating"), "{}", webhooks());

    // While a policy of others needs it, nothing happens to it.
    let before = (hub.commits(), webhooks());
    kyverno.run("uninstall").expect(3).says("ClusterPolicy team: its kind belongs to the bead");
    assert_eq!((hub.commits(), webhooks()), before);
    assert!(hub.refusal(SETTING).contains("a setting needs the label team"));

    hub.kubectl(&["delete", "clusterpolicy", "team"]);
    let run = kyverno.run("uninstall").expect(0).says("Deployment kyverno/kyverno-admission-controller has ended");
    assert!(run.stderr.contains("nothing of bead kyverno is left"), "{}", run.stderr);
    assert_eq!(webhooks(), "");
    assert_eq!(hub.kubectl(&["get", "all", "-n", "kyverno", "-o", "name"]), "");
    assert_eq!(hub.refusal(SETTING), "");
    assert!(run.stderr.contains("ConfigMap kyverno/kyverno: its annotation says that it is kept"), "{}", run.stderr);
    assert!(hub.kubectl(&["get", "crd", "-o", "name"]).contains("clusterpolicies.kyverno.io"), "definitions stay");
    assert!(run.stderr.contains("Argo CD never deletes a CRD"), "{}", run.stderr);
}
