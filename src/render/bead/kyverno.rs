//! Kyverno's policies: what they do when Kyverno does not answer, and what they do to objects of others.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Value, json};

use super::piece::Piece;
use crate::document::WebhookFailure;
use crate::object::{items, str_at, strings};
use crate::words::kyverno::{
    CLEANUP, CLUSTER_CLEANUP, CLUSTER_POLICY, DELETING, GENERATING, GROUP, IMAGE_VALIDATING, MUTATING, NAMESPACED,
    POLICIES, POLICY, VALIDATING, plain,
};

/// The kinds that decide about requests and so have a failure policy, by group (Kyverno 1.19's CRDs). Those of the newer
/// group come in a second form, within a namespace.
const DECIDING: [(&str, &str); 5] = [
    (GROUP, CLUSTER_POLICY),
    (GROUP, POLICY),
    (POLICIES, VALIDATING),
    (POLICIES, IMAGE_VALIDATING),
    (POLICIES, MUTATING),
];

/// A policy with what its author need not say: what happens to requests when Kyverno does not answer (Kyverno's own
/// default is to refuse each), and that what it generated stays when it goes (Kyverno's own default is to delete it, in
/// every namespace).
pub fn with_defaults(mut piece: Piece, failure: WebhookFailure) -> Piece {
    let (decides, generates) = (decides(&piece), group_and_kind(&piece).1 == GENERATING);
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
        (_, GENERATING) => vec!["generates objects".to_owned()],
        (_, MUTATING) => vec!["mutates objects".to_owned()],
        (_, DELETING | CLEANUP | CLUSTER_CLEANUP) => vec!["deletes objects".to_owned()],
        _ => rules(piece),
    };
    if sees(piece) {
        found.push("sees requests of others, with all that is in them".to_owned());
    }
    found.extend(calls(piece));
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
        let verb = ["generate", "mutate"].into_iter().find(|verb| rule.get(verb).is_some());
        let verb = verb.or_else(|| (is_everywhere(piece) && sets_digests(rule)).then_some("mutate"))?;
        let name = str_at(rule, "/name");
        Some(format!("rule {name} {verb}s objects"))
    });
    let digests = piece.object.pointer("/spec/validationConfigurations/mutateDigest");
    let is_of_images = piece.text("/kind") == IMAGE_VALIDATING && digests != Some(&Value::Bool(false));
    writing.chain(is_of_images.then(|| "mutates objects: it puts digests into their images".to_owned())).collect()
}

/// Kyverno writes the digest of a verified image into the object, unless it is told not to.
fn sets_digests(rule: &Value) -> bool {
    items(rule, "/verifyImages").any(|it| it.get("mutateDigest") != Some(&Value::Bool(false)))
}

fn is_everywhere(piece: &Piece) -> bool {
    let kind = piece.text("/kind");
    kind != POLICY && kind != CLEANUP && !kind.starts_with(NAMESPACED)
}

/// Whether requests of every namespace come to it, though it may do nothing but report.
fn sees(piece: &Piece) -> bool {
    is_everywhere(piece) && (decides(piece) || piece.text("/kind") == GENERATING)
}

/// What a policy asks of others while it is looked through, with the rights of Kyverno: of the API, of services, of registries.
/// What it asks there may hold the request.
fn calls(piece: &Piece) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(spec) = piece.object.get("spec") {
        calls_in(spec, piece, &mut found);
    }
    found
}

fn calls_in(value: &Value, piece: &Piece, found: &mut BTreeSet<String>) {
    let below: Vec<(&str, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.as_str(), value)).collect(),
        Value::Array(items) => items.iter().map(|item| ("", item)).collect(),
        _ => return,
    };
    for (key, value) in below {
        match (key, value) {
            ("apiCall", call) => {
                let (service, path) = (str_at(call, "/service/url"), str_at(call, "/urlPath"));
                if !service.is_empty() {
                    found.insert(format!("sends to {service} what it sees"));
                } else if is_everywhere(piece) || !is_below(path, piece) {
                    found.insert(format!("reads {path} of the API, with the rights of Kyverno"));
                }
            }
            ("imageRegistry", _) => _ = found.insert("asks registries that it names".to_owned()),
            ("configMap", map) if str_at(map, "/namespace") != piece.text("/metadata/namespace") => {
                found.insert(format!("reads ConfigMap {}/{}", str_at(map, "/namespace"), str_at(map, "/name")));
            }
            (_, Value::String(text)) if key.ends_with("xpression") => found.extend(called(text)),
            _ => {}
        }
        calls_in(value, piece, found);
    }
}

