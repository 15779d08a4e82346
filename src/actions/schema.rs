//! `schema`: what editors know of our steps.

use crate::porter::schema::MIXIN_SCHEMA;
use crate::report::{Outcome, answer};

/// Answers with the JSON schema that Porter merges into its own.
pub fn run() -> Outcome<()> {
    answer(MIXIN_SCHEMA)
}
