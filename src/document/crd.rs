//! The resource definition of beads: for validation and `kubectl get beads` only, no controller reads them.
//!
//! A CRD takes a part of JSON schema (Kubernetes documentation, "Specifying a structural schema"): everything in one
//! piece, one type for each value, objects closed by what they name.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::bead::Bead;
use crate::schema::format_pattern;
use crate::words::argo;

/// The annotation that lists the parts of a rendered bead, which `kubectl get beads` shows.
pub const PARTS: &str = "backstack.dev/parts";

/// The annotation with the level of a bead's pods, where it is not the default.
pub const POD_SECURITY: &str = "backstack.dev/pod-security";

/// The name of the definition of beads.
const BEAD_DEFINITION: &str = "beads.backstack.dev";

/// What the document has learned since its definition was first written, each with the place below `spec` that it is at; `*` is each of a list.
///
/// The definition is in git, and a hub that is run again by a newer version stays what it is. So it knows none of these, and
/// a bead on the cluster, which is there to be looked at, has none.
const SINCE: [(&str, &str); 10] = [
    ("", "notSecret"),
    ("", "spokes"),
    ("/crossplane/apis/*", "spoke"),
    ("/parameters/*", "sensitive"),
    ("/permissions", "podSecurity"),
    ("/application/chart", "digest"),
    ("/application", "hooks"),
    ("/application", "ignoreDifferences"),
    ("/application/images/*/values", "sha256"),
    ("/secrets/*", "type"),
];

/// The bead as an object of its definition.
#[must_use]
pub fn bead_object(bead: &Bead) -> Value {
    let mut object = json!(bead);
    for (parent, field) in SINCE {
        let steps: Vec<&str> = parent.split('/').skip(1).collect();
        take_out(&mut object["spec"], &steps, field);
    }
    object
}

/// Takes a field out of every mapping at a place.
fn take_out(at: &mut Value, steps: &[&str], field: &str) {
    match (steps, at) {
        ([], Value::Object(map)) => _ = map.remove(field),
        (["*", rest @ ..], Value::Array(items)) => items.iter_mut().for_each(|item| take_out(item, rest, field)),
        ([key, rest @ ..], Value::Object(map)) => {
            if let Some(below) = map.get_mut(*key) {
                take_out(below, rest, field);
            }
        }
        _ => {}
    }
}

/// Whether this is the name of a definition on which the hub itself stands. No bead has a hand in these.
#[must_use]
pub fn is_definition_of_hub(name: &str) -> bool {
    definitions_of_hub().any(|it| it == name)
}

/// The names of these definitions.
pub fn definitions_of_hub() -> impl Iterator<Item = &'static str> {
    argo::DEFINITIONS.into_iter().chain([BEAD_DEFINITION])
}

/// The definition of the kind `Bead`, which has no namespaces.
#[must_use]
pub fn bead_crd() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Bead>().to_value();
    let mut spec = structural(&schema["properties"]["spec"]);
    for (parent, field) in SINCE {
        let parent = parent.replace('/', "/properties/").replace("properties/*", "items") + "/properties";
        if let Some(properties) = spec.pointer_mut(&parent).and_then(Value::as_object_mut) {
            properties.remove(field);
        }
    }
    let column = |name: &str, path: &str| json!({"name": name, "type": "string", "jsonPath": path});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": BEAD_DEFINITION,
            "annotations": {argo::SYNC_OPTIONS: argo::STAYS},
        },
        "spec": {
            "group": "backstack.dev",
            "scope": "Cluster",
            "names": {"kind": "Bead", "listKind": "BeadList", "plural": "beads", "singular": "bead"},
            "versions": [{
                "name": "v1alpha1",
                "served": true,
                "storage": true,
                "additionalPrinterColumns": [
                    column("Version", ".spec.version"),
                    column("Parts", ".metadata.annotations.backstack\\.dev/parts"),
                    column("Description", ".spec.description"),
                ],
                "schema": {"openAPIV3Schema": {
                    "description": "A third-party package that extends a hub. Nothing acts on it: the truth is in the hub repository.",
                    "type": "object",
                    "required": ["spec"],
                    "properties": {
                        "apiVersion": {"type": "string"},
                        "kind": {"type": "string"},
                        "metadata": {"type": "object"},
                        "spec": spec,
                    },
                }},
            }],
        },
    })
}

/// The schema as a CRD takes it.
fn structural(schema: &Value) -> Value {
    let Some(schema) = schema.as_object() else { return anything() };
    let mut out = Map::new();
    for key in ["description", "default", "required", "minimum", "maximum", "minLength", "maxLength", "enum"] {
        out.extend(schema.get(key).map(|value| (key.to_owned(), value.clone())));
    }
    if let Some(format) = schema.get("format").and_then(Value::as_str).and_then(format_pattern) {
        out.insert("pattern".to_owned(), format.into());
    }
    let constants: Vec<Value> = list(schema, "oneOf").filter_map(|one| one.get("const")).cloned().collect();
    if !constants.is_empty() {
        out.insert("enum".to_owned(), constants.into());
    }
    if let Some(inner) = optional(schema) {
        let Value::Object(mut inner) = structural(inner) else { return anything() };
        inner.extend(out);
        return Value::Object(inner);
    }
    match type_name(schema) {
        Some("object") => object(schema, &mut out),
        Some("array") => _ = out.insert("items".to_owned(), structural(&schema["items"])),
        Some(_) => {}
        None if out.contains_key("enum") => _ = out.insert("type".to_owned(), "string".into()),
        None => return anything(),
    }
    out.extend(type_name(schema).map(|name| ("type".to_owned(), name.into())));
    Value::Object(out)
}

/// Properties close an object by themselves: what they do not name is pruned.
fn object(schema: &Map<String, Value>, out: &mut Map<String, Value>) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let properties = properties.iter().map(|(name, property)| (name.clone(), structural(property)));
        out.insert("properties".to_owned(), Value::Object(properties.collect()));
    } else if let Some(values) = schema.get("additionalProperties").filter(|it| it.is_object()) {
        out.insert("additionalProperties".to_owned(), structural(values));
    } else {
        out.insert("x-kubernetes-preserve-unknown-fields".to_owned(), true.into());
    }
}

/// The schema beside `null`, where a value may be left out.
fn optional(schema: &Map<String, Value>) -> Option<&Value> {
    let choices = list(schema, "anyOf").filter(|one| one["type"] != "null").collect::<Vec<_>>();
    let wrapped = || match schema.get("allOf").and_then(Value::as_array).map(Vec::as_slice) {
        Some([one]) => Some(one),
        _ => None,
    };
    match choices.as_slice() {
        [one] => Some(one),
        _ => wrapped(),
    }
}

fn type_name(schema: &Map<String, Value>) -> Option<&str> {
    match schema.get("type") {
        Some(Value::String(name)) => Some(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
        _ => None,
    }
}

fn list<'v>(schema: &'v Map<String, Value>, key: &str) -> impl Iterator<Item = &'v Value> {
    schema.get(key).and_then(Value::as_array).into_iter().flatten()
}

fn anything() -> Value {
    json!({"x-kubernetes-preserve-unknown-fields": true})
}
