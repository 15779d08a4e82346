//! The definition that Crossplane 2.1 makes of an XRD for what has a namespace: claims, and composite resources (crossplane
//! `internal/xcrd`). It takes a part of the XRD's schema and adds fields of its own.

use serde_json::{Map, Value, json};

use crate::object::{items, str_at};

/// The longest name: it becomes the value of a label. The name of what is made for it is shortened to fit.
const LONGEST_NAME: u64 = 63;

/// The definition of one of the kinds of an XRD, the claim or the composite resource.
#[must_use]
pub fn definition(xrd: &Value, kind: &str) -> Value {
    let is_claim = str_at(xrd, "/spec/claimNames/kind") == kind;
    let names = &xrd["spec"][if is_claim { "claimNames" } else { "names" }];
    let group = str_at(xrd, "/spec/group");
    let versions: Vec<Value> = items(xrd, "/spec/versions").map(|it| version(it, xrd, is_claim)).collect();
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{}.{group}", str_at(names, "/plural"))},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    })
}

fn version(it: &Value, xrd: &Value, is_claim: bool) -> Value {
    let empty = json!({});
    let own = it.pointer("/schema/openAPIV3Schema").unwrap_or(&empty);
    let mut version = json!({
        "name": it["name"],
        "served": it["served"],
        "storage": it["referenceable"],
        "schema": {"openAPIV3Schema": schema(own, xrd, is_claim)},
    });
    for key in ["deprecated", "deprecationWarning"] {
        take(it, key, &mut version);
    }
    version
}

fn schema(own: &Value, xrd: &Value, is_claim: bool) -> Value {
    let mut name = own.pointer("/properties/metadata/properties/name").cloned().unwrap_or_else(|| json!({}));
    let longest = name.get("maxLength").and_then(Value::as_u64).map_or(LONGEST_NAME, |it| it.min(LONGEST_NAME));
    name["maxLength"] = longest.into();
    name["type"] = "string".into();
    let none = json!({});
    let (of_spec, of_status) =
        (own.pointer("/properties/spec").unwrap_or(&none), own.pointer("/properties/status").unwrap_or(&none));
    let mut spec = part(
        of_spec,
        &["required", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-validations", "oneOf", "description"],
    );
    let mut status = part(of_status, &["required", "x-kubernetes-validations", "oneOf", "description"]);
    add(&mut spec, if is_claim { of_claims(xrd) } else { json!({"crossplane": of_composites(xrd)}) });
    add(&mut status, conditions(is_claim));
    let mut schema = json!({
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object", "properties": {"name": name}},
            "spec": spec,
            "status": status,
        },
    });
    take(own, "description", &mut schema);
    schema
}

/// What Crossplane takes of `spec` and `status`: the fields, and these words.
fn part(own: &Value, words: &[&str]) -> Value {
    let fields = own.get("properties").cloned().unwrap_or_else(|| json!({}));
    let mut part = json!({"type": "object", "properties": fields});
    for word in words {
        take(own, word, &mut part);
    }
    part
}

fn take(from: &Value, key: &str, to: &mut Value) {
    if let Some(value) = from.get(key).filter(|it| !it.is_null()) {
        to[key] = value.clone();
    }
}

fn add(part: &mut Value, fields: Value) {
    if let (Some(Value::Object(all)), Value::Object(fields)) = (part.get_mut("properties"), fields) {
        all.extend(fields);
    }
}

fn of_composites(xrd: &Value) -> Value {
    let mut fields = selection(xrd.pointer("/spec/defaultCompositionUpdatePolicy"));
    fields.insert(
        "resourceRefs".to_owned(),
        json!({
            "type": "array",
            "x-kubernetes-list-type": "atomic",
            "items": texts(&["apiVersion", "kind", "name"], &["apiVersion", "kind"]),
        }),
    );
    json!({
        "type": "object",
        "description": "Configures how Crossplane will reconcile this composite resource",
        "properties": fields,
    })
}

fn of_claims(xrd: &Value) -> Value {
    let mut fields = selection(None);
    let delete = json!({"type": "string", "enum": ["Background", "Foreground"]});
    fields.insert(
        "compositeDeletePolicy".to_owned(),
        with_default(delete, xrd.pointer("/spec/defaultCompositeDeletePolicy")),
    );
    let all = ["apiVersion", "kind", "name"];
    fields.insert("resourceRef".to_owned(), texts(&all, &all));
    fields.insert("writeConnectionSecretToRef".to_owned(), texts(&["name"], &["name"]));
    Value::Object(fields)
}

/// How the composition is chosen.
fn selection(default_policy: Option<&Value>) -> Map<String, Value> {
    let reference = || texts(&["name"], &["name"]);
    let selector = || {
        let labels = json!({"type": "object", "additionalProperties": {"type": "string"}});
        json!({"type": "object", "required": ["matchLabels"], "properties": {"matchLabels": labels}})
    };
    let policy = json!({"type": "string", "enum": ["Automatic", "Manual"]});
    let fields = [
        ("compositionRef", reference()),
        ("compositionSelector", selector()),
        ("compositionRevisionRef", reference()),
        ("compositionRevisionSelector", selector()),
        ("compositionUpdatePolicy", with_default(policy, default_policy)),
    ];
    fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect()
}

fn with_default(mut field: Value, default: Option<&Value>) -> Value {
    if let Some(value) = default.filter(|it| !it.is_null()) {
        field["default"] = value.clone();
    }
    field
}

fn texts(fields: &[&str], required: &[&str]) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|it| ((*it).to_owned(), json!({"type": "string"}))).collect();
    json!({"type": "object", "properties": properties, "required": required})
}

fn conditions(is_claim: bool) -> Value {
    let text = || json!({"type": "string"});
    let mut fields = json!({"conditions": {
        "description": "Conditions of the resource.",
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["type"],
        "items": {
            "type": "object",
            "required": ["lastTransitionTime", "reason", "status", "type"],
            "properties": {
                "lastTransitionTime": {"type": "string", "format": "date-time"},
                "message": text(),
                "reason": text(),
                "status": text(),
                "type": text(),
                "observedGeneration": {"type": "integer", "format": "int64"},
            },
        },
    }});
    if is_claim {
        let published = json!({"lastPublishedTime": {"type": "string", "format": "date-time"}});
        fields["connectionDetails"] = json!({"type": "object", "properties": published});
        fields["claimConditionTypes"] = json!({"type": "array", "x-kubernetes-list-type": "set", "items": text()});
    }
    fields
}
