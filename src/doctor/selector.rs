//! Whether a selector of Kubernetes selects these labels.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::object::{items, str_at, strings};

/// An empty selector, and one that is not there, select everything.
pub(super) fn selects(selector: Option<&Value>, labels: &BTreeMap<&str, &str>) -> bool {
    let Some(selector) = selector else { return true };
    let equal = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    equal.into_iter().all(|(key, value)| labels.get(key.as_str()).copied() == value.as_str())
        && items(selector, "/matchExpressions").all(|it| meets(it, labels))
}

fn meets(expression: &Value, labels: &BTreeMap<&str, &str>) -> bool {
    let label = labels.get(str_at(expression, "/key"));
    let is_in = || label.is_some_and(|label| strings(expression, "/values").any(|it| it == *label));
    match str_at(expression, "/operator") {
        "In" => is_in(),
        "NotIn" => !is_in(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => true, // of an operator that nobody knows the worse is believed
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn selectors_select_as_kubernetes_does() {
        let labels = BTreeMap::from([("a", "1"), ("name", "argocd")]);
        for (selector, selected) in [
            (json!({}), true),
            (json!({"matchLabels": {"a": "1"}}), true),
            (json!({"matchLabels": {"a": "2"}}), false),
            (json!({"matchExpressions": [{"key": "name", "operator": "NotIn", "values": ["argocd"]}]}), false),
            (json!({"matchExpressions": [{"key": "name", "operator": "In", "values": ["argocd", "x"]}]}), true),
            (json!({"matchExpressions": [{"key": "b", "operator": "NotIn", "values": ["x"]}]}), true),
            (json!({"matchExpressions": [{"key": "b", "operator": "Exists"}]}), false),
            (json!({"matchExpressions": [{"key": "b", "operator": "DoesNotExist"}]}), true),
        ] {
            assert_eq!(selects(Some(&selector), &labels), selected, "{selector}");
        }
        assert!(selects(None, &labels));
    }
}
