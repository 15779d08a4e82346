//! A value as the API server completes it before it looks at it.

use serde_json::Value;

use super::is;
use crate::report::Place;
use crate::yaml::{Data, Key, Node};

/// The value with the defaults of what is missing, which have the place of what they are missing in.
pub(super) fn filled(node: &Node, schema: &Value) -> Node {
    let data = match &node.data {
        Data::Map(entries) => Data::Map(map(node, entries, schema)),
        Data::List(items) => {
            let of_item = schema.get("items").unwrap_or(&Value::Null);
            Data::List(items.iter().map(|item| filled(&or_default(item, of_item), of_item)).collect())
        }
        other => other.clone(),
    };
    Node { place: node.place, alias: node.alias, data }
}

fn map(node: &Node, entries: &[(Key, Node)], schema: &Value) -> Vec<(Key, Node)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties").unwrap_or(&Value::Null);
    let missing = properties.into_iter().flatten().filter_map(|(name, of_field)| {
        let is_there = entries.iter().any(|(key, _)| key.text == *name);
        let value = of_field.get("default").filter(|_| !is_there)?;
        Some((Key { text: name.clone(), place: node.place }, node_of(value, node.place)))
    });
    let all = entries.iter().map(|(key, value)| (key.clone(), value.clone())).chain(missing);
    let complete = all.map(|(key, value)| {
        let of_field = properties.and_then(|it| it.get(&key.text)).unwrap_or(others);
        (key, filled(&or_default(&value, of_field), of_field))
    });
    complete.collect()
}

/// A `null` asks for the default, where it may not be itself.
fn or_default(node: &Node, schema: &Value) -> Node {
    let asks = matches!(node.data, Data::Null) && !is(schema, "nullable");
    schema.get("default").filter(|_| asks).map_or_else(|| node.clone(), |value| node_of(value, node.place))
}

fn node_of(value: &Value, place: Place) -> Node {
    let below = |value: &Value| node_of(value, place);
    let data = match value {
        Value::Null => Data::Null,
        Value::Bool(value) => Data::Bool(*value),
        Value::Number(value) => Data::Number(value.clone()),
        Value::String(value) => Data::Text(value.clone()),
        Value::Array(items) => Data::List(items.iter().map(below).collect()),
        Value::Object(all) => {
            Data::Map(all.iter().map(|(key, value)| (Key { text: key.clone(), place }, below(value))).collect())
        }
    };
    Node { place, alias: None, data }
}
