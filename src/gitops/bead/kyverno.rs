//! Kyverno's policies: what they do when Kyverno does not answer, and what they do to objects of others.

use serde_json::{Value, json};

use super::content::Piece;
use crate::object::{items, str_at, strings};
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

/// A policy with what its author need not say: what happens to requests when Kyverno does not answer (Kyverno's own
/// default is to refuse each), and that what it generated stays when it goes (Kyverno's own default is to delete it, in
/// every namespace).
pub fn with_defaults(mut piece: Piece, failure: WebhookFailure) -> Piece {
    let (decides, generates) = (decides(&piece), group_and_kind(&piece).1 == "GeneratingPolicy");
    let Some(spec) = piece.object.get_mut("spec").and_then(Value::as_object_mut) else { return piece };
    if decides {
        let word = if failure == WebhookFailure::Fail { "Fail" } else { "Ignore" };
        spec.insert("failurePolicy".to_owned(), word.into());
    }
    if generates {
        let evaluation = spec.entry("evaluation").or_insert_with(|| json!({}));
        let orphans = evaluation.as_object_mut().map(|it| it.entry("orphanDownstreamOnPolicyDelete"));
        orphans.map(|it| it.or_insert_with(|| json!({"enabled": true})));
    }
    let rules = spec.get_mut("rules").and_then(Value::as_array_mut).into_iter().flatten();
    for generate in rules.filter_map(|rule| rule.get_mut("generate")?.as_object_mut()) {
        generate.entry("orphanDownstreamOnPolicyDelete").or_insert(true.into());
    }
    piece
}

fn decides(piece: &Piece) -> bool {
    let (group, kind) = group_and_kind(piece);
    DECIDING.contains(&(group, kind))
}

/// What a policy can do beyond a look at requests, a line each.
pub fn powers(piece: &Piece) -> Vec<String> {
    let mut found: Vec<String> = match group_and_kind(piece) {
        (_, "GeneratingPolicy") => vec!["generates objects".to_owned()],
        (_, "MutatingPolicy") => vec!["mutates objects".to_owned()],
        (_, "DeletingPolicy" | "CleanupPolicy" | "ClusterCleanupPolicy") => vec!["deletes objects".to_owned()],
        _ => rules(piece),
    };
    if refuses(piece) {
        found.push("refuses what breaks it, in every namespace that it is about".to_owned());
    }
    // In the part of policies every one has a failure policy; elsewhere Kyverno's default holds, which is `Fail`.
    let newer = piece.text("/spec/webhookConfiguration/failurePolicy");
    let policy = if newer.is_empty() { piece.text("/spec/failurePolicy") } else { newer };
    if decides(piece) && policy != "Ignore" {
        found.push("requests are refused when Kyverno does not answer".to_owned());
    }
    found
}

fn rules(piece: &Piece) -> Vec<String> {
    let writing = items(&piece.object, "/spec/rules").filter_map(|rule| {
        let verb = ["generate", "mutate"].into_iter().find(|verb| rule.get(verb).is_some())?;
        let name = str_at(rule, "/name");
        Some(format!("rule {name} {verb}s objects"))
    });
    writing.collect()
}

/// Whether a policy of the whole cluster refuses requests. Kyverno reports only, unless a `ClusterPolicy` says otherwise; the
/// newer kinds refuse unless they do.
fn refuses(piece: &Piece) -> bool {
    let enforces = |it: &Value, at: &str| str_at(it, at).eq_ignore_ascii_case("enforce");
    let of_rule = |rule: &Value| {
        let images = items(rule, "/verifyImages").any(|it| enforces(it, "/failureAction"));
        images || enforces(rule, "/validate/failureAction")
    };
    match piece.text("/kind") {
        "ClusterPolicy" => {
            enforces(&piece.object, "/spec/validationFailureAction") || items(&piece.object, "/spec/rules").any(of_rule)
        }
        "ValidatingPolicy" | "ImageValidatingPolicy" => {
            let mut actions = strings(&piece.object, "/spec/validationActions").peekable();
            actions.peek().is_none() || actions.any(|it| it == "Deny")
        }
        _ => false,
    }
}

/// The group, and the kind without the word for its form within a namespace.
fn group_and_kind(piece: &Piece) -> (&str, &str) {
    let kind = piece.text("/kind");
    (piece.group(), kind.strip_prefix("Namespaced").unwrap_or(kind))
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
            let piece = with_defaults(policy(version, kind, &json!({})), WebhookFailure::Ignore);
            assert_eq!(piece.object["spec"]["failurePolicy"].as_str(), given, "{kind}");
        }
    }

    #[test]
    fn what_was_generated_stays_unless_the_author_says_otherwise() {
        let rule = |more: Value| json!({"rules": [{"name": "r", "generate": more}]});
        let with = |version, kind, spec| with_defaults(policy(version, kind, &spec), WebhookFailure::Ignore).object;
        let of_rule = "/spec/rules/0/generate/orphanDownstreamOnPolicyDelete";
        for (given, then) in [(json!({}), true), (json!({"orphanDownstreamOnPolicyDelete": false}), false)] {
            assert_eq!(with("kyverno.io/v1", "ClusterPolicy", rule(given)).pointer(of_rule), Some(&json!(then)));
        }
        let newer = with("policies.kyverno.io/v1", "GeneratingPolicy", json!({}));
        assert_eq!(newer["spec"]["evaluation"]["orphanDownstreamOnPolicyDelete"]["enabled"], true);
    }

    #[test]
    fn what_a_policy_does_to_others_is_told() {
        let rules =
            json!({"failurePolicy": "Fail", "rules": [{"name": "r", "generate": {}}, {"name": "s", "validate": {}}]});
        assert_eq!(
            powers(&policy("kyverno.io/v1", "ClusterPolicy", &rules)),
            ["rule r generates objects", "requests are refused when Kyverno does not answer"]
        );
        for (kind, verb) in
            [("NamespacedGeneratingPolicy", "generates"), ("MutatingPolicy", "mutates"), ("DeletingPolicy", "deletes")]
        {
            let said = powers(&policy("policies.kyverno.io/v1", kind, &json!({"failurePolicy": "Ignore"})));
            assert_eq!(said, [format!("{verb} objects")]);
        }
        let enforced =
            json!({"failurePolicy": "Ignore", "rules": [{"name": "r", "validate": {"failureAction": "Enforce"}}]});
        let refuses = "refuses what breaks it, in every namespace that it is about";
        for (version, kind, spec, said) in [
            ("kyverno.io/v1", "ClusterPolicy", enforced.clone(), &[refuses][..]),
            ("kyverno.io/v1", "Policy", enforced, &[]),
            ("policies.kyverno.io/v1", "ValidatingPolicy", json!({"failurePolicy": "Ignore"}), &[refuses]),
            (
                "policies.kyverno.io/v1",
                "ValidatingPolicy",
                json!({"failurePolicy": "Ignore", "validationActions": ["Audit"]}),
                &[],
            ),
        ] {
            assert_eq!(powers(&policy(version, kind, &spec)), said, "{kind}");
        }
    }
}
