//! Who uses an object, and who brings it, by name.

use serde_json::Value;

use crate::object::{ObjectRef, annotation};
use crate::words::argo;

/// How many users of an object are named.
const SHOWN: usize = 5;

/// The objects that use another one, by name.
pub fn users(all: &[Value], uses: impl Fn(&Value) -> bool) -> String {
    let mut names: Vec<String> = all.iter().filter(|it| uses(it)).map(|it| ObjectRef::of(it).to_string()).collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    match (names.is_empty(), more) {
        (true, _) => String::new(),
        (false, 0) => format!("; used by {}", names.join(", ")),
        (false, more) => format!("; used by {} and {more} more", names.join(", ")),
    }
}

/// The Application that brings an object, where one does.
pub fn brought_by(object: &Value) -> String {
    let application = annotation(object, argo::TRACKING_ID).and_then(|id| id.split(':').next());
    application.map(|it| format!(" (Application {it} brings it)")).unwrap_or_default()
}
