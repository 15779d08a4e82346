//! Policies of beads, by the real `kyverno` where it is on PATH.

use super::corpus::{Checkouts, claim};
use crate::support::{is_on_path, skipped};

const POLICIES: &str = "\
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: small}
spec:
  validationFailureAction: Enforce
  rules:
  - name: size
    match: {any: [{resources: {kinds: [Shelf]}}]}
    validate: {message: shelves are small here, pattern: {spec: {size: <10}}}
  - name: team
    match: {any: [{resources: {kinds: [Shelf]}}]}
    validate: {failureAction: Audit, message: a team is needed, pattern: {metadata: {labels: {team: '?*'}}}}
---
apiVersion: policies.kyverno.io/v1
kind: ValidatingPolicy
metadata: {name: slow}
spec:
  validationActions: [Deny]
  matchConstraints: {resourceRules: [{apiGroups: [library.example.org], apiVersions: [v1], operations: [CREATE], resources: [shelves]}]}
  validations: [{expression: object.spec.mode == 'slow', message: slow shelves only}]
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: unreadable}
spec:
  rules:
  - {name: x, match: {any: [{resources: {kinds: [Shelf]}}]}, validate: {message: no, pattern: {spec: {size: 1}}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: pods}
spec:
  rules:
  - {name: x, match: {any: [{resources: {kinds: [Pod]}}]}, validate: {message: x, pattern: {spec: {x: '1'}}}}
---
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: asking}
spec:
  rules:
  - name: x
    match: {any: [{resources: {kinds: [Shelf]}}]}
    context: [{name: c, configMap: {name: a, namespace: b}}]
    validate: {message: x, pattern: {spec: {size: '{{ c.data.size }}'}}}
---
apiVersion: kyverno.io/v2
kind: PolicyException
metadata: {name: wide, namespace: library}
spec:
  exceptions: [{policyName: small, ruleNames: [size]}]
  match: {any: [{resources: {kinds: [Shelf], names: [wide]}}]}
";

#[test]
fn without_kyverno_policies_are_not_looked_at() {
    let checkouts = Checkouts::new();
    checkouts.write("hub/beads/library/policies/all.yaml", POLICIES);
    checkouts.write("claims/shelf.yaml", &claim("Shelf", "a", "", "{size: 12}"));
    let run = checkouts.check("", std::path::Path::new("/nowhere"));
    let line = "not looked at: 5 policies of beads: `kyverno` is not on PATH; install kyverno";
    assert!(run.code == 0 && run.stderr.contains(line), "{}", run.stderr);
}

#[test]
fn with_kyverno_a_broken_policy_is_told_and_so_is_one_that_it_cannot_read() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    if !is_on_path("kyverno") {
        skipped("with_kyverno_a_broken_policy_is_told_and_so_is_one_that_it_cannot_read", "`kyverno` is not on PATH");
        return;
    }
    let checkouts = Checkouts::new();
    checkouts.write("hub/beads/library/policies/all.yaml", POLICIES);
    checkouts.write("claims/large.yaml", &claim("Shelf", "large", "", "{size: 12, mode: slow}"));
    checkouts.write("claims/fast.yaml", &claim("Shelf", "fast", "labels: {team: a}", "{size: 1, mode: fast}"));
    checkouts.write("claims/good.yaml", &claim("Shelf", "good", "labels: {team: a}", "{size: 1, mode: slow}"));
    checkouts.write("claims/wide.yaml", &claim("Shelf", "wide", "labels: {team: a}", "{size: 40, mode: slow}"));
    let run = checkouts.check("", std::path::Path::new(&path));
    assert_eq!(run.code, 1, "{}", run.stderr);
    for line in [
        "error: ClusterPolicy small (rule size) is broken: validation error: shelves are small here.",
        "large.yaml:4:14",
        "warning: ClusterPolicy small (rule team) is broken: validation error: a team is needed.",
        "error: ValidatingPolicy slow is broken: slow shelves only",
        "fast.yaml:3:18",
        "not looked at: policy ClusterPolicy unreadable: kyverno cannot read it",
        "not looked at: policy ClusterPolicy asking: it asks for what only the hub knows",
        "about none of the claims: ClusterPolicy pods",
        "2 of 5 policies of beads by kyverno",
        "error: the claims have 2 mistakes",
    ] {
        assert!(run.stderr.contains(line), "{line}:\n{}", run.stderr);
    }
    assert!(!run.stderr.contains("good.yaml") && !run.stderr.contains("wide.yaml"), "{}", run.stderr);
}
