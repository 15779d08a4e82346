//! Lists that are sets or maps: nothing stands there twice (apiextensions-apiserver `pkg/apiserver/schema/listtype`).

use serde_json::Value;

use super::items;
use super::limits::is_same;
use crate::schema::plain;
use crate::yaml::Node;

/// The items that repeat an earlier one, each with what is said of it.
pub(super) fn repeated(nodes: &[Node], schema: &Value) -> Vec<(usize, String)> {
    let keys: Vec<&str> = items(schema, "x-kubernetes-list-map-keys").filter_map(Value::as_str).collect();
    let identity = |node: &Node| -> Value {
        let value = plain(node);
        if keys.is_empty() {
            value
        } else {
            keys.iter().map(|key| value.get(key).cloned().unwrap_or_default()).collect()
        }
    };
    let what = match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => String::new(),
        Some("map") => format!(" in {}", keys.join(", ")),
        _ => return Vec::new(),
    };
    let all: Vec<Value> = nodes.iter().map(identity).collect();
    let repeats = |(at, value): (usize, &Value)| {
        let first = all[..at].iter().position(|earlier| is_same(earlier, value))?;
        Some((at, format!("is the same as item {first} of the list{what}")))
    };
    all.iter().enumerate().filter_map(repeats).collect()
}
