//! Whether an apply would leave an object as it is, told by its `managedFields` alone. Pure.
//!
//! Server-side apply takes away what the manager's entry has and the object has no more, and writes what the object has
//! (structured-merge-diff `merge/update.go`). Where the entry has just the fields of the object, and the live values are those of the
//! object, there is nothing of either. Where that is not surely so, only the API server can tell.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::ownership::{ITSELF, entries, is_apply_of};
use crate::object::str_at;

/// What no set has: it says which object it is.
const OF_OBJECT: &[&str] = &["apiVersion", "kind", "metadata"];
const OF_METADATA: &[&str] = &["name", "namespace"];
/// The maps of Secrets and `ConfigMaps`, which are owned key by key. Elsewhere an empty set can be that of a map that is written as
/// one.
const OF_KEYS: &[&str] = &["data", "binaryData"];

/// Whether an apply of this object by the manager would change no value, as far as nobody else has fields in it.
///
/// What others have stays beside it, too, unless a new schema has made one value of the map or list that it is in: then it goes, and
/// no set tells that.
#[must_use]
pub fn is_settled(manager: &str, object: &Value, live: &Value) -> bool {
    let entry = entries(live).iter().find(|entry| is_apply_of(entry, manager));
    // The set of another version names other fields.
    let entry = entry.filter(|entry| str_at(entry, "/apiVersion") == str_at(object, "/apiVersion"));
    let Some(fields) = entry.and_then(|entry| entry.get("fieldsV1")) else { return false };
    let is_owned = |data: &&str| map(&object[*data]).is_empty() || !map(&fields[format!("f:{data}")]).is_empty();
    OF_KEYS.iter().all(is_owned)
        && is_map_settled(map(object), map(live), map(fields), OF_OBJECT)
        && is_map_settled(map(&object["metadata"]), map(&live["metadata"]), map(&fields["f:metadata"]), OF_METADATA)
}

/// Of everything but these keys.
fn is_map_settled(
    wanted: &Map<String, Value>,
    live: &Map<String, Value>,
    fields: &Map<String, Value>,
    but: &[&str],
) -> bool {
    let wanted: Vec<_> = wanted.iter().filter(|(key, _)| !but.contains(&key.as_str())).collect();
    let names = fields.keys().filter_map(|it| it.strip_prefix("f:")).filter(|key| !but.contains(key));
    names.count() == wanted.len()
        && wanted.into_iter().all(|(key, value)| match (live.get(key), fields.get(&format!("f:{key}"))) {
            (Some(live), Some(fields)) => is_value_settled(value, live, map(fields)),
            _ => false,
        })
}

fn is_value_settled(wanted: &Value, live: &Value, fields: &Map<String, Value>) -> bool {
    // A single value, or a map or list that is written as one.
    if fields.keys().all(|key| key == ITSELF) {
        return wanted == live;
    }
    match (wanted, live) {
        (Value::Object(wanted), Value::Object(live)) => is_map_settled(wanted, live, fields, &[]),
        (Value::Array(wanted), Value::Array(live)) => is_list_settled(wanted, live, fields),
        _ => false,
    }
}

/// Of a list with keys or of a set. One that others have put something into is merged, and in which order is the server's business.
fn is_list_settled(wanted: &[Value], live: &[Value], fields: &Map<String, Value>) -> bool {
    let elements: Vec<_> = fields.iter().filter(|(key, _)| *key != ITSELF).collect();
    let settled = wanted.iter().zip(live).map(|(wanted, live)| {
        let (key, fields) = elements.iter().find(|(key, _)| names_element(key, wanted, live))?;
        is_value_settled(wanted, live, map(fields)).then_some(*key)
    });
    let settled: Option<BTreeSet<&String>> = settled.collect();
    let each_once = |count: usize| count == wanted.len() && count == live.len() && count == elements.len();
    settled.is_some_and(|settled| each_once(settled.len()))
}

/// Whether `k:{"name":"a"}` or `v:"a"` is this element of a list. A key that it leaves out has its default.
fn names_element(key: &str, wanted: &Value, live: &Value) -> bool {
    let Some((sort, text)) = key.split_once(':') else { return false };
    match (sort, serde_json::from_str(text)) {
        ("k", Ok(Value::Object(keys))) => {
            keys.iter().all(|(key, value)| wanted.get(key).or_else(|| live.get(key)) == Some(value))
        }
        ("v", Ok(value)) => value == *wanted,
        _ => false,
    }
}

