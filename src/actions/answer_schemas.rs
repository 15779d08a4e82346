//! The JSON schemas of what the verbs of people answer with `--output json`, generated from the types.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{bead_list, check, open, tree};

/// Each of them, by the name of its file in `docs/schemas`, without what all end with.
#[must_use]
pub fn answer_schemas() -> Vec<(&'static str, Value)> {
    vec![
        ("bead-list", schema::<bead_list::BeadList>("backstack bead list")),
        ("check", schema::<check::Report>("backstack check --pre")),
        ("open", schema::<open::Opened>("backstack open")),
        ("tree", schema::<tree::Tree>("backstack tree")),
    ]
}

fn schema<T: JsonSchema>(verb: &str) -> Value {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>().to_value();
    schema["title"] = verb.into();
    schema
}
