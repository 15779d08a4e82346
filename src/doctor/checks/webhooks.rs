//! Admission webhooks that nobody answers, and which must agree all the same.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::doctor::code::WEBHOOK_LEFT;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::selector::selects;
use crate::object::{ObjectRef, items, name, str_at, strings};

/// What is in the namespace of Argo CD, as far as a rule of a webhook may name it: if this is refused, Argo CD cannot be mended.
const OF_ARGO_CD: &[&str] =
    &["*", "*/*", "applications", "configmaps", "deployments", "pods", "secrets", "services", "statefulsets"];

/// Webhook configurations whose service is missing or answers nothing.
pub fn left(facts: &Facts) -> Vec<Finding> {
    let configurations = facts.webhooks.iter().flatten();
    configurations.filter_map(|configuration| left_of(facts, configuration)).collect()
}

fn left_of(facts: &Facts, configuration: &Value) -> Option<Finding> {
    let must_agree = |it: &&Value| str_at(it, "/failurePolicy") != "Ignore";
    let mut dead: Vec<(&Value, String)> = Vec::new();
    for webhook in items(configuration, "/webhooks").filter(must_agree) {
        let Some(service) = webhook.pointer("/clientConfig/service") else { continue };
        let service = (str_at(service, "/namespace"), str_at(service, "/name"));
        if let Some(trouble) = facts.trouble_with_service(service) {
            dead.push((webhook, format!("Service {}/{}, which {trouble}", service.0, service.1)));
        }
    }
    let (_, first) = dead.first()?;
    let stops_argocd = dead.iter().any(|(webhook, _)| asks_about_argocd(facts, webhook));
    let (harm, about) = if stops_argocd {
        (Harm::Loss, ", and Argo CD's own objects are among what it is asked about")
    } else {
        (Harm::Trouble, "")
    };
    let names = dead.iter().map(|(webhook, service)| format!("{}: {service}", str_at(webhook, "/name"))).collect();
    let says = format!("it calls {first}{about}");
    Some(Finding::new(WEBHOOK_LEFT, harm, &ObjectRef::of(configuration), says).with_details(names))
}

fn asks_about_argocd(facts: &Facts, webhook: &Value) -> bool {
    let Some(namespace) = facts.namespaces.iter().flatten().find(|it| name(it) == facts.namespace) else {
        return false;
    };
    let labels = namespace.pointer("/metadata/labels").and_then(Value::as_object).into_iter().flatten();
    let labels: BTreeMap<&str, &str> =
        labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))).collect();
    let is_about = |rule: &Value| {
        str_at(rule, "/scope") != "Cluster" && strings(rule, "/resources").any(|it| OF_ARGO_CD.contains(&it))
    };
    selects(webhook.get("namespaceSelector"), &labels) && items(webhook, "/rules").any(is_about)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_webhook_is_as_harmful_as_what_it_is_asked_about() {
        let service = json!({"service": {"namespace": "x", "name": "gone"}});
        let rules = |resource: &str| json!([{"resources": [resource], "scope": "*"}]);
        let not_here = json!({"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["argocd"]}]});
        for (webhook, harm) in [
            (json!({"clientConfig": service, "rules": rules("deployments")}), Some(Harm::Loss)),
            (
                json!({"clientConfig": service, "rules": rules("deployments"), "namespaceSelector": not_here}),
                Some(Harm::Trouble),
            ),
            (json!({"clientConfig": service, "rules": rules("buckets")}), Some(Harm::Trouble)),
            (json!({"clientConfig": service, "rules": rules("*"), "failurePolicy": "Ignore"}), None),
            (json!({"clientConfig": {"url": "https://x"}, "rules": rules("*")}), None),
        ] {
            let configuration =
                json!({"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "a"}, "webhooks": [webhook]});
            let namespace =
                json!({"metadata": {"name": "argocd", "labels": {"kubernetes.io/metadata.name": "argocd"}}});
            let facts = Facts {
                namespace: "argocd".to_owned(),
                namespaces: Some(vec![namespace]),
                services: Some(Vec::new()),
                ..Facts::default()
            };
            assert_eq!(left_of(&facts, &configuration).map(|it| it.harm), harm, "{configuration}");
            let unread = Facts { services: None, ..facts };
            assert_eq!(left_of(&unread, &configuration), None, "nobody knows");
        }
    }
}
