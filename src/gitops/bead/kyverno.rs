//! Kyverno's policies: what they do when Kyverno does not answer, and what they do to objects of others.

use serde_json::Value;

use super::content::Piece;
use crate::spec::WebhookFailure;

/// The kinds that decide about requests and so have a failure policy, by group (Kyverno 1.19's CRDs). Those of the newer
/// group come in a second form, within a namespace.
const DECIDING: [(&str, &str); 5] = [
    ("kyverno.io", "ClusterPolicy"),
    ("kyverno.io", "Policy"),
    ("policies.kyverno.io", "ValidatingPolicy"),
    ("policies.kyverno.io", "ImageValidatingPolicy"),
    ("policies.kyverno.io", "MutatingPolicy"),
];

/// A policy with what happens to requests when Kyverno does not answer; Kyverno's own default is to refuse each.
pub fn with_failure_policy(mut piece: Piece, failure: WebhookFailure) -> Piece {
    if decides(&piece) && piece.object.get("spec").is_some() {
        let word = if failure == WebhookFailure::Fail { "Fail" } else { "Ignore" };
        piece.object["spec"]["failurePolicy"] = word.into();
    }
    piece
}

fn decides(piece: &Piece) -> bool {
    let (group, kind) = group_and_kind(piece);
    DECIDING.contains(&(group, kind))
}

/// Whether a group is one of policies.
pub fn is_of_policies(group: &str) -> bool {
    matches!(group, "kyverno.io" | "policies.kyverno.io")
}

/// What a policy can do beyond a look at requests, a line each.
pub fn privileges(piece: &Piece) -> Vec<String> {
    let title = piece.title();
    let mut found: Vec<String> = match group_and_kind(piece) {
        (_, "GeneratingPolicy") => vec![format!("{title}: generates objects")],
        (_, "MutatingPolicy") => vec![format!("{title}: mutates objects")],
        (_, "DeletingPolicy" | "CleanupPolicy" | "ClusterCleanupPolicy") => vec![format!("{title}: deletes objects")],
        _ => rules(piece, &title),
    };
    let fails = |pointer: &str| piece.text(pointer) == "Fail";
    if fails("/spec/failurePolicy") || fails("/spec/webhookConfiguration/failurePolicy") {
        found.push(format!("{title}: requests are refused when Kyverno does not answer"));
    }
    found
}

fn rules(piece: &Piece, title: &str) -> Vec<String> {
    let rules = piece.object.pointer("/spec/rules").and_then(Value::as_array).into_iter().flatten();
    let writing = rules.filter_map(|rule| {
        let verb = ["generate", "mutate"].into_iter().find(|verb| rule.get(verb).is_some())?;
        let name = rule.get("name").and_then(Value::as_str).unwrap_or_default();
        Some(format!("{title}: rule {name} {verb}s objects"))
    });
    writing.collect()
}

/// The group, and the kind without the word for its form within a namespace.
fn group_and_kind(piece: &Piece) -> (&str, &str) {
    let group = piece.text("/apiVersion").split_once('/').map_or("", |(group, _)| group);
    let kind = piece.text("/kind");
    (group, kind.strip_prefix("Namespaced").unwrap_or(kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(api_version: &str, kind: &str, spec: &Value) -> Piece {
        Piece::rendered(
            json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "p"}, "spec": spec.clone()}),
        )
    }

    #[test]
    fn only_what_decides_about_requests_gets_a_failure_policy() {
        for (version, kind, given) in [
            ("kyverno.io/v1", "ClusterPolicy", Some("Ignore")),
            ("policies.kyverno.io/v1", "NamespacedValidatingPolicy", Some("Ignore")),
            ("policies.kyverno.io/v1", "MutatingPolicy", Some("Ignore")),
            ("policies.kyverno.io/v1", "GeneratingPolicy", None),
            ("kyverno.io/v2", "PolicyException", None),
        ] {
            let piece = with_failure_policy(policy(version, kind, &json!({})), WebhookFailure::Ignore);
            assert_eq!(piece.object["spec"]["failurePolicy"].as_str(), given, "{kind}");
        }
    }

    #[test]
    fn what_a_policy_does_to_others_is_told() {
        let rules =
            json!({"failurePolicy": "Fail", "rules": [{"name": "r", "generate": {}}, {"name": "s", "validate": {}}]});
        assert_eq!(
            privileges(&policy("kyverno.io/v1", "ClusterPolicy", &rules)),
            [
                "ClusterPolicy p: rule r generates objects",
                "ClusterPolicy p: requests are refused when Kyverno does not answer",
            ]
        );
        for (kind, verb) in
            [("NamespacedGeneratingPolicy", "generates"), ("MutatingPolicy", "mutates"), ("DeletingPolicy", "deletes")]
        {
            let said = privileges(&policy("policies.kyverno.io/v1", kind, &json!({})));
            assert_eq!(said, [format!("{kind} p: {verb} objects")]);
        }
    }
}
