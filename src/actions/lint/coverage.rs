//! Whether upgrade and uninstall deal with what install makes.

use std::path::Path;

use super::bundle::{Bundle, StepAt};
use super::documents::file_of;
use super::finding::Finding;
use super::rule::{NO_UNINSTALL, NO_UPGRADE, Rule, UNDONE_IN_DISORDER};
use super::template::is_template;

/// What install makes and another action leaves out, and the order in which uninstall goes.
pub(super) fn coverage(bundle: &Bundle<'_>) -> Vec<Finding> {
    let left = |hub: &str| format!("`uninstall` has no step for {hub}, so `porter uninstall` leaves it on its cluster");
    let stale = |hub: &str| format!("`upgrade` has no step for {hub}, so `porter upgrade` changes nothing of it");
    let mut findings = left_out(bundle, "uninstall", NO_UNINSTALL, left);
    findings.extend(left_out(bundle, "upgrade", NO_UPGRADE, stale));
    findings.extend(disorder(bundle));
    findings
}

fn left_out(bundle: &Bundle<'_>, action: &str, rule: Rule, message: impl Fn(&str) -> String) -> Vec<Finding> {
    let others: Vec<StepAt<'_>> = bundle.steps_of(action).into_iter().filter(|at| at.step.has("hub")).collect();
    let others: Vec<Option<&str>> = others.iter().map(file_of).collect();
    let mut told: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for at in bundle.steps_of("install").iter().filter(|at| at.step.has("hub")) {
        let file = file_of(at);
        // A template may stand for any file.
        let is_covered = others.iter().any(|other| match (file, other) {
            (Some(file), Some(other)) => same(file, other) || is_template(file) || is_template(other),
            _ => true,
        });
        let name = file.unwrap_or_default();
        if is_covered || told.contains(&name) {
            continue;
        }
        told.push(name);
        let hub = if others.is_empty() { "the hub".to_owned() } else { format!("the hub of `{name}`") };
        let hint = format!("give `{action}` a `hub` step with the same `file` and `repository`");
        findings.push(Finding { location: None, ..at.finding(rule, "hub", message(&hub)) }.hint(hint));
    }
    findings
}

/// Uninstall undoes what install did, the last first.
fn disorder(bundle: &Bundle<'_>) -> Option<Finding> {
    let steps = bundle.steps_of("uninstall");
    let cluster = steps.iter().position(|at| at.step.has("cluster"))?;
    let is_before_a_hub = steps[cluster..].iter().any(|at| at.step.has("hub"));
    is_before_a_hub.then(|| {
        steps[cluster]
            .finding(UNDONE_IN_DISORDER, "cluster", "`uninstall` takes the cluster before the hub that is on it")
            .hint("put the `cluster` step behind the `hub` steps")
    })
}

fn same(a: &str, b: &str) -> bool {
    Path::new(a).components().eq(Path::new(b).components())
}
