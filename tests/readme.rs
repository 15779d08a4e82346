//! What the README says about this repository, held against it.

use std::collections::BTreeSet;

use crate::support::text;

/// The lines of a section: behind its head, before the next one.
fn section<'t>(text: &'t str, head: &'t str, next: &'t str) -> impl Iterator<Item = &'t str> {
    text.lines().skip_while(move |line| *line != head).skip(1).take_while(move |line| !line.starts_with(next))
}

#[test]
fn every_dependency_is_told_with_its_reason() {
    let (readme, manifest) = (text("README.md"), text("Cargo.toml"));
    let rows = section(&readme, "## Dependencies, and why each", "## ").filter(|line| line.starts_with("| "));
    let rows: Vec<(&str, &str)> =
        rows.skip(1).filter_map(|row| row.trim_matches(['|', ' ']).split_once(" | ")).collect();
    assert!(rows.iter().all(|(_, reason)| !reason.trim().is_empty()), "{rows:?}");
    let told: Vec<&str> = rows.iter().flat_map(|(crates, _)| crates.split(", ")).collect();
    let lines = section(&manifest, "[dependencies]", "[").filter(|line| !line.is_empty() && !line.starts_with('#'));
    let used: BTreeSet<&str> = lines.filter_map(|line| line.split([' ', '.', '=']).next()).collect();
    assert_eq!(told.len(), told.iter().collect::<BTreeSet<_>>().len(), "one row each: {told:?}");
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), used);
}
