//! A mistake in a noun of a step, before it has a place.

use serde_json::{Map, Value};

/// The path below `backstack:`, what is wrong, and what to do.
pub(super) type StepMistake = (String, String, &'static str);

/// Whether a field of a noun has a value.
pub(super) fn is_given(noun: &Map<String, Value>, key: &str) -> bool {
    noun.get(key).is_some_and(|value| !value.is_null())
}
