//! The forms of the answer: for Porter, and for people.

use std::fs;
use std::path::Path;

use backstack::lint::{self, Finding, RULES};
use serde_json::json;

use super::fixture::{BUNDLE, bundle, codes, codes_in, results, sent, with, write};
use crate::support::{Mixin, assert_file, text};

#[test]
fn lint_answers_a_list_whatever_it_is_given() {
    for input in ["actions: {}", "actions:", "config: {}\nactions: {install: []}"] {
        assert_eq!(Mixin::new("lint").stdin(input).run().exits(0).json(), json!([]), "{input}");
    }
    for input in ["actions: 1", "actions: {install: {}}", "actions: {install: [{}]}"] {
        assert_eq!(codes(input), [102], "{input}");
    }
    // Not from Porter: then nothing of a bundle was looked at.
    for input in ["[", "other: 1", "- actions"] {
        let run = Mixin::new("lint").stdin(input).run().exits(2).says("no steps as Porter sends them");
        assert_eq!(run.json()[0]["Code"], "backstack-102", "{input}");
    }
}

#[test]
fn the_place_in_porter_yaml_is_told_where_it_is_at_hand() {
    let other_mixin = with("- backstack\n", "- backstack\n- exec\n")
        .replace("install:\n- backstack:\n    desc", "install:\n- exec: {command: x}\n- backstack:\n    desc")
        .replace("timeout: 5m\n    outputs", "timeout: soon\n    outputs");
    let folder = bundle(&other_mixin);
    let input = sent(&other_mixin);
    let message = |folder: &Path| results(folder, &input)[0]["Message"].as_str().expect("text").to_owned();
    let there = message(folder.path());
    assert!(there.starts_with("porter.yaml:25:14: install[1].backstack.timeout: `timeout` is `soon`"), "{there}");
    // Another porter.yaml than the one that is linted says nothing about it, and neither does its folder.
    fs::remove_file(folder.path().join("hub.yaml")).expect("removed");
    for other in [other_mixin.replace("soon", "late"), "[".to_owned()] {
        write(folder.path(), "porter.yaml", &other);
        assert!(message(folder.path()).starts_with("`timeout` is `soon`"));
        assert_eq!(codes_in(folder.path(), &input), [102]);
    }
    assert_eq!(results(folder.path(), &input)[0]["Location"]["StepNumber"], 1);
}

#[test]
fn a_person_sees_the_lines() {
    let broken = with("file: hub.yaml", "fil: hub.yaml")
        .replace("timeout: 5m\n    outputs", "outputs")
        .replace("[install, upgrade]", "[upgrade]");
    let folder = bundle(&broken);
    let run = Mixin::new("lint .").folder(folder.path()).run().exits(2).says("error: 1 error, 2 warnings\n");
    assert_file("tests/data/lint.txt", &run.stdout);
    let run = Mixin::new("lint").arg(folder.path()).run().exits(2);
    let name = format!("--> {}:20:7", folder.path().join("porter.yaml").display());
    assert!(run.stdout.contains(&name), "{}", run.stdout);
}

/// What a reader of SARIF goes by (the Static Analysis Results Interchange Format 2.1.0, 3.13 to 3.30).
#[test]
fn sarif_is_as_its_readers_want_it() {
    let folder = bundle(&with("file: hub.yaml", "fil: hub.yaml").replace("timeout: 5m\n    outputs", "outputs"));
    let sarif = Mixin::new("lint . nowhere -o sarif").folder(folder.path()).run().exits(2).json();
    assert_eq!(sarif["version"], "2.1.0");
    let runs = sarif["runs"].as_array().expect("runs");
    assert_eq!(runs.len(), 1);
    let driver = &runs[0]["tool"]["driver"];
    assert_eq!(driver["name"], "backstack");
    let rules: Vec<&str> =
        driver["rules"].as_array().expect("rules").iter().filter_map(|it| it["id"].as_str()).collect();
    assert_eq!(rules, ["backstack-102", "backstack-108", "backstack-127"]);
    let results = runs[0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 3);
    for result in results {
        assert!(rules.contains(&result["ruleId"].as_str().expect("a rule")), "{result}");
        assert!(["error", "warning"].contains(&result["level"].as_str().expect("a level")), "{result}");
        assert!(!result["message"]["text"].as_str().expect("a text").is_empty(), "{result}");
    }
    let region = |at: usize| results[at]["locations"][0]["physicalLocation"].clone();
    let first = json!({"startLine": 20, "startColumn": 7, "endLine": 20, "endColumn": 10});
    assert_eq!(region(0), json!({"artifactLocation": {"uri": "porter.yaml"}, "region": first}));
    assert_eq!(region(2), json!({"artifactLocation": {"uri": "nowhere/porter.yaml"}}));
    let none = Mixin::new("lint . -o sarif").folder(bundle(BUNDLE).path()).run().exits(0).json();
    assert_eq!(none["runs"][0]["results"], json!([]));
}

#[test]
fn a_file_stands_for_what_porter_sends() {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path(), "sent.yaml", "actions: {install: [{backstack: 1}]}");
    let results = Mixin::new("lint -f sent.yaml").folder(folder.path()).run().exits(0).json();
    assert_eq!(results[0]["Code"], "backstack-102");
}

#[test]
fn every_rule_is_documented() {
    let page = text("docs/lint.md");
    for rule in RULES {
        assert!(rule.title.len() <= 80, "{}", rule.title);
        assert!(page.contains(&format!("\n## {}\n", rule.code())), "{}", rule.code());
        assert!(rule.url().ends_with(&format!("/docs/lint.md#{}", rule.code())));
        let level = format!("{:?}: {}.", rule.level, rule.title).to_lowercase();
        let page = page.replace('\n', " ").to_lowercase();
        assert!(page.contains(&level), "{level}");
    }
    assert_eq!(page.matches("\n## backstack-").count(), RULES.len());
}

#[test]
fn a_reader_of_json_gets_no_more_than_porter_knows() {
    let keys = ["Code", "Level", "Location", "Message", "Title", "URL"];
    for finding in lint::findings("actions: {build: [{backstack: {x: 1}}]}", Path::new(".")).iter().map(Finding::result)
    {
        let value = serde_json::to_value(finding).expect("JSON");
        assert!(value.as_object().expect("an object").keys().all(|key| keys.contains(&key.as_str())), "{value}");
    }
}
