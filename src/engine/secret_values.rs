//! Secrets as they may be shown: with numbers in the place of their values. Pure.

use serde_json::{Map, Value};

/// Fields of a Secret that hold values.
const HELD_IN: [&str; 2] = ["data", "stringData"];
/// What `kubectl apply` keeps of the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Hides the values of Secrets. Equal values get equal numbers, so that a changed one can be told from one that is the
/// same, and nothing else can.
#[derive(Debug, Default)]
pub struct SecretValues {
    seen: Vec<Value>,
}

impl SecretValues {
    /// Whether there is a Secret anywhere in the value.
    #[must_use]
    pub fn are_in(value: &Value) -> bool {
        match value {
            Value::Object(map) => is_secret(map) || map.values().any(Self::are_in),
            Value::Array(items) => items.iter().any(Self::are_in),
            _ => false,
        }
    }

    /// Hides the values of every Secret in the value, also of one inside of a list or another object.
    pub fn hide(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) if is_secret(map) => self.hide_in(map),
            Value::Object(map) => map.values_mut().for_each(|below| self.hide(below)),
            Value::Array(items) => items.iter_mut().for_each(|below| self.hide(below)),
            _ => {}
        }
    }

    fn hide_in(&mut self, secret: &mut Map<String, Value>) {
        for field in HELD_IN {
            match secret.get_mut(field) {
                Some(Value::Object(values)) => values.values_mut().for_each(|value| self.mask(value)),
                Some(Value::Null) | None => {}
                Some(other) => self.mask(other),
            }
        }
        let annotations = secret.get_mut("metadata").and_then(|metadata| metadata.get_mut("annotations"));
        if let Some(applied) = annotations.and_then(|annotations| annotations.get_mut(LAST_APPLIED)) {
            self.mask(applied);
        }
    }

    fn mask(&mut self, value: &mut Value) {
        let number = self.seen.iter().position(|seen| seen == value).unwrap_or_else(|| {
            self.seen.push(value.clone());
            self.seen.len() - 1
        });
        *value = Value::String(format!("(hidden value {})", number + 1));
    }
}

fn is_secret(map: &Map<String, Value>) -> bool {
    map.get("kind").and_then(Value::as_str) == Some("Secret")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_hidden_and_changes_are_seen() {
        let secret = |password: &str| {
            json!({"kind": "List", "items": [{"kind": "Secret", "data": {"user": "bWU=", "password": password},
                "metadata": {"name": "s", "annotations": {LAST_APPLIED: password}}}]})
        };
        let (mut before, mut after) = (secret("b2xk"), secret("bmV3"));
        assert!(SecretValues::are_in(&before));
        let mut values = SecretValues::default();
        values.hide(&mut before);
        values.hide(&mut after);
        for text in [before.to_string(), after.to_string()] {
            assert!(!["bWU=", "b2xk", "bmV3"].iter().any(|value| text.contains(value)), "{text}");
        }
        assert_eq!(before["items"][0]["data"]["user"], after["items"][0]["data"]["user"]);
        assert_ne!(before["items"][0]["data"]["password"], after["items"][0]["data"]["password"]);
        assert_eq!(before["items"][0]["metadata"]["name"], "s");
    }

    #[test]
    fn other_kinds_are_left_alone() {
        let mut object = json!({"kind": "ConfigMap", "data": {"a": "b"}});
        assert!(!SecretValues::are_in(&object));
        SecretValues::default().hide(&mut object);
        assert_eq!(object["data"]["a"], "b");
    }
}
