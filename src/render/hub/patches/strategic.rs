//! The strategic merge of a patch into an object, as kustomize does it: lists that have a key are merged item by item, what the
//! patch names first, all others are replaced; `null` takes a field away, and `$patch` says more.
//!
//! What kustomize passes over is refused here: an item without its key, and one to delete that is not there.

use serde_json::{Map, Value};

use crate::document::{DELETE, DIRECTIVE, REPLACE};

/// Lists that are merged: the field that they stand in, their own, and the keys of an item (`patchMergeKey` in k8s.io/api v0.37.2,
/// with the `listMapKey`s that kustomize takes besides), for the kinds of Argo CD's manifest.
const KEYS: [(&str, &str, &[&str]); 18] = [
    ("spec", "containers", &["name"]),
    ("spec", "initContainers", &["name"]),
    ("spec", "volumes", &["name"]),
    ("spec", "imagePullSecrets", &["name"]),
    ("spec", "hostAliases", &["ip"]),
    ("spec", "topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("spec", "schedulingGates", &["name"]),
    ("spec", "resourceClaims", &["name"]),
    ("spec", "ports", &["port", "protocol"]), // of a Service
    ("containers", "env", &["name"]),
    ("containers", "ports", &["containerPort", "protocol"]),
    ("containers", "volumeMounts", &["mountPath"]),
    ("containers", "volumeDevices", &["devicePath"]),
    ("initContainers", "env", &["name"]),
    ("initContainers", "ports", &["containerPort", "protocol"]),
    ("initContainers", "volumeMounts", &["mountPath"]),
    ("initContainers", "volumeDevices", &["devicePath"]),
    ("", "secrets", &["name"]), // of a ServiceAccount
];
/// The one key that has a default in Kubernetes.
const PROTOCOL: (&str, &str) = ("protocol", "TCP");

/// The object with the patch merged into it, or why it cannot be.
pub(super) fn merge(object: &Value, patch: &Map<String, Value>) -> Result<Value, String> {
    merge_fields(object, patch, "")
}

/// A value merged with what a patch says of it; `None` where it goes.
fn merge_value(live: Option<&Value>, patch: &Value, parent: &str, field: &str) -> Result<Option<Value>, String> {
    match patch {
        Value::Null => Ok(None),
        Value::Object(fields) => match directive(patch) {
            Some(DELETE) => Ok(None),
            Some(REPLACE) => merge_fields(&Value::Null, fields, field).map(Some),
            _ => merge_fields(live.unwrap_or(&Value::Null), fields, field).map(Some),
        },
        Value::Array(items) => merge_list(live, items, parent, field).map(|items| Some(Value::Array(items))),
        scalar => Ok(Some(scalar.clone())),
    }
}

fn merge_fields(live: &Value, patch: &Map<String, Value>, field: &str) -> Result<Value, String> {
    let mut merged = live.as_object().cloned().unwrap_or_default();
    for (key, value) in patch.iter().filter(|(key, _)| *key != DIRECTIVE) {
        match merge_value(merged.get(key), value, field, key)? {
            Some(value) => _ = merged.insert(key.clone(), value),
            None => _ = merged.remove(key),
        }
    }
    Ok(Value::Object(merged))
}

fn merge_list(live: Option<&Value>, patch: &[Value], parent: &str, field: &str) -> Result<Vec<Value>, String> {
    let is_replacement = |item: &&Value| directive(item) == Some(REPLACE);
    if patch.iter().any(|item| is_replacement(&item)) {
        return Ok(patch.iter().filter(|item| !is_replacement(item)).cloned().collect());
    }
    let Some((.., keys)) = KEYS.iter().find(|(above, list, _)| (*above, *list) == (parent, field)) else {
        return match patch.iter().find_map(directive) {
            Some(word) => {
                Err(format!("`{DIRECTIVE}: {word}` in `{field}`, whose items have no key: give the whole list"))
            }
            None => Ok(patch.to_vec()),
        };
    };
    let mut rest: Vec<Value> = live.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut first = Vec::new();
    for item in patch {
        let identity = identity(item, keys)
            .map_err(|key| format!("an item of `{field}` has no `{key}`, by which it is merged"))?;
        let is_it = |other: &Value| self::identity(other, keys).is_ok_and(|other| other == identity);
        if first.iter().any(is_it) {
            return Err(format!("{} is twice in `{field}` of the patch", shown(&identity, keys)));
        }
        let there = rest.iter().position(is_it).map(|at| rest.remove(at));
        if directive(item) == Some(DELETE) && there.is_none() {
            return Err(format!("{} is to be deleted from `{field}`, where it is not", shown(&identity, keys)));
        }
        first.extend(merge_value(there.as_ref(), item, field, field)?);
    }
    first.append(&mut rest);
    Ok(first)
}

fn directive(value: &Value) -> Option<&str> {
    value.get(DIRECTIVE).and_then(Value::as_str)
}

/// What an item is known by, or the key that it lacks.
fn identity<'k>(item: &Value, keys: &[&'k str]) -> Result<Vec<Value>, &'k str> {
    let value = |key: &&'k str| {
        let default = (*key == PROTOCOL.0).then(|| Value::from(PROTOCOL.1));
        item.get(*key).cloned().or(default).ok_or(*key)
    };
    keys.iter().map(value).collect()
}

fn shown(identity: &[Value], keys: &[&str]) -> String {
    let parts: Vec<String> = keys.iter().zip(identity).map(|(key, value)| format!("{key} {value}")).collect();
    parts.join(", ")
}
