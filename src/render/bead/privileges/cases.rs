//! What single objects can do, by what they say: a line each, and none for an object that is harmless.

use serde_json::Value;

use super::claims::claims;
use super::marks::of_namespace;
use super::own::Own;
use crate::document::PodSecurity;
use crate::object::{items, str_at, strings};
use crate::render;
use crate::render::bead::Piece;
use crate::render::bead::pods::{beyond, pod_of};
use crate::words::crossplane::{CLUSTER_PROVIDER_CONFIG, CONFIGURATION, FUNCTION, PROVIDER_CONFIG};

const RBAC: &str = "rbac.authorization.k8s.io";
/// The groups of everybody.
const EVERYBODY: [&str; 3] = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

/// Roles that are put together of the rights of others, or give theirs to one that is.
pub fn aggregated(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let collects = piece.object.get("aggregationRule").is_some_and(|it| !it.is_null());
    let collects =
        collects.then(|| "has the rights of every ClusterRole with the labels of its `aggregationRule`".to_owned());
    let labels = piece.object.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    let into = labels.filter(|(label, value)| label.contains("/aggregate-to-") && **value == "true");
    let into = into.map(|(label, _)| format!("everybody gets its rights whose role is made of {label}"));
    collects.into_iter().chain(into).collect()
}

/// What a binding gives in every namespace.
pub fn bound_everywhere(piece: &Piece, _: Own<'_>) -> Vec<String> {
    vec![format!("gives {} in every namespace", piece.text("/roleRef/name"))]
}

/// Roles of others that are given within a namespace, and what is given to everybody.
pub fn bound_here(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let role = piece.text("/roleRef/name");
    let is_of_others = piece.text("/roleRef/kind") == "ClusterRole" && !own.brings((RBAC, "ClusterRole"), None, role);
    let given = is_of_others.then(|| format!("gives ClusterRole {role}, whatever rights that has, in its namespace"));
    let everybody = items(&piece.object, "/subjects").map(|it| str_at(it, "/name"));
    let everybody = everybody.filter(|it| EVERYBODY.contains(it) || *it == "system:anonymous");
    given.into_iter().chain(everybody.map(|it| format!("gives {role} to {it}"))).collect()
}

/// Tokens of accounts that are not the bead's.
pub fn token_of_others(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let account =
        piece.object.pointer("/metadata/annotations").and_then(|it| it.get("kubernetes.io/service-account.name"));
    let account = account.and_then(Value::as_str).unwrap_or_default();
    let is_token = piece.text("/type") == "kubernetes.io/service-account-token";
    let is_own = own.brings(("", "ServiceAccount"), Some(own.namespace_of(piece)), account);
    let told =
        (is_token && !is_own).then(|| format!("gets a token of ServiceAccount {account}, which is not the bead's"));
    told.into_iter().collect()
}

/// Services that reach out of their namespace, or from outside into it.
pub fn service(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let mut found = Vec::new();
    match piece.text("/spec/type") {
        "ExternalName" => found.push(format!(
            "stands for {}: who serves Ingresses sends requests there, whose network policies do not bound it",
            piece.text("/spec/externalName")
        )),
        "NodePort" => found.push("opens a port on every node".to_owned()),
        "LoadBalancer" => found.push("gets an address outside of the cluster, and a port on every node".to_owned()),
        _ => {}
    }
    let addresses: Vec<&str> = strings(&piece.object, "/spec/externalIPs").collect();
    if !addresses.is_empty() {
        found.push(format!("takes what every pod sends to {} (CVE-2020-8554)", addresses.join(", ")));
    }
    found
}

/// A volume that is a folder of a node.
pub fn folder_of_node(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let paths = [piece.text("/spec/hostPath/path"), piece.text("/spec/local/path")];
    paths.into_iter().filter(|path| !path.is_empty()).map(|path| format!("gives {path} of a node")).collect()
}

/// Pods that are beyond `baseline`, that act as others, displace others, or claim what is of others.
pub fn pods(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let mut found = claims(piece, own);
    let Some((pod, _)) = pod_of(piece) else { return found };
    found.extend(match own.bead.spec.permissions.pod_security {
        PodSecurity::Privileged => beyond(PodSecurity::Baseline, piece),
        PodSecurity::Baseline | PodSecurity::Restricted => Vec::new(), // nothing beyond gets as far as this
    });
    let account = [str_at(pod, "/spec/serviceAccountName"), str_at(pod, "/spec/serviceAccount")];
    let account = account.into_iter().find(|it| !it.is_empty()).unwrap_or("default");
    if account != "default" && !own.brings(("", "ServiceAccount"), Some(own.namespace_of(piece)), account) {
        found.push(format!("acts as ServiceAccount {account}, which is not the bead's"));
    }
    let priority = str_at(pod, "/spec/priorityClassName");
    if !priority.is_empty() && !own.brings(("scheduling.k8s.io", "PriorityClass"), None, priority) {
        found.push(format!("displaces pods of others, by the priority {priority}"));
    }
    let node = str_at(pod, "/spec/nodeName");
    if !node.is_empty() {
        found.push(format!("runs on node {node}, whatever its taints keep away"));
    }
    found
}

/// A definition whose objects go through a webhook.
pub fn converted(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let by_webhook = piece.text("/spec/conversion/strategy") == "Webhook";
    let what =
        "its webhook rewrites every object of the kind, and while it does not answer none can be read or deleted";
    by_webhook.then(|| what.to_owned()).into_iter().collect()
}

/// Webhooks without whose answer nothing goes on.
pub fn webhooks_that_block(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let blocks = |policy: Option<&Value>| policy.is_none_or(|policy| policy == "Fail");
    let blocking = items(&piece.object, "/webhooks").any(|webhook| blocks(webhook.get("failurePolicy")));
    blocking.then(|| "requests are refused when its webhook does not answer".to_owned()).into_iter().collect()
}

/// A package of Crossplane.
pub fn package(piece: &Piece, _: Own<'_>) -> Vec<String> {
    let package = piece.text("/spec/package");
    let resolves = piece.object.pointer("/spec/skipDependencyResolution") != Some(&Value::Bool(true));
    vec![match piece.text("/kind") {
        FUNCTION => format!("runs {package}, which decides what is composed"),
        CONFIGURATION if resolves => format!("brings {package}, and the packages that it depends on, which run, too"),
        CONFIGURATION => format!("brings {package}: whatever APIs and Compositions are in it"),
        _ => format!("runs {package} with the rights that Crossplane gives it"),
    }]
}

/// Whose provider configuration an object works through.
pub fn through_a_provider(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let Some(reference) = piece.object.pointer("/spec/providerConfigRef") else { return Vec::new() };
    let (kind, name) = (str_at(reference, "/kind"), str_at(reference, "/name"));
    let kinds = if kind.is_empty() { vec![PROVIDER_CONFIG, CLUSTER_PROVIDER_CONFIG] } else { vec![kind] };
    if kinds.iter().any(|kind| own.configures(piece.group(), kind, name)) {
        return Vec::new();
    }
    vec![format!("works with the rights of {} {name}, which is not the bead's", kinds[0])]
}

/// A namespace that is not the application's, and what any says to others.
pub fn namespace(piece: &Piece, own: Own<'_>) -> Vec<String> {
    let is_own = piece.text("/metadata/name") == own.bead.spec.application.namespace;
    let told = (!is_own).then(|| "a namespace besides its own".to_owned());
    told.into_iter().chain(of_namespace(piece)).collect()
}

/// A policy of Kyverno.
pub fn policy(piece: &Piece, _: Own<'_>) -> Vec<String> {
    render::bead::kyverno::powers(piece)
}
