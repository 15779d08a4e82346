//! Objects that wait for their turn. As a value a definition has ten times the room of its text, and there are some of them.

use serde_json::Value;

use crate::document::is_hook;
use crate::object::ObjectRef;

/// An object by its name and its text in JSON.
pub struct Kept {
    /// Its name.
    pub name: ObjectRef,
    /// Whether it is made in a sync alone.
    pub is_hook: bool,
    text: String,
}

impl Kept {
    /// The object as it is.
    #[must_use]
    pub fn of(object: &Value) -> Self {
        Self { name: ObjectRef::of(object), is_hook: is_hook(object), text: object.to_string() }
    }

    /// The object again.
    #[must_use]
    pub fn object(&self) -> Value {
        // It was written by us.
        serde_json::from_str(&self.text).unwrap_or_default()
    }
}
