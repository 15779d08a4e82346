//! What Kyverno's command line says, and what it does not say: whether it has read a policy, and whether what breaks it would
//! be refused. Pure.

use serde_json::{Deserializer, Value};

use crate::object::{group, items, str_at, strings};
use crate::schema::matches;
use crate::words::kyverno;

/// Fields of a policy whose answer is somewhere on the hub, or is who asks.
const ELSEWHERE: [&str; 9] = [
    "apiCall",
    "clusterRoles",
    "configMap",
    "globalReference",
    "imageRegistry",
    "namespaceSelector",
    "paramKind",
    "roles",
    "subjects",
];
/// The same in expressions.
const ASKED: [&str; 7] =
    ["authorizer", "globalContext.", "http.", "namespaceObject", "request.userInfo", "resource.", "serviceAccountN"];

/// Why a policy was not read, if it was not.
pub(super) fn unread(said: &str, complaint: &str) -> Option<String> {
    let skipped = said.lines().find_map(|line| line.strip_prefix("1. ")).filter(|_| said.contains("Policies"));
    let rules = said.lines().find_map(|line| line.strip_prefix("Applying ")?.split(' ').next()?.parse::<usize>().ok());
    match (rules, skipped) {
        (_, Some(why)) => Some(why.to_owned()),
        (Some(0), _) => Some("kyverno cannot read it".to_owned()),
        (None, _) => Some(first_line(complaint)),
        (Some(_), None) if !said.contains("\npass: ") => Some(first_line(complaint)),
        (Some(_), None) => None,
    }
}

/// The results in the reports, which stand behind whatever else it has said.
pub(super) fn results(said: &str) -> Vec<Value> {
    let reports = said.match_indices("{\"kind\":").filter_map(|(at, _)| {
        let mut stream = Deserializer::from_str(&said[at..]).into_iter::<Value>();
        stream.next()?.ok().filter(|report| report.get("summary").is_some())
    });
    reports.flat_map(|report| items(&report, "/results").cloned().collect::<Vec<_>>()).collect()
}

/// Whether the API server would refuse what breaks a rule. Kyverno's command line does not tell it apart.
pub(super) fn refuses(policy: &Value, rule: &str, namespace: &str) -> bool {
    if group(policy) == kyverno::POLICIES {
        let mut actions = strings(policy, "/spec/validationActions").peekable();
        return actions.peek().is_none() || actions.any(|it| it == "Deny");
    }
    let none = Value::Null;
    let of_rule = items(policy, "/spec/rules").find(|it| str_at(it, "/name") == rule).unwrap_or(&none);
    let elsewhere = items(of_rule, "/validate/failureActionOverrides")
        .chain(items(policy, "/spec/validationFailureActionOverrides"));
    let here = elsewhere.filter(|it| strings(it, "/namespaces").any(|pattern| matches(pattern, namespace)));
    let own = [str_at(of_rule, "/validate/failureAction"), str_at(policy, "/spec/validationFailureAction")];
    let action = here.map(|it| str_at(it, "/action")).chain(own).find(|it| !it.is_empty());
    action.is_some_and(|it| it.eq_ignore_ascii_case("enforce"))
}

/// Whether a policy asks for what only the hub knows.
pub(super) fn depends_on_hub(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(key, it)| {
            let is_asked = |text: &str| key.ends_with("xpression") && asks(text);
            ELSEWHERE.contains(&key.as_str()) || it.as_str().is_some_and(is_asked) || depends_on_hub(it)
        }),
        Value::Array(items) => items.iter().any(depends_on_hub),
        Value::String(text) => text.contains("{{") && asks(text),
        _ => false,
    }
}

fn asks(expression: &str) -> bool {
    ASKED.iter().any(|word| expression.contains(word))
}

