use serde_json::json;

use super::*;
use crate::yaml::{Reader, parse};

fn held(schema: &Value, text: &str) -> Held {
    let document = parse("a.yaml", text, Reader::Kubernetes).expect("YAML");
    hold(&document.source, &document.root, schema, "spec")
}

fn said(schema: &Value, text: &str) -> Vec<String> {
    held(schema, text).mistakes.iter().map(ToString::to_string).collect()
}

fn with(field: &Value) -> Value {
    json!({"type": "object", "required": ["size"], "properties": {"size": {"type": "integer"}, "a": field}})
}

fn embedded() -> Value {
    json!({"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true})
}

#[test]
fn every_kind_of_mistake_has_its_place_and_words() {
    let string = |more: Value| {
        let mut schema = json!({"type": "string"});
        schema.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        schema
    };
    let text = "size: 1\na: ";
    let list = |more: Value| json!({"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": more});
    for (field, written, words) in [
        (string(json!({})), "1", "a.yaml:2:4: `spec.a` is a number, expected a string (hint: put the value in quotes)"),
        (json!({"type": "integer"}), "\"1\"", "a.yaml:2:4: `spec.a` is a string, expected an integer"),
        (json!({"type": "integer"}), "1.5", "a.yaml:2:4: `spec.a` is a number, expected an integer"),
        (json!({"type": "integer"}), "1e20", "a.yaml:2:4: `spec.a` is a number, expected an integer"),
        (json!({"type": "integer"}), "9223372036854775808", "a.yaml:2:4: `spec.a` is a number, expected an integer"),
        (
            json!({"type": "number", "multipleOf": 0.1}),
            "0.75",
            "a.yaml:2:4: `spec.a` is 0.75, expected a multiple of 0.1",
        ),
        (
            string(json!({"nullable": true, "enum": ["a", "b"]})),
            "null",
            "a.yaml:2:4: `spec.a` is `null`, which is none of: a, b",
        ),
        (json!({"type": "boolean"}), "1", "a.yaml:2:4: `spec.a` is a number, expected a boolean"),
        (json!({"type": "array"}), "{}", "a.yaml:2:4: `spec.a` is a mapping, expected a list"),
        (
            json!({"x-kubernetes-int-or-string": true}),
            "1.5",
            "a.yaml:2:4: `spec.a` is a number, expected an integer or a string",
        ),
        (
            string(json!({"enum": ["small", "large"]})),
            "smal",
            "a.yaml:2:4: `spec.a` is `smal`, which is none of: small, large (hint: did you mean `small`?)",
        ),
        (string(json!({"pattern": "^[a-z]+$"})), "A", "a.yaml:2:4: `spec.a` is `A`, which does not match ^[a-z]+$"),
        (string(json!({"minLength": 2})), "a", "a.yaml:2:4: `spec.a` is 1 characters long, expected at least 2"),
        (string(json!({"maxLength": 2})), "äöü", "a.yaml:2:4: `spec.a` is 3 characters long, expected at most 2"),
        (json!({"type": "integer", "minimum": 2}), "1", "a.yaml:2:4: `spec.a` is 1, expected at least 2"),
        (
            json!({"type": "integer", "maximum": 2, "exclusiveMaximum": true}),
            "2",
            "a.yaml:2:4: `spec.a` is 2, expected less than 2",
        ),
        (json!({"type": "integer", "multipleOf": 4}), "6", "a.yaml:2:4: `spec.a` is 6, expected a multiple of 4"),
        (
            json!({"type": "integer", "format": "int32"}),
            "3000000000",
            "a.yaml:2:4: `spec.a` is 3000000000, expected between -2147483648 and 2147483647",
        ),
        (
            json!({"type": "array", "items": {"type": "string"}, "minItems": 2}),
            "[x]",
            "a.yaml:2:4: `spec.a` is 1 item long, expected at least 2",
        ),
        (list(json!("set")), "[x, z, x]", "a.yaml:2:11: `spec.a[2]` is the same as item 0 of the list"),
        (
            json!({"type": "object", "properties": {"nodes": {"type": "integer"}}}),
            "{node: 1}",
            "a.yaml:2:5: unknown field `spec.a.node`: the cluster would drop it without a word (hint: did you mean `nodes`?)",
        ),
        (
            json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}}),
            "{b: null}",
            "a.yaml:2:8: `spec.a.b` is null, expected an integer",
        ),
        (
            json!({"type": "object", "properties": {"n": {"type": "integer"}}}),
            "{n: 1}",
            "a.yaml:2:5: unknown field `spec.a.false`: the cluster would drop it without a word (hint: put `n` in quotes: it is `false` to Kubernetes)",
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "integer"}}),
            "{x.y: z}",
            "a.yaml:2:10: `spec.a.x.y` is a string, expected an integer",
        ),
        (
            json!({"type": "object", "properties": {"b": {"type": "string"}, "c": {"type": "string"}},
                "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}),
            "{b: x, c: z}",
            "a.yaml:2:4: `spec.a` needs exactly one of: b; c",
        ),
        (
            string(json!({"not": {"enum": ["x"]}})),
            "x",
            "a.yaml:2:4: `spec.a` is what its definition rules out by `not`",
        ),
        (
            string(json!({"anyOf": [{"pattern": "^a"}, {"pattern": "^b"}]})),
            "c",
            "a.yaml:2:4: `spec.a` is `c`, which does not match ^a",
        ),
    ] {
        assert_eq!(said(&with(&field), &format!("{text}{written}\n")), [words]);
    }
}

