//! What is kept of objects that are read whole: there may be thousands, and most of each is for others.

use serde_json::{Map, Value};

use crate::object::str_at;

/// What is asked of a resource of an Application.
const OF_A_RESOURCE: [&str; 5] = ["group", "version", "kind", "namespace", "name"];

/// An Application without its history, its values and what its last sync did to each object.
pub fn application(mut live: Value) -> Value {
    common(&mut live);
    drop_keys(&mut live, "/status", &["history", "summary"]);
    drop_keys(&mut live, "/status/sync", &["comparedTo"]);
    drop_keys(&mut live, "/status/operationState", &["operation"]);
    drop_keys(&mut live, "/status/operationState/syncResult", &["resources", "source", "sources"]);
    drop_keys(&mut live, "/spec", &["source", "sources", "ignoreDifferences"]);
    let resources = live.pointer_mut("/status/resources").and_then(Value::as_array_mut);
    for resource in resources.into_iter().flatten().filter_map(Value::as_object_mut) {
        resource.retain(|key, _| OF_A_RESOURCE.contains(&key.as_str()));
    }
    live
}

/// An `ApplicationSet` without the template of its Applications.
pub fn set(mut live: Value) -> Value {
    common(&mut live);
    drop_keys(&mut live, "/spec", &["template", "templatePatch"]);
    drop_keys(&mut live, "/status", &["resources", "applicationStatus"]);
    live
}

/// A definition without its schemas. Of what is trusted it matters only whether there is any.
pub fn definition(mut live: Value) -> Value {
    common(&mut live);
    let versions = live.pointer_mut("/spec/versions").and_then(Value::as_array_mut);
    for version in versions.into_iter().flatten().filter_map(Value::as_object_mut) {
        version
            .retain(|key, _| ["name", "served", "storage", "deprecated", "deprecationWarning"].contains(&key.as_str()));
    }
    live
}

/// A webhook configuration without the certificates that it trusts.
pub fn webhooks(mut live: Value) -> Value {
    common(&mut live);
    let webhooks = live.pointer_mut("/webhooks").and_then(Value::as_array_mut);
    for webhook in webhooks.into_iter().flatten() {
        drop_keys(webhook, "/clientConfig", &["caBundle"]);
    }
    live
}

/// What nobody asks of any object.
pub fn plain(mut live: Value) -> Value {
    common(&mut live);
    live
}

/// A service as namespace and name.
pub fn place(live: &Value) -> (String, String) {
    (str_at(live, "/metadata/namespace").to_owned(), str_at(live, "/metadata/name").to_owned())
}

/// The service behind which an `EndpointSlice` has somebody who is ready. One that does not say so is.
pub fn answering(live: &Value) -> Option<(String, String)> {
    let is_ready = |it: &Value| it.pointer("/conditions/ready") != Some(&Value::Bool(false));
    let service = live.pointer("/metadata/labels")?.get("kubernetes.io/service-name")?.as_str()?;
    let any = live.get("endpoints").and_then(Value::as_array).is_some_and(|all| all.iter().any(is_ready));
    any.then(|| (str_at(live, "/metadata/namespace").to_owned(), service.to_owned()))
}

fn common(live: &mut Value) {
    drop_keys(live, "/metadata", &["managedFields"]);
    drop_keys(live, "/metadata/annotations", &[crate::engine::installers::LAST_APPLIED]);
}

fn drop_keys(live: &mut Value, at: &str, keys: &[&str]) {
    if let Some(part) = live.pointer_mut(at).and_then(Value::as_object_mut) {
        let part: &mut Map<String, Value> = part;
        part.retain(|key, _| !keys.contains(&key.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_slice_answers_when_one_endpoint_does() {
        for (endpoints, answers) in [
            (json!([]), false),
            (json!(null), false),
            (json!([{"conditions": {"ready": false}}]), false),
            (json!([{"conditions": {"ready": false}}, {"conditions": {"ready": true}}]), true),
            (json!([{"addresses": ["10.0.0.1"]}]), true),
        ] {
            let slice = json!({"metadata": {"namespace": "x", "labels": {"kubernetes.io/service-name": "s"}}, "endpoints": endpoints});
            assert_eq!(answering(&slice).is_some(), answers, "{endpoints}");
        }
    }

    #[test]
    fn of_an_application_stays_what_the_checks_read() {
        let live = json!({"metadata": {"name": "a", "managedFields": [{}]}, "spec": {"project": "p", "source": {"helm": {"values": "long"}}},
            "status": {"history": [{}], "resources": [{"group": "", "kind": "ConfigMap", "name": "b", "health": {}}],
                "operationState": {"phase": "Failed", "operation": {}, "syncResult": {"revision": "r", "resources": [{}]}}}});
        let kept = json!({"metadata": {"name": "a"}, "spec": {"project": "p"},
            "status": {"resources": [{"group": "", "kind": "ConfigMap", "name": "b"}],
                "operationState": {"phase": "Failed", "syncResult": {"revision": "r"}}}});
        assert_eq!(application(live), kept);
    }
}