/// Whether a path of the API stays within the namespace of a policy, whatever is filled into it.
fn is_below(path: &str, piece: &Piece) -> bool {
    let own = piece.text("/metadata/namespace");
    let mut parts = path.split('/').skip_while(|it| *it != "namespaces").skip(1);
    !own.is_empty() && parts.next() == Some(own) && !["{{", "..", "%", "//"].iter().any(|it| path.contains(it))
}

/// What an expression in CEL calls of Kyverno's own (Kyverno documentation, "CEL libraries"). The names of fields are none.
fn called(expression: &str) -> Vec<String> {
    const LIBRARIES: [(&str, &str); 3] = [
        ("http", "sends over http what it sees, or what it reads"),
        ("resource", "reads objects with the rights of Kyverno, or sends them"),
        ("globalContext", "reads what others have Kyverno keep"),
    ];
    let is_used = |name: &str| {
        Regex::new(&format!(r#"(^|[^.\w\s'"])\s*{name}\b|^\s*{name}\b"#)).is_ok_and(|it| it.is_match(expression))
    };
    LIBRARIES.iter().filter(|(name, _)| is_used(name)).map(|(_, does)| (*does).to_owned()).collect()
}

/// Whether a policy of the whole cluster refuses requests. Kyverno reports only, unless a `ClusterPolicy` says otherwise; the
/// newer kinds refuse unless they do.
fn refuses(piece: &Piece) -> bool {
    let enforces = |it: &Value, at: &str| str_at(it, at).eq_ignore_ascii_case("enforce");
    let anywhere = |it: &Value, list: &str| items(it, list).any(|it| enforces(it, "/action"));
    let of_rule = |rule: &Value| {
        let images = items(rule, "/verifyImages").any(|it| enforces(it, "/failureAction"));
        images || enforces(rule, "/validate/failureAction") || anywhere(rule, "/validate/failureActionOverrides")
    };
    match piece.text("/kind") {
        CLUSTER_POLICY => {
            let of_policy = enforces(&piece.object, "/spec/validationFailureAction")
                || anywhere(&piece.object, "/spec/validationFailureActionOverrides");
            of_policy || items(&piece.object, "/spec/rules").any(of_rule)
        }
        VALIDATING | IMAGE_VALIDATING => {
            let mut actions = strings(&piece.object, "/spec/validationActions").peekable();
            actions.peek().is_none() || actions.any(|it| it == "Deny")
        }
        _ => false,
    }
}

/// The group, and the kind without the word for its form within a namespace.
fn group_and_kind(piece: &Piece) -> (&str, &str) {
    (piece.group(), plain(piece.text("/kind")))
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

    const SEES: &str = "sees requests of others, with all that is in them";

    #[test]
    fn what_a_policy_asks_of_others_is_told_and_what_it_refuses_somewhere() {
        let rule = |more: Value| json!({"failurePolicy": "Ignore", "rules": [more]});
        let context = |more: Value| rule(json!({"name": "r", "context": [more]}));
        let call = |path: &str| context(json!({"apiCall": {"urlPath": path}}));
        let send = context(json!({"apiCall": {"service": {"url": "https://a.example.org"}}}));
        let cel = |text: &str| json!({"failurePolicy": "Ignore", "validationActions": ["Audit"], "variables": [{"expression": text}]});
        let secrets = "/api/v1/namespaces/argocd/secrets";
        let reads = "reads /api/v1/namespaces/argocd/secrets of the API, with the rights of Kyverno";
        let sends = "sends to https://a.example.org what it sees";
        let refuses = "refuses what breaks it, in every namespace that it is about";
        let http = "sends over http what it sees, or what it reads";
        let resource = "reads objects with the rights of Kyverno, or sends them";
        let overrides = json!([{"action": "Enforce", "namespaces": ["*"]}]);
        let (old, new) = ("kyverno.io/v1", "policies.kyverno.io/v1");
        for (version, kind, spec, said) in [
            (old, "ClusterPolicy", rule(json!({})), &[SEES][..]),
            (old, "ClusterPolicy", call(secrets), &[SEES, reads]),
            (old, "ClusterPolicy", send.clone(), &[SEES, sends]),
            (old, "Policy", call(secrets), &[reads]),
            (old, "Policy", send, &[sends]),
            (old, "Policy", call("/api/v1/namespaces/own/secrets"), &[]),
            (
                old,
                "Policy",
                call("/api/v1/namespaces/own/../argocd"),
                &["reads /api/v1/namespaces/own/../argocd of the API, with the rights of Kyverno"],
            ),
            (old, "Policy", context(json!({"configMap": {"name": "c", "namespace": "own"}})), &[]),
            (old, "Policy", context(json!({"configMap": {"name": "c", "namespace": "z"}})), &["reads ConfigMap z/c"]),
            (
                old,
                "Policy",
                context(json!({"imageRegistry": {"reference": "{{ x }}"}})),
                &["asks registries that it names"],
            ),
            (new, "ValidatingPolicy", cel("http.Post('a', object)"), &[SEES, http]),
            (new, "NamespacedValidatingPolicy", cel("[ resource ][0].Get('v1')"), &[resource]),
            (new, "NamespacedValidatingPolicy", cel("object.spec.http + object.resource + 'http://a'"), &[]),
            (
                old,
                "ClusterPolicy",
                json!({"failurePolicy": "Ignore", "validationFailureActionOverrides": overrides.clone()}),
                &[SEES, refuses],
            ),
            (old, "ClusterPolicy", rule(json!({"validate": {"failureActionOverrides": overrides}})), &[SEES, refuses]),
            (old, "ClusterPolicy", rule(json!({"name": "r", "verifyImages": [{}]})), &["rule r mutates objects", SEES]),
            (old, "ClusterPolicy", rule(json!({"name": "r", "verifyImages": [{"mutateDigest": false}]})), &[SEES]),
            (new, "ImageValidatingPolicy", cel("true"), &["mutates objects: it puts digests into their images", SEES]),
        ] {
            let mut piece = policy(version, kind, &spec);
            piece.object["metadata"]["namespace"] = "own".into();
            assert_eq!(powers(&piece), said, "{kind} {spec}");
        }
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
            ["rule r generates objects", SEES, "requests are refused when Kyverno does not answer"]
        );
        for (kind, verb) in [
            ("NamespacedGeneratingPolicy", "generates"),
            ("NamespacedMutatingPolicy", "mutates"),
            ("DeletingPolicy", "deletes"),
        ] {
            let said = powers(&policy("policies.kyverno.io/v1", kind, &json!({"failurePolicy": "Ignore"})));
            assert_eq!(said, [format!("{verb} objects")]);
        }
        let enforced =
            json!({"failurePolicy": "Ignore", "rules": [{"name": "r", "validate": {"failureAction": "Enforce"}}]});
        let refuses = "refuses what breaks it, in every namespace that it is about";
        for (version, kind, spec, said) in [
            ("kyverno.io/v1", "ClusterPolicy", enforced.clone(), &[SEES, refuses][..]),
            ("kyverno.io/v1", "Policy", enforced, &[]),
            ("policies.kyverno.io/v1", "ValidatingPolicy", json!({"failurePolicy": "Ignore"}), &[SEES, refuses]),
            (
                "policies.kyverno.io/v1",
                "ValidatingPolicy",
                json!({"failurePolicy": "Ignore", "validationActions": ["Audit"]}),
                &[SEES],
            ),
        ] {
            assert_eq!(powers(&policy(version, kind, &spec)), said, "{kind}");
        }
    }
}
