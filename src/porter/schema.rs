//! The JSON schemas for editors: of the steps, in the shape that Porter merges, and of the documents.
//!
//! Porter embeds the schema of a mixin at `mixin.NAME` of its own and rewrites every `#/` in its text
//! (`injectMixinSchemas` in Porter's `pkg/porter/schema.go`). So `#/` stands in references only, a reference leads
//! to a schema that is none itself, and every step is a closed object that requires the mixin's name; an open one
//! would accept the steps of all other mixins.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::MIXIN;
use crate::document::{Bead, Hub, Lock, Step};
use crate::schema::{format_pattern, schema_of};

/// The schema of the steps, as `backstack schema` prints it.
pub const MIXIN_SCHEMA: &str = include_str!("../../mixin-schema/schema.json");
/// The schema of `hub.yaml`.
pub const HUB_SCHEMA: &str = include_str!("../../mixin-schema/hub.schema.json");
/// The schema of `bead.yaml`.
pub const BEAD_SCHEMA: &str = include_str!("../../mixin-schema/bead.schema.json");
/// The schema of `lock.yaml`.
pub const LOCK_SCHEMA: &str = include_str!("../../mixin-schema/lock.schema.json");

/// A value that is a template until the bundle runs.
pub const TEMPLATE: &str = r"^\$\{.*\}$";

/// Generates [`MIXIN_SCHEMA`] from the types.
#[must_use]
pub fn mixin_schema() -> Value {
    let step_of = |action: &str| {
        json!({
            "description": format!("A step of {action}"),
            "type": "object",
            "properties": {MIXIN: {"$ref": "#/definitions/step"}},
            "additionalProperties": false,
            "required": [MIXIN],
        })
    };
    let steps = |action: &str, definition: &str| {
        json!({
            "description": format!("The steps of {action}"),
            "type": "array",
            "items": {"$ref": format!("#/definitions/{definition}")},
        })
    };
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "definitions": {
            "config": {
                "description": "The declaration of the mixin; it has no settings",
                "type": "object",
                "properties": {MIXIN: {
                    "description": "No settings",
                    "type": "object", "properties": {}, "additionalProperties": false,
                }},
                "additionalProperties": false,
                "required": [MIXIN],
            },
            "installStep": step_of("install"),
            "upgradeStep": step_of("upgrade"),
            "uninstallStep": step_of("uninstall"),
            "invokeStep": step_of("a custom action"),
            "step": step_schema(),
        },
        "type": "object",
        "properties": {
            "install": steps("install", "installStep"),
            "upgrade": steps("upgrade", "upgradeStep"),
            "uninstall": steps("uninstall", "uninstallStep"),
        },
        "additionalProperties": steps("a custom action", "invokeStep"),
    })
}

/// Generates [`HUB_SCHEMA`].
#[must_use]
pub fn hub_schema() -> Value {
    document_schema::<Hub>()
}

/// Generates [`BEAD_SCHEMA`].
#[must_use]
pub fn bead_schema() -> Value {
    document_schema::<Bead>()
}

/// Generates [`LOCK_SCHEMA`].
#[must_use]
pub fn lock_schema() -> Value {
    document_schema::<Lock>()
}

fn document_schema<T: JsonSchema>() -> Value {
    let mut schema = schema_of::<T>().to_value();
    spell_out_formats(&mut schema);
    schema
}

/// The step in one piece, without references, and with templates allowed wherever a plain string is not.
#[must_use]
pub fn step_schema() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<Step>().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.remove("$schema");
        root.remove("title");
    }
    spell_out_formats(&mut schema);
    allow_templates(&mut schema);
    schema
}

/// Editors do not know our formats; they know patterns.
fn spell_out_formats(schema: &mut Value) {
    if let Some(object) = schema.as_object_mut()
        && let Some(pattern) = object.get("format").and_then(Value::as_str).and_then(format_pattern)
    {
        object.remove("format");
        object.insert("pattern".to_owned(), pattern.into());
    }
    children(schema).for_each(spell_out_formats);
}

fn allow_templates(schema: &mut Value) {
    children(schema).for_each(allow_templates);
    let Some(object) = schema.as_object_mut() else { return };
    if !refuses_templates(object) {
        return;
    }
    let annotations = ["description", "default"].map(|key| object.remove_entry(key));
    let mut wrapped: Map<String, Value> = annotations.into_iter().flatten().collect();
    wrapped.insert("anyOf".to_owned(), json!([std::mem::take(object), {"type": "string", "pattern": TEMPLATE}]));
    *object = wrapped;
}

/// Whether a scalar of this schema cannot be an arbitrary string.
fn refuses_templates(schema: &Map<String, Value>) -> bool {
    let is_scalar = |name: &str| matches!(name, "boolean" | "integer" | "number");
    let has_scalar_type = match schema.get("type") {
        Some(Value::String(name)) => is_scalar(name),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).any(is_scalar),
        _ => false,
    };
    let is_enumeration = schema.get("oneOf").and_then(Value::as_array).is_some_and(|all| all[0].get("const").is_some());
    has_scalar_type || is_enumeration || schema.contains_key("enum") || schema.contains_key("pattern")
}

/// The schemas directly inside a schema.
fn children(schema: &mut Value) -> impl Iterator<Item = &mut Value> {
    let keywords = schema.as_object_mut().into_iter().flatten();
    keywords.flat_map(|(keyword, value)| -> Vec<&mut Value> {
        match (keyword.as_str(), value) {
            ("properties" | "definitions", Value::Object(all)) => all.values_mut().collect(),
            ("anyOf" | "allOf", Value::Array(all)) => all.iter_mut().collect(),
            ("items" | "additionalProperties", one) => vec![one],
            _ => Vec::new(),
        }
    })
}
