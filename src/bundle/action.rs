//! What Porter takes an action for (`generateCustomActionDefinitions` in its `pkg/cnab/config-adapter`).

use super::manifest::{CustomAction, Header};
use crate::porter::CORE_ACTIONS;

/// What the action of this name does to an installation.
pub(super) fn effect(header: &Header, action: &str) -> CustomAction {
    let known = |modifies, stateless| CustomAction { modifies, stateless };
    if CORE_ACTIONS.contains(&action) {
        return known(true, false);
    }
    if let Some(declared) = header.custom_actions.get(action) {
        return declared.clone();
    }
    // An action that nobody has declared may do anything, but for those that the CNAB specification knows.
    match action.strip_prefix("io.cnab.").unwrap_or(action) {
        "dry-run" | "help" => known(false, true),
        "log" | "status" | "status+json" => known(false, false),
        _ => known(true, false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_is_declared_or_else_what_porter_knows() {
        let text = r#"{"name": "t", "customActions": {"status": {"modifies": true}, "rotate": {}}}"#;
        let header = serde_json::from_str::<Header>(text).expect("a header");
        for (action, modifies, stateless) in [
            ("install", true, false),
            ("uninstall", true, false),
            ("status", true, false),
            ("rotate", false, false),
            ("io.cnab.status", false, false),
            ("log", false, false),
            ("help", false, true),
            ("io.cnab.dry-run", false, true),
            ("other", true, false),
        ] {
            assert_eq!(effect(&header, action), CustomAction { modifies, stateless }, "{action}");
        }
    }
}
