//! Manifests in the values of components that make themselves hooks.

use serde_json::Value;

use super::documents::{Content, GoodDocument, NamedDocument};
use super::finding::Finding;
use super::rule::TRAPPED_HOOK;
use crate::document::own_traps;
use crate::object::{kind, name};
use crate::report::Diagnostic;

/// Those that would not run again, or lose their log. The manifests of a bead are told with its content.
pub(super) fn in_values(document: &NamedDocument<'_>, good: &GoodDocument) -> Vec<Finding> {
    let Content::Hub(hub) = &good.content else { return Vec::new() };
    let mut mistakes = Vec::new();
    for (index, component) in hub.spec.components.iter().enumerate() {
        for (key, value) in &component.values {
            find(value, &format!("spec.components[{index}].values.{key}"), good, &mut mistakes);
        }
    }
    document.findings(TRAPPED_HOOK, mistakes)
}

fn find(value: &Value, at: &str, good: &GoodDocument, mistakes: &mut Vec<Diagnostic>) {
    for trap in own_traps(value) {
        let path = format!("{at}.{}", trap.field);
        let message = format!("{} {}: {}", kind(value), name(value), trap.says);
        let place = good.text.root.nearest(&path).place;
        mistakes.push(Diagnostic::warning(path, message).at(&good.text.source, place).hint(trap.hint));
    }
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, it)| find(it, &format!("{at}[{index}]"), good, mistakes));
        }
        Value::Object(map) => map.iter().for_each(|(key, it)| find(it, &format!("{at}.{key}"), good, mistakes)),
        _ => {}
    }
}