fn map(value: &Value) -> &Map<String, Value> {
    static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
    value.as_object().unwrap_or(&NONE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ME: &str = "me";

    /// A Deployment as git has it: a map with keys of others, one that is written as one, lists with keys, a set and a list that is
    /// written as one.
    fn wanted() -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "d", "namespace": "n", "labels": {"a": "b"}, "finalizers": ["x/y"]},
            "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
                "containers": [{"name": "c", "image": "i", "args": ["one", "two"], "ports": [{"containerPort": 80}]}],
                "volumes": [{"name": "v", "emptyDir": {}}]}}}})
    }

    fn fields() -> Value {
        json!({"f:metadata": {"f:labels": {"f:a": {}}, "f:finalizers": {"v:\"x/y\"": {}}},
            "f:spec": {"f:selector": {}, "f:template": {"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {
                "f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:image": {}, "f:args": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}},
                "f:volumes": {"k:{\"name\":\"v\"}": {".": {}, "f:name": {}, "f:emptyDir": {}}}}}}})
    }

    /// The same on a cluster, with defaults and what others have.
    fn live() -> Value {
        let mut live = wanted();
        let entry = json!({"manager": ME, "operation": "Apply", "apiVersion": "apps/v1", "fieldsV1": fields()});
        live["metadata"]["managedFields"] = json!([{"manager": "other", "operation": "Update"}, entry]);
        live["metadata"]["labels"]["of-others"] = json!("x");
        live["spec"]["replicas"] = json!(1);
        live["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] = json!("TCP");
        live["status"] = json!({"replicas": 1});
        live
    }

    fn changed(mut object: Value, pointer: &str, value: Value) -> Value {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
        match object.pointer_mut(parent).expect("there") {
            Value::Array(list) => list.insert(key.parse().expect("a place"), value),
            map => map[key.replace("~1", "/")] = value,
        }
        object
    }

    #[test]
    fn an_object_with_just_these_fields_and_values_would_stay_as_it_is() {
        assert!(is_settled(ME, &wanted(), &live()));
        assert!(!is_settled("other", &wanted(), &live()));
        assert!(!is_settled(ME, &wanted(), &Value::Null));
    }

    #[test]
    fn what_git_changes_or_drops_or_adds_is_no_proof() {
        const CONTAINER: &str = "/spec/template/spec/containers/0";
        for (pointer, value) in [
            ("/apiVersion", json!("apps/v1beta1")),
            ("/metadata/labels/a", json!("c")),
            ("/metadata/labels/of-others", json!("x")), // it would be of both
            ("/metadata/finalizers/1", json!("z")),
            ("/spec/replicas", json!(1)),
            ("/spec/selector", json!({})),
            ("/spec/selector/matchLabels", json!({"a": "b", "c": "d"})),
            (&format!("{CONTAINER}/image"), json!("j")),
            (&format!("{CONTAINER}/args"), json!(["two", "one"])),
            (&format!("{CONTAINER}/ports/0"), json!({"containerPort": 81})),
            (&format!("{CONTAINER}/ports"), json!([{"containerPort": 80, "protocol": "UDP"}])),
            ("/spec/template/spec/containers", json!([])),
            ("/spec/template/spec/containers/0", json!({"name": "b"})),
            ("/spec/template/spec/volumes", json!([{"name": "v", "emptyDir": {"medium": "Memory"}}])),
        ] {
            assert!(!is_settled(ME, &changed(wanted(), pointer, value), &live()), "{pointer}");
        }
    }

    #[test]
    fn what_the_cluster_has_otherwise_is_no_proof() {
        for (pointer, value) in [
            ("/metadata/labels/a", json!("c")),
            ("/metadata/labels", json!({})),
            ("/spec/selector/matchLabels/c", json!("d")),
            ("/spec/template/spec/containers/0/args/0", json!("zero")),
            ("/spec/template/spec/containers/1", json!({"name": "of-others", "image": "i"})),
            ("/spec/template/spec/volumes/0/emptyDir", json!({"medium": "Memory"})),
        ] {
            assert!(!is_settled(ME, &wanted(), &changed(live(), pointer, value)), "{pointer}");
        }
    }

    #[test]
    fn a_secret_is_settled_where_it_has_what_was_written() {
        let secret = |data: Value| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a", "namespace": "n", "labels": {"l": "x"}},
                "type": "Opaque", "data": data})
        };
        let live = |manager: &str, owned: Value, data: Value| {
            let fields = json!({"f:metadata": {"f:labels": {".": {}, "f:l": {}}}, "f:type": {}, "f:data": owned});
            let mut live = secret(data);
            live["metadata"]["managedFields"] =
                json!([{"manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsV1": fields}]);
            live
        };
        let (one, both) = (json!({"f:one": {}}), json!({"f:one": {}, "f:two": {}}));
        let values = json!({"one": "1", "two": "2"});
        for (live, expected) in [
            (live(ME, one.clone(), json!({"one": "1"})), true),
            (live(ME, one.clone(), values.clone()), true), // what others have put beside it
            (live(ME, one.clone(), json!({"one": "other"})), false),
            (live(ME, both, values.clone()), false), // it would take one out
            (live(ME, json!({}), json!({"one": "1"})), false), // it would own it from then on
            (live("other", one, json!({"one": "1"})), false),
        ] {
            assert_eq!(is_settled(ME, &secret(json!({"one": "1"})), &live), expected, "{live:#}");
        }
    }

    #[test]
    fn an_entry_with_other_fields_is_no_proof() {
        for (pointer, value) in [
            ("/f:spec/f:replicas", json!({})), // it would be taken out
            ("/f:metadata/f:labels", json!({})),
            ("/f:spec/f:template/f:spec/f:volumes", json!({"k:{\"name\":\"w\"}": {".": {}}})),
            ("/f:metadata/f:finalizers", json!({"v:\"x~1y\"": {}, "v:\"z\"": {}})),
        ] {
            let fields = changed(fields(), pointer, value);
            let live = changed(
                live(),
                "/metadata/managedFields",
                json!([{"manager": ME, "operation": "Apply",
                "apiVersion": "apps/v1", "fieldsV1": fields}]),
            );
            assert!(!is_settled(ME, &wanted(), &live), "{pointer}");
        }
    }
}
