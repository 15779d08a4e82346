//! The forms of the answer: for Porter, and for people.

use std::fs;
use std::path::Path;

use backstack::actions::lint::{self, Finding, RULES};
use serde_json::json;

use super::fixture::{bundle, codes, codes_in, results, sent, with, write};
use crate::support::{Mixin, assert_file, text};

#[test]
fn lint_answers_a_list_whatever_it_is_given() {
    for input in ["actions: {}", "actions:", "config: {}\nactions: {install: []}"] {
        assert_eq!(Mixin::new("lint").stdin(input).run().exits(0).json(), json!([]), "{input}");
    }
    for input in ["[", "actions: 1", "other: 1", "actions: {install: {}}", "actions: {install: [{}]}"] {
        assert_eq!(codes(input), [102], "{input}");
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
    let results = Mixin::new("lint . -o json").folder(folder.path()).run().exits(2).json();
    assert_eq!(results.as_array().map(Vec::len), Some(3));
    // Without a terminal and with nothing on stdin, as in CI.
    let run = Mixin::new("lint").folder(folder.path()).stdin("\n").run().exits(2).says("error: 1 error, 2 warnings\n");
    assert_file("tests/data/lint.txt", &run.stdout);
    assert_eq!(Mixin::new("lint -o json").folder(folder.path()).run().exits(2).json(), results);
    let nothing = tempfile::tempdir().expect("a folder");
    Mixin::new("lint").folder(nothing.path()).run().exits(2).says("cannot read ./porter.yaml");
    Mixin::new("lint no-such-folder").run().exits(2).says("cannot read no-such-folder/porter.yaml");
    Mixin::new("lint . -f x").run().exits(2).says("exclude each other");
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
