//! Whether upgrade and uninstall deal with what install makes.

use std::path::Path;

use serde_json::Value;

use super::bundle::{Bundle, StepAt};
use super::cluster::{maker, only_connects};
use super::documents::Noun;
use super::finding::Finding;
use super::rule::{NO_UNINSTALL, NO_UPGRADE, Rule, UNDONE_IN_DISORDER};
use crate::bundle::Manifest;
use crate::schema::is_template;

/// What install makes and another action leaves out, and the order in which uninstall goes.
pub(super) fn coverage(bundle: &Bundle<'_>) -> Vec<Finding> {
    let left = |it: &str| format!("`uninstall` has no step for {it}, so `porter uninstall` leaves it on its cluster");
    let stale = |it: &str| format!("`upgrade` has no step for {it}, so `porter upgrade` changes nothing of it");
    let mut findings = Vec::new();
    if bundle.manifest.as_ref().is_some_and(Manifest::has_undeclared_steps) {
        return findings; // what seems to be left out may be misspelt
    }
    for noun in Noun::ALL {
        findings.extend(left_out(bundle, noun, "uninstall", NO_UNINSTALL, left));
        findings.extend(left_out(bundle, noun, "upgrade", NO_UPGRADE, stale));
    }
    findings.extend(spokes_left_out(bundle, "uninstall", NO_UNINSTALL));
    findings.extend(spokes_left_out(bundle, "upgrade", NO_UPGRADE));
    findings.extend(cluster_left_out(bundle, "uninstall", NO_UNINSTALL));
    findings.extend(cluster_left_out(bundle, "upgrade", NO_UPGRADE));
    findings.extend(disorder(bundle));
    findings
}

/// A cluster that install makes and another action has no step for. One that only connects does nothing about it.
fn cluster_left_out(bundle: &Bundle<'_>, action: &str, rule: Rule) -> Option<Finding> {
    let install = bundle.steps_of("install");
    let at = install.iter().find(|at| maker(at).is_some())?;
    let is_covered = |other: &StepAt<'_>| maker(other) == maker(at) && !only_connects(other);
    if bundle.steps_of(action).iter().any(is_covered) {
        return None;
    }
    let (effect, more) = if rule == NO_UNINSTALL {
        ("leaves it running", ", with `onUninstall: leave` if it is to stay")
    } else {
        ("changes nothing of it", "")
    };
    let message = format!("`{action}` has no step for the cluster that `install` makes, so `porter {action}` {effect}");
    let finding = at.finding(rule, "cluster", message);
    Some(Finding { location: None, ..finding }.hint(format!("give `{action}` the same `cluster` step{more}")))
}

fn left_out(
    bundle: &Bundle<'_>,
    noun: Noun,
    action: &str,
    rule: Rule,
    message: impl Fn(&str) -> String,
) -> Vec<Finding> {
    let key = noun.key();
    let others: Vec<StepAt<'_>> =
        bundle.steps_of(action).into_iter().filter(|at| at.step.has(key) && !only_looks(at)).collect();
    let others: Vec<Option<&str>> = others.iter().map(|at| noun.file_of(at)).collect();
    let mut told: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for at in bundle.steps_of("install").iter().filter(|at| at.step.has(key)) {
        let file = noun.file_of(at);
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
        let it = if others.is_empty() { format!("the {key}") } else { format!("the {key} of `{name}`") };
        let hint = format!("give `{action}` a `{key}` step with the same `file` and `repository`");
        findings.push(Finding { location: None, ..at.finding(rule, key, message(&it)) }.hint(hint));
    }
    findings
}

/// Spokes that install registers and another action has no step for.
fn spokes_left_out(bundle: &Bundle<'_>, action: &str, rule: Rule) -> Vec<Finding> {
    fn name<'a>(at: &StepAt<'a>) -> Option<&'a str> {
        at.at("/spoke")?.get("name").and_then(Value::as_str)
    }
    let others = bundle.steps_of(action);
    let others: Vec<&str> = others.iter().filter_map(name).collect();
    let effect = if rule == NO_UNINSTALL { "leaves it registered" } else { "changes nothing of it" };
    let mut told: Vec<&str> = Vec::new();
    let mut findings = Vec::new();
    for at in &bundle.steps_of("install") {
        let Some(spoke) = name(at) else { continue };
        let is_covered = others.iter().any(|other| *other == spoke || is_template(other) || is_template(spoke));
        if is_covered || told.contains(&spoke) {
            continue;
        }
        told.push(spoke);
        let message = format!("`{action}` has no step for the spoke `{spoke}`, so `porter {action}` {effect}");
        let hint = format!("give `{action}` a `spoke` step with the same `name`");
        findings.push(Finding { location: None, ..at.finding(rule, "spoke", message) }.hint(hint));
    }
    findings
}

/// Uninstall undoes what install did, the last first.
fn disorder(bundle: &Bundle<'_>) -> Option<Finding> {
    let mut steps = bundle.steps_of("uninstall");
    steps.retain(|at| !only_looks(at));
    let on_each_other =
        [("cluster", "hub"), ("cluster", "bead"), ("cluster", "spoke"), ("hub", "bead"), ("hub", "spoke")];
    on_each_other.into_iter().find_map(|(below, above)| {
        // A step that only connects takes nothing.
        let first = steps.iter().position(|at| at.step.has(below) && !only_connects(at))?;
        let is_too_early = steps[first..].iter().any(|at| at.step.has(above));
        is_too_early.then(|| {
            let message = format!("`uninstall` takes the {below} before the {above} that is on it");
            let hint = format!("put the `{below}` step behind the `{above}` steps");
            steps[first].finding(UNDONE_IN_DISORDER, below, message).hint(hint)
        })
    })
}

/// Whether a step changes nothing: one that looks ahead stands before the others.
fn only_looks(at: &StepAt<'_>) -> bool {
    Noun::ALL.iter().any(|noun| at.at(&format!("/{}/check", noun.key())).is_some_and(|it| it == &Value::Bool(true)))
}

fn same(a: &str, b: &str) -> bool {
    Path::new(a).components().eq(Path::new(b).components())
}
