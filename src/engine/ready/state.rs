//! What may be said of the readiness of an object, and where it says so itself.

use serde_json::Value;

use crate::object::{items, str_at};

/// The readiness of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Readiness {
    /// It does what it should.
    Ready,
    /// Not yet, for this reason.
    Pending(String),
    /// It will not get there by waiting.
    Failed(String),
}

impl Readiness {
    /// Why it is not.
    #[must_use]
    pub fn why(self) -> Option<String> {
        match self {
            Self::Ready => None,
            Self::Pending(why) | Self::Failed(why) => Some(why),
        }
    }
}

/// A condition of the object's status by its type.
#[must_use]
pub fn condition<'v>(object: &'v Value, kind: &str) -> Option<&'v Value> {
    items(object, "/status/conditions").find(|condition| str_at(condition, "/type") == kind)
}
