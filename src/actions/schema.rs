//! `schema`: what editors know of our steps and documents.

use serde_json::json;

use crate::cli::SchemaOf;
use crate::porter::schema::{BEAD_SCHEMA, HUB_SCHEMA, LOCK_SCHEMA, MIXIN_SCHEMA, step_schema};
use crate::report::{Outcome, answer};

/// Answers with the JSON schema of a document or a step; without one, with what Porter merges into its own.
pub fn run(of: Option<SchemaOf>) -> Outcome<()> {
    match of {
        None => answer(MIXIN_SCHEMA),
        Some(SchemaOf::Hub) => answer(HUB_SCHEMA),
        Some(SchemaOf::Bead) => answer(BEAD_SCHEMA),
        Some(SchemaOf::Lock) => answer(LOCK_SCHEMA),
        Some(SchemaOf::Step) => {
            let mut schema = step_schema();
            schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
            answer(&format!("{schema:#}\n"))
        }
    }
}
