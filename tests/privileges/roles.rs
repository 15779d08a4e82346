//! What the Roles of a bead let be done, held against the same table as its objects.

use super::{may, said};

/// The lines about a Role with these rules.
fn rights(rules: &str) -> Vec<String> {
    let role =
        format!("{{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {{name: p}}, rules: [{rules}]}}");
    said(&role, "")
}

fn rule(group: &str, resource: &str, verb: &str) -> String {
    format!("{{apiGroups: ['{group}'], resources: ['{resource}'], verbs: ['{verb}']}}")
}

const RBAC: &str = "rbac.authorization.k8s.io";
const COMMANDS: &str = "runs commands in the pods of the namespace, or reaches their ports";
const BOUNDS: &str = "lifts quotas, limits or network policies of the namespace";
const LABELS: &str = "takes off the labels of the namespace, and with them the level of its pods";
const UNKNOWN: &str = "a controller that is not the bead's acts on it, and what comes of it is not known";

#[test]
fn a_role_does_not_launder_what_the_table_asks_for() {
    let written = |resource: &str, can: &str| format!("writes {resource}: {can}");
    let service =
        "leads out of its namespace, or from outside into it; with `externalIPs` takes what every pod sends there";
    let slices = "sends what comes to a Service to any address, past network policies (CVE-2021-25740)";
    for (group, resource, verb, line) in [
        ("", "namespaces", "patch", LABELS.to_owned()),
        ("", "namespaces/finalize", "update", LABELS.to_owned()),
        ("", "pods/exec", "get", COMMANDS.to_owned()),
        ("", "*/exec", "create", COMMANDS.to_owned()),
        ("", "services/proxy", "get", COMMANDS.to_owned()),
        ("", "*/token", "create", "acts as any ServiceAccount of the namespace".to_owned()),
        ("networking.k8s.io", "networkpolicies", "deletecollection", BOUNDS.to_owned()),
        (RBAC, "clusterroles", "bind", "gives himself whatever rights in the namespace".to_owned()),
        (RBAC, "roles", "*", "gives himself whatever rights in the namespace".to_owned()),
        ("", "serviceaccounts", "*", "acts in the name of others".to_owned()),
        ("authentication.k8s.io", "userextras/scopes", "impersonate", "acts in the name of others".to_owned()),
        ("", "services", "create", written("services", service)),
        ("", "services/status", "patch", written("services", service)),
        ("discovery.k8s.io", "endpointslices", "create", written("endpointslices.discovery.k8s.io", slices)),
        ("*", "endpointslices", "create", written("endpointslices.discovery.k8s.io", slices)),
        ("discovery.k8s.io", "*", "*", written("endpointslices.discovery.k8s.io", slices)),
        (
            "kubernetes.m.crossplane.io",
            "objects",
            "create",
            written(
                "objects.kubernetes.m.crossplane.io",
                "writes any object, in any namespace, with the rights of the provider",
            ),
        ),
        (
            "helm.m.crossplane.io",
            "releases",
            "create",
            written(
                "releases.helm.m.crossplane.io",
                "installs any chart, in any namespace, with the rights of the provider",
            ),
        ),
        (
            "policies.kyverno.io",
            "namespacedgeneratingpolicies",
            "create",
            written(
                "namespacedgeneratingpolicies.policies.kyverno.io",
                "sees, and may send, what others ask for; decides about objects of others",
            ),
        ),
        ("argoproj.io", "applications", "create", written("applications.argoproj.io", UNKNOWN)),
        ("shop.example.org", "orders", "create", written("orders.shop.example.org", UNKNOWN)),
        ("shop.example.org", "*", "*", written("*.shop.example.org", UNKNOWN)),
    ] {
        let all = rights(&rule(group, resource, verb));
        let wanted = format!("Role p: whoever has it {line}");
        if (group, resource) == ("", "serviceaccounts") {
            assert!(all.contains(&wanted), "{all:?}");
        } else {
            assert_eq!(all, [wanted], "{group} {resource} {verb}");
        }
    }
    let all = rights(&rule("*", "*", "*"));
    for line in ["writes objects of any kind in the namespace", COMMANDS, BOUNDS, LABELS] {
        assert!(all.contains(&format!("Role p: whoever has it {line}")), "{line}: {all:?}");
    }
}

/// A rule is about every pair of its groups and resources, of which most are nothing.
#[test]
fn of_pairs_that_kubernetes_does_not_have_nothing_is_said() {
    let of = |groups: &str| {
        rights(&format!("{{apiGroups: ['', {groups}], resources: [pods, deployments, events], verbs: ['*']}}"))
    };
    assert_eq!(of("apps, extensions"), [""; 0]);
    let lines = ["deployments", "events", "pods"]
        .map(|it| format!("Role p: whoever has it writes {it}.serving.knative.dev: {UNKNOWN}"));
    assert_eq!(of("apps, serving.knative.dev"), lines);
}

/// Or nobody would read the lines.
#[test]
fn rights_within_the_bounds_of_the_namespace_are_not_asked_for() {
    for (group, resource, verb) in [
        ("coordination.k8s.io", "leases", "*"),
        ("coordination.k8s.io", "*", "*"),
        ("", "configmaps", "*"),
        ("", "secrets", "*"),
        ("", "pods", "*"),
        ("", "events", "create"),
        ("events.k8s.io", "*", "create"),
        ("apps", "*", "*"),
        ("apps", "deployments/scale", "patch"),
        ("", "services", "delete"),
        ("*", "*/scale", "update"),
        ("*", "*", "list"),
        ("", "nodes", "patch"),
        (RBAC, "rolebindings", "*"),
    ] {
        assert_eq!(rights(&rule(group, resource, verb)), [""; 0], "{group} {resource} {verb}");
    }
}

#[test]
fn rights_to_kinds_that_the_bead_defines_are_its_own() {
    let definition = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: \
                      orders.shop.example.org}\nspec: {group: shop.example.org, names: {kind: Order, plural: orders}}\n";
    for resource in ["orders", "orders/status", "*"] {
        let role = format!(
            "apiVersion: {RBAC}/v1\nkind: Role\nmetadata: {{name: p}}\nrules: [{}]\n",
            rule("shop.example.org", resource, "*")
        );
        let all = said(&format!("{definition}---\n{role}"), &may("apiextensions.k8s.io", "CustomResourceDefinition"));
        let line = "CustomResourceDefinition orders.shop.example.org: defines a kind for the whole cluster";
        assert_eq!(all, [line], "{resource}");
    }
    let of_others = definition.replace("shop.example.org", "helm.m.crossplane.io");
    let role = format!(
        "apiVersion: {RBAC}/v1\nkind: Role\nmetadata: {{name: p}}\nrules: [{}]\n",
        rule("helm.m.crossplane.io", "*", "create")
    );
    let all = said(&format!("{of_others}---\n{role}"), &may("apiextensions.k8s.io", "CustomResourceDefinition"));
    assert!(all.iter().any(|line| line.contains("installs any chart")), "{all:?}");
}
