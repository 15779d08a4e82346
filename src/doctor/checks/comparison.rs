//! Applications that Argo CD cannot compare with git.

use serde_json::Value;

use crate::doctor::code::COMPARISON_BLIND;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, items, str_at};

/// Conditions of a comparison that came to nothing.
const ERRORS: &[&str] = &["ComparisonError", "InvalidSpecError", "UnknownError"];
/// The most that is said of a condition: some bring all of a chart's output.
const LONGEST: usize = 300;

/// Applications that are Unknown, whatever their health says.
pub fn blind(facts: &Facts) -> Vec<Finding> {
    facts.applications.iter().flatten().filter_map(blind_of).collect()
}

fn blind_of(application: &Value) -> Option<Finding> {
    let is_unknown = str_at(application, "/status/sync/status") == "Unknown";
    let condition = items(application, "/status/conditions").find(|it| ERRORS.contains(&str_at(it, "/type")));
    if !is_unknown && condition.is_none() {
        return None;
    }
    let health = str_at(application, "/status/health/status");
    let state = match (is_unknown, health) {
        (true, "Healthy") => "it reads as Healthy, and is Unknown: nobody has compared it with git".to_owned(),
        (true, _) => "it is Unknown: nobody has compared it with git".to_owned(),
        (false, _) => "its last comparison has failed".to_owned(),
    };
    let why = condition.map(|it| format!("; {}: {}", str_at(it, "/type"), cut(str_at(it, "/message"))));
    let says = state + &why.unwrap_or_default();
    Some(Finding::new(COMPARISON_BLIND, Harm::Trouble, &ObjectRef::of(application), says))
}

/// In one line, and no longer than that.
fn cut(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST { line } else { line.chars().take(LONGEST).collect::<String>() + "…" }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn unknown_is_told_whatever_the_health() {
        let refused = "Failed to compare desired state to live state: denied";
        for (status, says) in [
            (json!({"sync": {"status": "Synced"}, "health": {"status": "Healthy"}}), None),
            (json!({"sync": {"status": "Unknown"}, "health": {"status": "Healthy"}}), Some("reads as Healthy")),
            (json!({"sync": {"status": "Unknown"}}), Some("it is Unknown")),
            (
                json!({"sync": {"status": "Unknown"}, "conditions": [{"type": "ComparisonError", "message": refused}]}),
                Some(refused),
            ),
            (
                json!({"sync": {"status": "OutOfSync"}, "conditions": [{"type": "InvalidSpecError", "message": "x"}]}),
                Some("failed"),
            ),
            (json!({"sync": {"status": "OutOfSync"}, "conditions": [{"type": "SyncError", "message": "x"}]}), None),
            (json!({}), None),
        ] {
            let found = blind_of(&json!({"metadata": {"name": "a"}, "status": status}));
            assert_eq!(found.is_some(), says.is_some(), "{status}");
            assert!(found.is_none_or(|it| it.says.contains(says.unwrap_or_default())), "{status}");
        }
    }
}
