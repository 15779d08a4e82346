//! Fields of live objects that a new schema lacks.
//!
//! The API server drops what a schema does not name, already when it reads an object from its store (apiextensions 1.37.2,
//! `customresource_handler.go`). A definition alone does not tell whether anybody has written such a field, so each object is
//! walked beside the schema that it is read by today and the one that is to come.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::crds::{self, storage_version};
use crate::object::{items, str_at};

/// What every object has, whatever its schema says.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// What its controller writes anew.
const STATUS: &str = "status";
const PRESERVE: &str = "x-kubernetes-preserve-unknown-fields";
const EMBEDDED: &str = "x-kubernetes-embedded-resource";
/// How deep two schemas are compared. The API server takes no schema that refers to itself, so this is only a bound.
const DEPTH: usize = 64;

/// The version that objects can be read in today and that the new definition has, too; the one that will be stored where there is
/// a choice.
#[must_use]
pub fn common_version<'v>(live: &Value, new: &'v Value) -> Option<&'v str> {
    let today: BTreeSet<&str> = crds::served(live).collect();
    let stored = storage_version(new).filter(|it| today.contains(it));
    let any = || items(new, "/spec/versions").map(|it| str_at(it, "/name")).find(|it| today.contains(it));
    stored.or_else(any)
}

/// The schema of a version.
#[must_use]
pub fn schema<'v>(crd: &'v Value, version: &str) -> Option<&'v Value> {
    items(crd, "/spec/versions").find(|it| str_at(it, "/name") == version)?.pointer("/schema/openAPIV3Schema")
}

/// Whether the new schema lacks anything that the old one names, the status left out: only then is any object worth a look.
#[must_use]
pub fn lacks_fields(old: &Value, new: &Value) -> bool {
    lacks(old, new, true, DEPTH)
}

/// The fields of the object that the new schema lacks. What only the default of the old schema has put there is nobody's loss, and
/// the status is written anew.
#[must_use]
pub fn lost(object: &Value, old: &Value, new: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(object, Some(old), new, &Place { path: String::new(), is_object: true, is_root: true }, &mut found);
    found
}

/// Of the fields that an object would lose those that git lets go by itself: its file has them before the commit, and has them
/// no more after it. Nobody loses these; on the way back they are what the newer version had written. Then the rest.
#[must_use]
pub fn let_go(lost: Vec<String>, before: &[String], after: &[String]) -> (Vec<String>, Vec<String>) {
    lost.into_iter().partition(|field| before.contains(field) && !after.contains(field))
}

struct Place {
    path: String,
    /// Whether this is an object of the API, on top or embedded.
    is_object: bool,
    is_root: bool,
}

impl Place {
    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Whether no schema is asked about this key.
    fn is_given(&self, key: &str) -> bool {
        (self.is_object && OF_EVERY_OBJECT.contains(&key)) || (self.is_root && key == STATUS)
    }
}

fn walk(value: &Value, old: Option<&Value>, new: &Value, place: &Place, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().filter(|(key, _)| !place.is_given(key)).for_each(|(key, child)| {
            let was = old.and_then(|old| property(old, key));
            match property(new, key) {
                Some(schema) => {
                    let is_object = is(schema, EMBEDDED);
                    walk(child, was, schema, &Place { path: place.below(key), is_object, is_root: false }, found);
                }
                None if keeps_unknown(new) || was.and_then(|it| it.get("default")) == Some(child) => {}
                None => found.push(place.below(key)),
            }
        }),
        Value::Array(children) => {
            let Some(schema) = new.get("items") else { return };
            let was = old.and_then(|old| old.get("items"));
            for (index, child) in children.iter().enumerate() {
                let is_object = is(schema, EMBEDDED);
                let path = format!("{}[{index}]", place.path);
                walk(child, was, schema, &Place { path, is_object, is_root: false }, found);
            }
        }
        _ => {}
    }
}

/// What a schema says of a key.
fn property<'v>(schema: &'v Value, key: &str) -> Option<&'v Value> {
    let named = schema.get("properties").and_then(|all| all.get(key));
    named.or_else(|| schema.get("additionalProperties").filter(|it| it.is_object()))
}

/// Whether what the schema does not name is kept as it is.
fn keeps_unknown(schema: &Value) -> bool {
    is(schema, PRESERVE) || schema.get("additionalProperties").and_then(Value::as_bool).unwrap_or_default()
}

fn is(schema: &Value, what: &str) -> bool {
    schema.get(what).and_then(Value::as_bool).unwrap_or_default()
}

