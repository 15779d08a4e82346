//! An object without what is another one on every cluster. Pure.

use serde_json::{Map, Value};

use crate::files::sha256;
use crate::object::kind;
use crate::words::argo;

/// Metadata that the API server keeps for itself.
const BOOKKEEPING: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];
/// Annotations that controllers write as they work.
const FLEETING: [&str; 5] = [
    argo::REFRESH,
    argo::REFRESH_STAMP,
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
    "kubectl.kubernetes.io/restartedAt",
];
/// What a cluster gives a Service by itself.
const GIVEN: [&str; 3] = ["clusterIP", "clusterIPs", "healthCheckNodePort"];
/// What whoever serves a webhook or conversion writes there, with a certificate of its own.
const CERTIFICATE: &str = "caBundle";

/// What two clusters have in common of an object that git holds. The values of a Secret are digests.
pub fn canonical(mut object: Value) -> Value {
    let is = kind(&object).to_owned();
    let Some(fields) = object.as_object_mut() else { return object };
    fields.remove("status");
    fields.remove("operation"); // of an Application: what Argo CD is doing
    if let Some(metadata) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        plain_metadata(metadata);
    }
    match is.as_str() {
        "Service" => plain_service(fields),
        "ServiceAccount" => _ = fields.remove("secrets"),
        "PersistentVolumeClaim" => remove_below(fields, "spec", "volumeName"),
        "Secret" => digest_values(fields),
        _ => {}
    }
    without_certificates(&mut object);
    object
}

fn plain_metadata(metadata: &mut Map<String, Value>) {
    metadata.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.retain(|key, _| !FLEETING.contains(&key.as_str()));
        if annotations.is_empty() {
            metadata.remove("annotations");
        }
    }
    let owners = metadata.get_mut("ownerReferences").and_then(Value::as_array_mut).into_iter().flatten();
    owners.filter_map(Value::as_object_mut).for_each(|owner| drop(owner.remove("uid")));
}

fn plain_service(fields: &mut Map<String, Value>) {
    let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut) else { return };
    // `None` is asked for, an address is given.
    if spec.get("clusterIP").is_none_or(|it| it != "None") {
        spec.retain(|key, _| !GIVEN.contains(&key.as_str()));
    }
    let ports = spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten();
    ports.filter_map(Value::as_object_mut).for_each(|port| drop(port.remove("nodePort")));
}

fn remove_below(fields: &mut Map<String, Value>, parent: &str, key: &str) {
    if let Some(below) = fields.get_mut(parent).and_then(Value::as_object_mut) {
        below.remove(key);
    }
}

fn digest_values(fields: &mut Map<String, Value>) {
    let values = fields.get_mut("data").and_then(Value::as_object_mut).into_iter().flatten();
    for (_, value) in values {
        *value = Value::String(sha256(value.as_str().unwrap_or_default().as_bytes()));
    }
}

fn without_certificates(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove(CERTIFICATE);
            fields.values_mut().for_each(without_certificates);
        }
        Value::Array(items) => items.iter_mut().for_each(without_certificates),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_every_cluster_has_of_its_own_is_no_difference() {
        for (one, other) in [
            (
                json!({"kind": "Deployment", "metadata": {"name": "a", "uid": "1", "resourceVersion": "7", "generation": 2,
                    "annotations": {"deployment.kubernetes.io/revision": "3"}}, "status": {"replicas": 1}}),
                json!({"kind": "Deployment", "metadata": {"name": "a", "uid": "2", "managedFields": []}}),
            ),
            (
                json!({"kind": "Service", "spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"port": 1, "nodePort": 30001}]}}),
                json!({"kind": "Service", "spec": {"ports": [{"port": 1, "nodePort": 30002}]}}),
            ),
            (
                json!({"kind": "ValidatingWebhookConfiguration", "webhooks": [{"clientConfig": {"caBundle": "QQ==", "service": {}}}]}),
                json!({"kind": "ValidatingWebhookConfiguration", "webhooks": [{"clientConfig": {"caBundle": "Qg==", "service": {}}}]}),
            ),
            (
                json!({"kind": "A", "metadata": {"ownerReferences": [{"name": "o", "uid": "1"}]}}),
                json!({"kind": "A", "metadata": {"ownerReferences": [{"name": "o", "uid": "2"}]}}),
            ),
        ] {
            assert_eq!(canonical(one.clone()), canonical(other), "{one}");
        }
    }

    #[test]
    fn what_somebody_set_is_a_difference() {
        let service = |ip: Value| json!({"kind": "Service", "spec": {"clusterIP": ip}});
        assert_ne!(canonical(service(json!("None"))), canonical(service(json!("10.0.0.1"))));
        let with = |image: &str| json!({"kind": "Pod", "spec": {"image": image}});
        assert_ne!(canonical(with("a")), canonical(with("b")));
    }

    #[test]
    fn the_values_of_a_secret_are_not_in_it() {
        let secret = |value: &str| canonical(json!({"kind": "Secret", "data": {"k": value}}));
        assert!(!secret("c2VjcmV0").to_string().contains("c2VjcmV0"));
        assert_eq!(secret("c2VjcmV0"), secret("c2VjcmV0"));
        assert_ne!(secret("c2VjcmV0"), secret("c2VjcmV1"));
    }
}