#[test]
fn what_the_server_takes_is_right() {
    for (field, written) in [
        (json!({"type": "integer"}), "1.0"),
        (json!({"type": "integer"}), "9223372036854775807"),
        (json!({"type": "integer", "multipleOf": 7}), "9223372036854775807"),
        (json!({"type": "number"}), "1"),
        (json!({"type": "number", "multipleOf": 0.1}), "0.3"),
        (json!({"type": "number", "multipleOf": 0.1}), "0.7"),
        (json!({"type": "string", "nullable": true, "enum": ["a", null]}), "null"),
        (json!({"type": "string", "nullable": true}), "null"),
        (json!({"type": "string", "default": "x"}), "null"),
        (json!({"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]}), "10%"),
        (json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true}), "{x: {y: 1}}"),
        (json!({"type": "object", "additionalProperties": true}), "{x: {y: 1}}"),
        (json!({"type": "object", "required": ["b"], "properties": {"b": {"type": "string", "default": "x"}}}), "{}"),
        (
            json!({"type": "object", "properties": {"b": {"type": "string", "default": "x"}, "c": {"type": "string"}},
                "oneOf": [{"required": ["b"]}, {"required": ["c"]}]}),
            "{}",
        ),
        (
            json!({"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}, "v": {"type": "string"}}},
            "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]}),
            "[{k: a, v: x}, {k: b, v: x}]",
        ),
        (json!({"type": "string", "format": "no-format-of-kubernetes"}), "x"),
    ] {
        let found = held(&with(&field), &format!("size: 1\na: {written}\n"));
        assert!(found.mistakes.is_empty() && found.unseen.is_empty(), "{field} {written}: {found:?}");
    }
}

#[test]
fn what_nobody_looked_at_is_told_and_decides_nothing() {
    let unreadable = json!({"type": "string", "pattern": r"\Qa\E"});
    for field in [
        json!({"type": "string", "format": "date-time"}),
        unreadable.clone(),
        json!({"type": "string", "not": unreadable}),
        json!({"type": "string", "oneOf": [unreadable, {"pattern": "x"}]}),
    ] {
        let found = held(&with(&field), "size: 1\na: x\n");
        assert!(found.mistakes.is_empty() && found.unseen.len() == 1, "{field}: {found:?}");
    }
}

#[test]
fn an_embedded_object_has_a_version_and_a_kind() {
    for (field, written, words) in [
        (embedded(), "{apiVersion: v1, z: 1}", "a.yaml:2:4: `spec.a.kind` is required"),
        (
            embedded(),
            "{apiVersion: a/b/c, kind: Pod}",
            "a.yaml:2:17: `spec.a.apiVersion` is `a/b/c`, expected `version` or `group/version`",
        ),
        (
            embedded(),
            "{apiVersion: v1, kind: ''}",
            "a.yaml:2:27: `spec.a.kind` is ``, expected a name of at most 63 letters, digits and `-` that begins with a letter",
        ),
        (
            embedded(),
            "{apiVersion: v1, kind: Pod, metadata: []}",
            "a.yaml:2:42: `spec.a.metadata` is a list, expected a mapping",
        ),
    ] {
        assert_eq!(said(&with(&field), &format!("size: 1\na: {written}\n")), [words]);
    }
}

#[test]
fn the_metadata_of_an_embedded_object_is_for_the_server_alone() {
    let found = held(&with(&embedded()), "size: 1\na: {apiVersion: v1, kind: Pod, metadata: {name: x}}\n");
    assert_eq!(found.mistakes, []);
    assert!(found.unseen.len() == 1 && found.unseen.iter().all(|rule| is_of_the_server(rule)), "{found:?}");
    assert!(!is_of_the_server("the format date-time of `spec.a`"));
}

#[test]
fn rules_are_found_at_any_depth() {
    assert!(has_rules(&json!({"properties": {"a": {"items": {"x-kubernetes-validations": []}}}})));
    assert!(!has_rules(&json!({"properties": {"a": {}}})));
}
