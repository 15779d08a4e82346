//! What an account may do by the rules that the API server tells of it. Pure.
//!
//! Only a yes is an answer: what no rule gives may still be permitted by whatever lists no rules, and has to be asked for.

use serde_json::{Value, json};

use super::needs::Need;
use crate::object::{items, strings};

/// A name that no namespace can have. In a namespace the rules are told of, those that hold there alone are among them; here there
/// are none of these, and what is left holds in the whole cluster.
const NOWHERE: &str = "-";
const ALL: &str = "*";

/// The rules of an account in a namespace, or in the whole cluster.
pub struct Rules(Value);

impl Rules {
    /// How they are asked for; with no namespace those that hold in the whole cluster.
    pub fn question(namespace: &str) -> Value {
        let namespace = if namespace.is_empty() { NOWHERE } else { namespace };
        json!({"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": {"namespace": namespace}})
    }

    /// Those of the answer; none where nobody knows all of them, since whoever tells none may forbid what others permit.
    pub fn of(mut answer: Value) -> Self {
        let status = answer["status"].take();
        Self(if status["incomplete"] == Value::Bool(false) { status } else { Value::Null })
    }

    /// Whether one of them permits it, for objects of any name.
    pub fn permit(&self, need: &Need) -> bool {
        items(&self.0, "/resourceRules").any(|rule| permits(rule, need))
    }
}

/// As the API server compares (kubernetes `pkg/apis/rbac/v1/evaluation_helpers.go`).
fn permits(rule: &Value, need: &Need) -> bool {
    let has = |list: &str, wanted: &str| strings(rule, list).any(|it| it == ALL || it == wanted);
    let part = need.resource.split_once('/').map(|(_, part)| format!("*/{part}"));
    let is_of_part = part.is_some_and(|part| strings(rule, "/resources").any(|it| it == part));
    has("/verbs", need.verb)
        && has("/apiGroups", &need.group)
        && (has("/resources", &need.resource) || is_of_part)
        && items(rule, "/resourceNames").next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(incomplete: bool, rule: &Value) -> Rules {
        Rules::of(json!({"status": {"incomplete": incomplete, "resourceRules": [rule]}}))
    }

    #[test]
    fn a_rule_permits_what_it_names_or_everything() {
        let rule = |verbs: &str, groups: &str, resources: &str| json!({"verbs": [verbs, "watch"], "apiGroups": [groups], "resources": [resources]});
        for (rule, need, expected) in [
            (rule("get", "", "secrets"), ("get", "", "secrets"), true),
            (rule("get", "", "secrets"), ("list", "", "secrets"), false),
            (rule("get", "", "secrets"), ("get", "apps", "secrets"), false),
            (rule("get", "", "secrets"), ("get", "", "secrets/status"), false),
            (rule("*", "*", "*"), ("escalate", "rbac.authorization.k8s.io", "roles"), true),
            (rule("*", "*", "*"), ("*", "*", "*"), true),
            (rule("*", "*", "*"), ("patch", "apps", "deployments/status"), true),
            (rule("get", "*", "*"), ("*", "*", "*"), false),
            (rule("patch", "apps", "deployments/status"), ("patch", "apps", "deployments/status"), true),
            (rule("patch", "apps", "*/status"), ("patch", "apps", "deployments/status"), true),
            (rule("patch", "apps", "*/status"), ("patch", "apps", "deployments"), false),
            (rule("patch", "apps", "*/scale"), ("patch", "apps", "deployments/status"), false),
        ] {
            assert_eq!(rules(false, &rule).permit(&Need::of(need, "a")), expected, "{rule} {need:?}");
        }
    }

    #[test]
    fn some_names_are_not_all_and_some_rules_are_no_answer() {
        let mut rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]});
        let need = Need::of(("get", "", "secrets"), "a");
        assert!(rules(false, &rule).permit(&need));
        assert!(!rules(true, &rule).permit(&need), "others may forbid it");
        assert!(!Rules::of(Value::Null).permit(&need));
        rule["resourceNames"] = json!(["one"]);
        assert!(!rules(false, &rule).permit(&need));
    }
}