fn lacks(old: &Value, new: &Value, is_root: bool, depth: usize) -> bool {
    if depth == 0 || (keeps_unknown(old) && !keeps_unknown(new)) {
        return true;
    }
    let none = Map::new();
    let named = old.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let is_lost = |(key, was): (&String, &Value)| match property(new, key) {
        _ if is_root && (key == STATUS || OF_EVERY_OBJECT.contains(&key.as_str())) => false,
        Some(is) => lacks(was, is, false, depth - 1),
        None => !keeps_unknown(new),
    };
    let of_each = |key: &str| match (old.get(key).filter(|it| it.is_object()), new.get(key)) {
        (Some(was), Some(is)) if is.is_object() => lacks(was, is, false, depth - 1),
        (Some(_), None) => !keeps_unknown(new),
        _ => false,
    };
    named.iter().any(is_lost) || of_each("additionalProperties") || of_each("items")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(schema: &Value) -> Value {
        json!({"properties": {"spec": schema}})
    }

    #[test]
    fn fields_that_a_schema_lacks_are_found_at_their_place() {
        let old = json!({});
        let text = json!({"type": "string"});
        let table = [
            (json!({"properties": {"a": text}}), json!({"a": "x", "b": 1}), vec!["spec.b"]),
            (
                json!({"properties": {"a": {"items": {"properties": {"b": text}}}}}),
                json!({"a": [{"b": "x"}, {"c": 1}]}),
                vec!["spec.a[1].c"],
            ),
            (
                json!({"additionalProperties": {"properties": {"a": text}}}),
                json!({"any": {"a": "x", "b": 1}}),
                vec!["spec.any.b"],
            ),
            (json!({"additionalProperties": true}), json!({"any": {"b": 1}}), vec![]),
            (json!({PRESERVE: true}), json!({"any": {"b": 1}}), vec![]),
            (
                json!({PRESERVE: true, "properties": {"a": {"properties": {}}}}),
                json!({"a": {"b": 1}, "c": 1}),
                vec!["spec.a.b"],
            ),
            (
                json!({"properties": {"t": {EMBEDDED: true, "properties": {"data": text}}}}),
                json!({"t": {"apiVersion": "v1", "kind": "X", "metadata": {"name": "n"}, "data": "x", "b": 1}}),
                vec!["spec.t.b"],
            ),
        ];
        for (schema, value, expected) in table {
            let object =
                json!({"apiVersion": "a/v1", "kind": "K", "metadata": {}, "spec": value, "status": {"old": 1}});
            assert_eq!(lost(&object, &old, &spec(&schema)), expected, "{schema} {value}");
        }
    }

    #[test]
    fn a_default_of_the_old_schema_is_nobodys_loss() {
        let old = spec(&json!({"properties": {"store": {"default": {"name": "default"}, "type": "object"}}}));
        let new = spec(&json!({"properties": {}}));
        let with = |name: &str| json!({"spec": {"store": {"name": name}}});
        assert_eq!(lost(&with("default"), &old, &new), [""; 0]);
        assert_eq!(lost(&with("mine"), &old, &new), ["spec.store"]);
    }

    #[test]
    fn what_git_itself_takes_out_is_lost_to_nobody() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(str::to_owned);
        let (before, after) = ([a.clone(), b.clone()], [b.clone(), c.clone()]);
        let (let_go, rest) = let_go(vec![a.clone(), b.clone(), c.clone(), d.clone()], &before, &after);
        assert_eq!((let_go, rest), (vec![a], vec![b, c, d]), "b stays in git, c comes, d was never there");
    }

    #[test]
    fn objects_are_only_worth_a_look_where_a_field_goes() {
        let text = json!({"type": "string"});
        let table = [
            (json!({"properties": {"a": text}}), json!({"properties": {"a": text, "b": text}}), false),
            (json!({"properties": {"a": text, "b": text}}), json!({"properties": {"a": text}}), true),
            (json!({"properties": {"a": text, "b": text}}), json!({PRESERVE: true}), false),
            (json!({PRESERVE: true}), json!({"properties": {"a": text}}), true),
            (json!({"items": {"properties": {"a": text}}}), json!({"items": {"properties": {}}}), true),
            (json!({"additionalProperties": text}), json!({"properties": {}}), true),
            (json!({"additionalProperties": text}), json!({"additionalProperties": text}), false),
        ];
        for (old, new, expected) in table {
            assert_eq!(lacks_fields(&spec(&old), &spec(&new)), expected, "{old} -> {new}");
        }
        let status = |fields: Value| json!({"properties": {"status": {"properties": fields}}});
        assert!(!lacks_fields(&status(json!({"a": text})), &status(json!({}))), "the status is written anew");
    }

    #[test]
    fn objects_are_read_in_a_version_that_stays() {
        let crd = |versions: Value| json!({"spec": {"versions": versions}});
        let live = crd(json!([{"name": "v1", "served": true}, {"name": "v1beta1", "served": true, "storage": true}]));
        let new = crd(json!([{"name": "v1", "served": true, "storage": true}]));
        assert_eq!(common_version(&live, &new), Some("v1"));
        let other = crd(json!([{"name": "v3", "served": true, "storage": true}]));
        assert_eq!(common_version(&live, &other), None);
    }
}