/// The first line that says something.
pub(super) fn first_line(text: &str) -> String {
    text.lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default()
        .trim_start_matches("Error: ")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What Kyverno 1.19.1 says of a policy for two shelves, recorded; of its report what is read.
    const REPORT: &str = r#"Warning: kyverno.io/v1 ClusterPolicy is deprecated

policy adds applied to team-a/Shelf/big:
Mutation has been applied successfully.{"kind":"ClusterReport","apiVersion":"openreports.io/v1alpha1","metadata":{"name":"merged"},"summary":{"pass":1,"fail":1,"warn":0,"error":0,"skip":0},"results":[{"source":"kyverno","policy":"small","rule":"size","result":"fail","resources":[{"kind":"Shelf","namespace":"team-a","name":"big","apiVersion":"e.org/v1"}],"message":"validation error: shelves are small here. rule size failed at path /spec/size/"},{"source":"kyverno","policy":"small","rule":"size","result":"pass","resources":[{"kind":"Shelf","namespace":"team-a","name":"ok","apiVersion":"e.org/v1"}]}]}
"#;

    fn policy(spec: &Value) -> Value {
        json!({"apiVersion": "kyverno.io/v1", "kind": "ClusterPolicy", "metadata": {"name": "small"}, "spec": spec})
    }

    #[test]
    fn a_policy_that_was_not_read_is_known_by_its_count() {
        let applying = |rules: &str| format!("\nApplying {rules} policy rule(s) to 2 resource(s)...\n");
        let counts = "\npass: 2, fail: 0, warn: 0, error: 0, skip: 0 \n";
        for (said, complaint, why) in [
            (applying("1") + counts, "", None),
            (applying("0") + counts, "", Some("kyverno cannot read it")),
            (
                format!(
                    "{}----\nPolicies Skipped:\n1. broken: policy contains invalid variables\n----\n{counts}",
                    applying("1")
                ),
                "",
                Some("broken: policy contains invalid variables"),
            ),
            (
                applying("1"),
                "Error: failed to apply policies on resource big (failed to compile)\n |",
                Some("failed to apply policies on resource big (failed to compile)"),
            ),
            (String::new(), "Error: no such flag\n", Some("no such flag")),
        ] {
            assert_eq!(unread(&said, complaint).as_deref(), why, "{said}");
        }
    }

    #[test]
    fn a_report_is_found_behind_whatever_else_is_said() {
        let found = results(REPORT);
        let told: Vec<_> = found.iter().map(|it| (str_at(it, "/result"), str_at(it, "/resources/0/name"))).collect();
        assert_eq!(told, [("fail", "big"), ("pass", "ok")]);
        assert!(results("exit as no objects satisfied policy").is_empty());
    }

    #[test]
    fn only_what_enforces_refuses() {
        let rule = |more: Value| json!({"rules": [{"name": "size", "validate": more}]});
        let with = |mut spec: Value, key: &str, value: Value| {
            spec[key] = value;
            spec
        };
        let team = json!([{"action": "Enforce", "namespaces": ["team-*"]}]);
        for (spec, is_refused) in [
            (rule(json!({})), false),
            (rule(json!({"failureAction": "Enforce"})), true),
            (with(rule(json!({})), "validationFailureAction", json!("enforce")), true),
            (with(rule(json!({"failureAction": "Audit"})), "validationFailureAction", json!("Enforce")), false),
            (with(rule(json!({})), "validationFailureActionOverrides", team.clone()), true),
            (rule(json!({"failureAction": "Audit", "failureActionOverrides": team})), true),
        ] {
            assert_eq!(refuses(&policy(&spec), "size", "team-a"), is_refused, "{spec}");
        }
        for (actions, is_refused) in [(json!([]), true), (json!(["Deny"]), true), (json!(["Audit"]), false)] {
            let newer = json!({"apiVersion": "policies.kyverno.io/v1", "kind": "ValidatingPolicy", "spec": {"validationActions": actions}});
            assert_eq!(refuses(&newer, "", "team-a"), is_refused, "{actions}");
        }
    }

    #[test]
    fn what_only_the_hub_knows_is_not_asked_of_a_program() {
        for spec in [
            json!({"rules": [{"context": [{"apiCall": {}}]}]}),
            json!({"rules": [{"match": {"any": [{"subjects": []}]}}]}),
            json!({"rules": [{"validate": {"message": "{{ request.userInfo.username }}"}}]}),
            json!({"variables": [{"expression": "resource.Get('v1', 'configmaps', 'a', 'b')"}]}),
        ] {
            assert!(depends_on_hub(&policy(&spec)), "{spec}");
        }
        let plain =
            json!({"rules": [{"validate": {"message": "a resource. http.", "pattern": {"spec": {"size": "<10"}}}}]});
        assert!(!depends_on_hub(&policy(&plain)));
    }
}
