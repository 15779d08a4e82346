//! What the noun `spoke` of a step must be beyond its shape. The values may still be templates.

use serde_json::{Map, Value};

use super::step_mistake::{StepMistake, is_given};
use crate::schema::labels::{KEY, VALUE, is_label_key, is_label_value, reserved_domain};
use crate::schema::{address, is_template};

/// The mistakes in a step of the right shape.
pub(super) fn mistakes(spoke: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = Vec::new();
    if let Some(server) = known(spoke.get("server")) {
        found.extend(wrong_server(server).map(|(message, hint)| ("spoke.server".to_owned(), message, hint)));
    }
    if spoke.get("login").and_then(Value::as_str) == Some("kubeconfig") {
        if !is_given(spoke, "kubeconfig") {
            let message = "`spoke.login` is `kubeconfig`, and the step has none".to_owned();
            found.push(("spoke.login".to_owned(), message, "give it a `kubeconfig`, by `env` or `file`"));
        }
        let is_about_account = |key: &&str| is_given(spoke, key);
        found.extend(["rights", "renewAfter"].into_iter().filter(is_about_account).map(|key| {
            let message =
                format!("`spoke.{key}` means nothing beside `login: kubeconfig`: it is about the service account");
            (format!("spoke.{key}"), message, "leave it out")
        }));
    }
    for (key, value) in spoke.get("labels").and_then(Value::as_object).into_iter().flatten() {
        let Some(value) = known(Some(value)) else { continue };
        found.extend(wrong_label(key, value).map(|(message, hint)| (format!("spoke.labels.{key}"), message, hint)));
    }
    for (index, right) in spoke.get("rights").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let is_empty = |key: &&str| right.get(*key).and_then(Value::as_array).is_some_and(Vec::is_empty);
        found.extend(["apiGroups", "resources", "verbs"].into_iter().find(is_empty).map(|key| {
            let message = format!("`{key}` is empty, so the right is none");
            (
                format!("spoke.rights[{index}].{key}"),
                message,
                "name what it is for; `\"\"` is the core group of the API",
            )
        }));
    }
    found
}

/// A text that is no template.
fn known(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).filter(|text| !is_template(text))
}

/// What is wrong with a label that people give a spoke.
fn wrong_label(key: &str, value: &str) -> Option<(String, &'static str)> {
    if !is_label_key(key) {
        return Some((format!("`{key}` cannot be the key of a label"), KEY));
    }
    if !is_label_value(value) {
        return Some((format!("`{value}` cannot be the value of a label"), VALUE));
    }
    let domain = reserved_domain(key)?;
    let message = format!("`{key}` is no label to give: those of {domain} have a meaning of their own");
    Some((message, "take a key without a domain, or below one of your own"))
}

/// What Argo CD goes by: an address of HTTPS and nothing that logs in.
fn wrong_server(server: &str) -> Option<(String, &'static str)> {
    if let Some((kind, _)) = address::secret_in(server) {
        let message = format!("`spoke.server` holds {kind}: {}", address::shown(server));
        return Some((message, "leave it out of the address: what logs in is in the kubeconfig"));
    }
    let rest = server.strip_prefix("https://").filter(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']));
    let is_plain = rest.is_some_and(|it| !it.contains(['?', '#', '@', '\\']) && !it.contains(char::is_whitespace));
    (!is_plain).then(|| {
        let message = format!("`spoke.server` is `{}`, which is no address of an API server", address::shown(server));
        (message, "it is as Argo CD reaches it: https://HOST:PORT")
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(spoke: &Value) -> Vec<String> {
        mistakes(spoke.as_object().expect("a mapping")).into_iter().map(|(path, ..)| path).collect()
    }

    #[test]
    fn an_address_is_one_of_https_and_logs_nobody_in() {
        for server in
            ["https://a:6443", "https://[::1]:6443/", "https://rancher.example.org/k8s/clusters/c-1", "${ a }"]
        {
            assert_eq!(paths(&json!({"server": server})), [""; 0], "{server}");
        }
        for server in
            ["", "a:6443", "http://a", "https://", "https://u:p@a", "https://a?token=b", "https:///a", "https://a b"]
        {
            assert_eq!(paths(&json!({"server": server})), ["spoke.server"], "{server}");
        }
    }

    #[test]
    fn what_is_about_an_account_needs_one() {
        assert_eq!(paths(&json!({"login": "kubeconfig"})), ["spoke.login"]);
        let both = json!({"kubeconfig": {"env": "A"}, "login": "kubeconfig", "rights": [], "renewAfter": "1h"});
        assert_eq!(paths(&both), ["spoke.rights", "spoke.renewAfter"]);
        assert_eq!(paths(&json!({"login": "account", "renewAfter": "1h"})), [""; 0]);
        assert_eq!(paths(&json!({"login": "${ a }", "renewAfter": "1h"})), [""; 0]);
    }

    #[test]
    fn labels_and_rights_say_something() {
        let labels = json!({"labels": {"env": "prod", "k8s.io/a": "b", "ring": "${ a }", "_": "b", "a": "-"}});
        assert_eq!(paths(&labels), ["spoke.labels._", "spoke.labels.a", "spoke.labels.k8s.io/a"]);
        let rights = json!({"rights": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}, {"apiGroups": [""], "resources": [], "verbs": []}]});
        assert_eq!(paths(&rights), ["spoke.rights[1].resources"]);
    }
}
