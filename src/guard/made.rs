//! What the controllers of an application made for themselves.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{ObjectRef, owners, str_at};

/// Whether a controller with one of these names made it, which would not miss it: it says so, or it belongs to an object of
/// the application's own kinds.
pub(super) fn is_made(live: &Value, by: &BTreeSet<&str>, own_kinds: &[ObjectRef]) -> bool {
    let managed = live.pointer("/metadata/labels").map_or("", |it| str_at(it, "/app.kubernetes.io~1managed-by"));
    let by_own = owners(live).any(|owner| {
        let owner = ObjectRef::new(str_at(owner, "/apiVersion"), str_at(owner, "/kind"), None, "");
        own_kinds.iter().any(|kind| kind.is_kind_of(&owner))
    });
    by_own || by.contains(managed)
}
