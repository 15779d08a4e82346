//! What a bead can do beyond the objects that it names. Nothing of this is bounded by an AppProject.

use std::collections::BTreeSet;

use serde_json::Value;

use super::content::Piece;
use super::kyverno;
use crate::object::items;
use crate::spec::{Bead, known_kind};

/// All of it, a line each.
#[must_use]
pub fn privileges(bead: &Bead, content: &[Piece]) -> Vec<String> {
    let of_content = content.iter().flat_map(of_piece);
    of_content.chain(of_chart(bead)).chain(of_health(bead)).collect::<BTreeSet<_>>().into_iter().collect()
}

/// What an object of a kind can do, whatever it holds.
fn power(group: &str, kind: &str) -> Option<&'static str> {
    match (group, kind) {
        ("rbac.authorization.k8s.io", _) => Some("rights in every namespace"),
        ("admissionregistration.k8s.io", _) => Some("decides about requests of others"),
        ("apiregistration.k8s.io", _) => Some("answers for a part of the API"),
        ("pkg.crossplane.io", "ImageConfig") => Some("decides where packages come from"),
        ("pkg.crossplane.io", "DeploymentRuntimeConfig") => Some("chooses the service account of a package"),
        ("pkg.crossplane.io", _) => Some("runs a package with the rights that Crossplane gives it"),
        (_, "PolicyException") if kyverno::is_of_policies(group) => Some("takes objects out of policies"),
        (group, _) if kyverno::is_of_policies(group) => Some("decides about objects of others"),
        _ => None,
    }
}

fn of_piece(piece: &Piece) -> Vec<String> {
    let title = piece.title();
    let (group, kind) = (piece.group(), piece.text("/kind"));
    let package = piece.text("/spec/package");
    let one = |what: String| vec![format!("{title}: {what}")];
    match (group, kind) {
        ("rbac.authorization.k8s.io", "ClusterRoleBinding") => {
            one(format!("gives {} in every namespace", piece.text("/roleRef/name")))
        }
        ("pkg.crossplane.io", "Provider") => one(format!("runs {package} with the rights that Crossplane gives it")),
        ("pkg.crossplane.io", "Function") => one(format!("runs {package}, which decides what is composed")),
        ("pkg.crossplane.io", "Configuration") if brings_others(piece) => {
            one(format!("brings {package}, and the packages that it depends on, which run, too"))
        }
        // What stays in a namespace is bounded, and a package without dependencies is known.
        ("rbac.authorization.k8s.io", "Role" | "RoleBinding") | ("pkg.crossplane.io", "Configuration") => Vec::new(),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => webhooks_that_block(piece, &title),
        (_, kind) if kyverno::is_of_policies(group) && kind != "PolicyException" => kyverno::privileges(piece),
        _ => power(group, kind).map(|what| format!("{title}: {what}")).into_iter().collect(),
    }
}

fn brings_others(configuration: &Piece) -> bool {
    configuration.object.pointer("/spec/skipDependencyResolution") != Some(&Value::Bool(true))
}

fn webhooks_that_block(piece: &Piece, title: &str) -> Vec<String> {
    let blocks = |policy: Option<&Value>| policy.is_none_or(|policy| policy == "Fail");
    items(&piece.object, "/webhooks")
        .filter(|webhook| blocks(webhook.get("failurePolicy")))
        .map(|_| format!("{title}: requests are refused when its webhook does not answer"))
        .collect()
}

/// A chart is rendered by Argo CD, so its objects are known by the permissions alone.
fn of_chart(bead: &Bead) -> impl Iterator<Item = String> + '_ {
    let named = bead.spec.application.chart.iter().flat_map(|_| &bead.spec.permissions.cluster_resources);
    named.filter_map(|it| Some(format!("{} {}, by its chart: {}", it.kind, it.name, power(&it.group, &it.kind)?)))
}

/// Health checks of kinds that every bead and the hub itself may have objects of.
fn of_health(bead: &Bead) -> impl Iterator<Item = String> + '_ {
    let shared = |key: &&String| {
        let (group, kind) = key.split_once('_').unwrap_or(("", key));
        known_kind(group, kind).is_some()
    };
    bead.spec
        .health
        .keys()
        .filter(shared)
        .map(|key| format!("health of {key}: decides what counts as healthy everywhere"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::spec::read_bead;

    fn bead(more: &str) -> Bead {
        let text = format!(
            "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: x}}\nspec:\n  version: 0.1.0\n{more}"
        );
        read_bead("bead.yaml", &text).expect("a bead")
    }

    fn said(api_version: &str, kind: &str, more: &Value) -> Vec<String> {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "p"}});
        object.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
        privileges(&bead("  application: {namespace: x, manifests: app}\n"), &[Piece::rendered(object)])
    }

    #[test]
    fn what_no_project_bounds_is_listed() {
        let role = json!({"roleRef": {"name": "admin"}});
        for (api_version, kind, more, line) in [
            ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", role, Some("gives admin in every namespace")),
            ("rbac.authorization.k8s.io/v1", "RoleBinding", json!({}), None),
            ("apiregistration.k8s.io/v1", "APIService", json!({}), Some("answers for a part of the API")),
            ("kyverno.io/v2", "PolicyException", json!({}), Some("takes objects out of policies")),
            ("kyverno.io/v1", "ClusterPolicy", json!({}), Some("requests are refused when Kyverno does not answer")),
            (
                "admissionregistration.k8s.io/v1",
                "MutatingWebhookConfiguration",
                json!({}),
                Some("decides about requests of others"),
            ),
            (
                "pkg.crossplane.io/v1",
                "Configuration",
                json!({"spec": {"package": "r/c:v1"}}),
                Some("brings r/c:v1, and the packages that it depends on, which run, too"),
            ),
            ("pkg.crossplane.io/v1", "Configuration", json!({"spec": {"skipDependencyResolution": true}}), None),
            ("v1", "ConfigMap", json!({}), None),
        ] {
            let wanted: Vec<String> = line.map(|line| format!("{kind} p: {line}")).into_iter().collect();
            assert_eq!(said(api_version, kind, &more), wanted);
        }
    }

    #[test]
    fn a_chart_is_known_by_its_permissions_and_a_health_check_by_its_kind() {
        let bead = bead(
            "  application: {namespace: x, chart: {locked: c}}\n  health: {apps_Deployment: return 1, e.org_X: return 1}\n  \
             permissions:\n    clusterResources:\n    - {group: rbac.authorization.k8s.io, kind: ClusterRole, name: x-*}\n    \
             - {group: e.org, kind: Thing}\n",
        );
        assert_eq!(
            privileges(&bead, &[]),
            [
                "ClusterRole x-*, by its chart: rights in every namespace",
                "health of apps_Deployment: decides what counts as healthy everywhere",
            ]
        );
    }
}
