//! What the noun `hub` of a step must be beyond its shape. The values may still be templates.
//!
//! One step serves all actions, so a key may stand beside those of other actions. Two that want different things of the
//! same action, or one that means nothing without another, are mistakes.

use serde_json::{Map, Value};

use super::argocd_references::ARGOCD_SECRET;
use super::step_mistake::{StepMistake, is_given};
use crate::schema::{is_data_key, is_dns_label};

/// Secrets in the namespace of Argo CD that others write.
const WRITTEN: [&str; 4] = ["hub-repository", "claims-repository", "argocd-initial-admin-secret", "argocd-redis"];
/// Keys of `argocd-secret` that Argo CD's server writes.
const OF_SERVER: [&str; 3] = ["server.secretkey", "admin.password", "admin.passwordMtime"];

/// The mistakes in a step of the right shape.
pub(super) fn mistakes(hub: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = source(hub);
    found.extend(way_back(hub));
    found.extend(take_over(hub));
    found.extend(secrets(hub));
    found
}

/// Where the hub comes from: what a repository holds is neither taken over nor rendered.
fn source(hub: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = Vec::new();
    if is_from_repository(hub) && is_on(hub, "adopt") {
        let message = "`hub.adopt` beside `from: repository`, which wants a cluster without Argo CD";
        found.push(("hub.adopt".to_owned(), message.to_owned(), "leave one of them out"));
    }
    let is_from_bundle = hub.get("from").is_none_or(|from| from.is_null() || from.as_str() == Some("bundle"));
    if is_from_bundle && is_on(hub, "move") {
        let message =
            "`hub.move` means nothing without `from: repository`: it is about the hub that a repository holds";
        let hint = "leave it out, or take the hub from its repository";
        found.push(("hub.move".to_owned(), message.to_owned(), hint));
    }
    found
}

/// The way back is one on the hub that is there.
fn way_back(hub: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = Vec::new();
    if is_on(hub, "back") && is_from_repository(hub) {
        let message =
            "`hub.back` beside `from: repository`: one is about a hub that is there, the other about one that is not";
        found.push(("hub.back".to_owned(), message.to_owned(), "leave one of them out"));
    }
    if is_on(hub, "back") && is_on(hub, "adopt") {
        let message = "`hub.back` beside `adopt`: an Argo CD that no hub has brought has no proven commit";
        found.push(("hub.back".to_owned(), message.to_owned(), "leave one of them out"));
    }
    found
}

/// What may be replaced is about a take-over.
fn take_over(hub: &Map<String, Value>) -> Vec<StepMistake> {
    let is_off = hub.get("adopt").is_none_or(|adopt| adopt.is_null() || *adopt == Value::Bool(false));
    if !is_off || !is_given(hub, "mayReplace") || hub["mayReplace"].as_array().is_some_and(Vec::is_empty) {
        return Vec::new();
    }
    let message = "`hub.mayReplace` means nothing without `adopt: true`: it is about an Argo CD that is taken over";
    vec![("hub.mayReplace".to_owned(), message.to_owned(), "leave it out")]
}

/// Secrets that others write, and names that no Secret has.
fn secrets(hub: &Map<String, Value>) -> Vec<StepMistake> {
    let mut found = Vec::new();
    for (name, keys) in hub.get("secrets").and_then(Value::as_object).into_iter().flatten() {
        let path = format!("hub.secrets.{name}");
        if !is_dns_name(name) {
            found.push((path, format!("`{name}` is no name of a Secret"), "lower-case letters, digits, `-` and `.`"));
        } else if WRITTEN.contains(&name.as_str()) {
            let message = format!("the Secret `{name}` is written by others: by this program or by Argo CD");
            found.push((path, message, "give the Secret of your settings another name"));
        }
        for key in keys.as_object().into_iter().flat_map(Map::keys) {
            let path = format!("hub.secrets.{name}.{key}");
            if !is_data_key(key) {
                let message = format!("`{key}` cannot be a key of a Secret");
                found.push((path, message, "it has letters, digits, `-`, `_` and `.`"));
            } else if name == ARGOCD_SECRET && OF_SERVER.contains(&key.as_str()) {
                let message = format!("Argo CD's server writes `{key}` of `{ARGOCD_SECRET}` itself");
                found.push((path, message, "leave it out"));
            }
        }
    }
    found
}

fn is_dns_name(name: &str) -> bool {
    name.len() <= 253 && name.split('.').all(is_dns_label)
}

/// Whether a switch is on. A template may be anything.
fn is_on(hub: &Map<String, Value>, key: &str) -> bool {
    hub.get(key) == Some(&Value::Bool(true))
}

fn is_from_repository(hub: &Map<String, Value>) -> bool {
    hub.get("from").and_then(Value::as_str) == Some("repository")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_that_mean_nothing_beside_each_other_are_mistakes() {
        for (hub, wrong) in [
            (json!({"back": true, "from": "repository"}), vec!["hub.back"]),
            (json!({"back": true, "adopt": true}), vec!["hub.back"]),
            (json!({"adopt": true, "from": "repository"}), vec!["hub.adopt"]),
            (json!({"move": true}), vec!["hub.move"]),
            (json!({"move": true, "from": "bundle"}), vec!["hub.move"]),
            (json!({"mayReplace": ["Deployment/argocd-server"]}), vec!["hub.mayReplace"]),
            (json!({"back": true, "adopt": true, "from": "repository"}), vec!["hub.adopt", "hub.back", "hub.back"]),
            (
                json!({"secrets": {"Sso": {}, "argocd-redis": {}, "sso": {}}}),
                vec!["hub.secrets.Sso", "hub.secrets.argocd-redis"],
            ),
            (
                json!({"secrets": {"argocd-secret": {"admin.password": {}, "webhook.github.secret": {}}}}),
                vec!["hub.secrets.argocd-secret.admin.password"],
            ),
            (json!({"secrets": {"sso": {"a b": {}, "client_id": {}}}}), vec!["hub.secrets.sso.a b"]),
        ] {
            let found = mistakes(hub.as_object().expect("a mapping"));
            let paths: Vec<&str> = found.iter().map(|(path, ..)| path.as_str()).collect();
            assert_eq!(paths, wrong, "{hub}");
        }
    }

    #[test]
    fn templates_and_what_is_off_are_none() {
        for hub in [
            json!({}),
            json!({"back": true, "from": "bundle", "migrate": true, "mayRemove": ["crossplane"]}),
            json!({"back": "${ bundle.parameters.back }", "adopt": true}),
            json!({"back": false, "from": "repository", "move": true}),
            json!({"move": true, "from": "${ bundle.parameters.from }"}),
            json!({"move": null, "adopt": "${ bundle.parameters.adopt }", "mayReplace": ["Deployment/argocd-server"]}),
            json!({"adopt": true, "mayReplace": ["Deployment/argocd-server"]}),
            json!({"adopt": false, "mayReplace": []}),
        ] {
            assert_eq!(mistakes(hub.as_object().expect("a mapping")), [], "{hub}");
        }
    }
}
