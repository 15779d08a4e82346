//! What the README and the pages say about this repository, held against it.

use std::collections::BTreeSet;

use backstack::yaml;
use serde_json::Value;

use crate::support::{document, text};

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

/// Porter ends a run for a variable that is named and not set, so the set goes with what the first steps export.
#[test]
fn the_credential_set_of_the_page_gives_the_hub_bundle_what_the_first_steps_export() {
    let (page, steps) = (text("docs/credentials.md"), text("docs/getting-started.md"));
    let set = page.split("```yaml\n# hub-credentials.yaml\n").nth(1).and_then(|rest| rest.split("```").next());
    let set = yaml::manifests("hub-credentials.yaml", set.expect("the set")).expect("YAML").remove(0);
    assert_eq!((&set["schemaType"], &set["schemaVersion"]), (&"CredentialSet".into(), &"1.0.1".into()));

    let bundle = document("bundles/hubs/existing/porter.yaml");
    let declared = listed(&bundle);
    let given: Vec<&str> = listed(&set).iter().filter_map(|it| it["name"].as_str()).collect();
    for name in &given {
        assert!(declared.iter().any(|it| it["name"] == *name), "{name} is no credential of the bundle");
    }
    for needed in declared.iter().filter(|it| it["required"] != false) {
        assert!(given.iter().any(|it| needed["name"] == *it), "{} is not given", needed["name"]);
    }
    let exported: BTreeSet<&str> = steps
        .lines()
        .filter_map(|line| line.strip_prefix("export "))
        .flat_map(|line| line.split_whitespace().filter_map(|word| Some(word.split_once('=')?.0)))
        .collect();
    let named: BTreeSet<&str> = listed(&set).iter().filter_map(|it| it["source"]["env"].as_str()).collect();
    assert_eq!(named, exported);
}

fn listed(document: &Value) -> &[Value] {
    document["credentials"].as_array().expect("a list")
}
