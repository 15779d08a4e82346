//! Porter's commands on the program, one promise a test.

use backstack::actions::lint::RULES;
use proptest::prelude::*;
use serde_json::json;

use crate::support::{Mixin, text};

const HUB: &str = "hub: {repository: {url: https://git.example/hub}}";

#[test]
fn version_is_one_flat_object() {
    for line in ["version --output json", "version -o json --debug", "--output json version -f x --action y"] {
        let run = Mixin::new(line).run().exits(0);
        assert_eq!(run.stderr, "");
        let version = run.json();
        let keys: Vec<&String> = version.as_object().expect("flat").keys().collect();
        assert_eq!(keys, ["author", "commit", "name", "version"]);
        assert_eq!(version["name"], "backstack");
        let number = version["version"].as_str().expect("text").trim_start_matches('v');
        semver::Version::parse(number).expect("semver");
    }
    let line = Mixin::new("version").run().exits(0).stdout;
    assert!(line.starts_with("backstack v") && line.ends_with(")\n"), "{line}");
}

#[test]
fn an_unknown_command_is_told_in_porters_words() {
    let run = Mixin::new("foo").run().exits(1);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", "unknown command \"foo\" for \"backstack\"\n"));
    // These words mean a missing command to Porter, and must mean nothing else.
    for line in ["lint --foo", "invoke", "install", "bundle run x /nowhere"] {
        let run = Mixin::new(line).run();
        assert_eq!(run.code, 2, "{line}: {}", run.stderr);
        assert!(!run.stderr.contains("unknown command") && !run.stderr.contains("not installed"), "{}", run.stderr);
    }
}

#[test]
fn another_name_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = folder.path().join("backstack-runtime");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_backstack"), &runtime).expect("linked");
    let output = std::process::Command::new(runtime).arg("foo").output().expect("started");
    assert_eq!(output.stderr, b"unknown command \"foo\" for \"backstack\"\n");
}

#[test]
fn offline_verbs_are_silent() {
    for (line, input) in [("version", ""), ("schema", ""), ("lint", "actions: {}"), ("build", "actions: {}")] {
        let run = Mixin::new(line).stdin(input).run().exits(0);
        assert_eq!(run.stderr, "", "{line}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let shell = format!("{} schema | head -c 1", env!("CARGO_BIN_EXE_backstack"));
    let output = std::process::Command::new("bash").args(["-o", "pipefail", "-c", &shell]).output().expect("started");
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn completions_are_for_the_shell() {
    assert!(Mixin::new("completions bash").run().exits(0).stdout.contains("_backstack"));
}

#[test]
fn build_asks_for_git_only_where_a_hub_is() {
    let hub = Mixin::new("build").stdin(format!("actions: {{install: [{{backstack: {{{HUB}}}}}]}}")).run().exits(0);
    assert!(hub.stdout.contains("git openssh-client") && !hub.stdout.contains("COPY"), "{}", hub.stdout);
    for input in
        ["actions: {}", "actions: {install: []}", "config: {}\nactions: {install: [{backstack: {cluster: {}}}]}"]
    {
        let nothing = Mixin::new("build").stdin(input).run().exits(0);
        assert_eq!(nothing.stdout, "# backstack has no buildtime dependencies\n");
    }
}

fn codes(input: &str) -> Vec<(String, u64)> {
    let findings = Mixin::new("lint").stdin(input).run().exits(0).json();
    let codes = findings.as_array().expect("a list").iter();
    codes.map(|it| (it["Code"].as_str().expect("a code").to_owned(), it["Level"].as_u64().expect("a level"))).collect()
}

fn error(number: u16) -> (String, u64) {
    (format!("backstack-{number}"), 0)
}

fn warning(number: u16) -> (String, u64) {
    (format!("backstack-{number}"), 2)
}

#[test]
fn lint_answers_a_list_whatever_it_is_given() {
    for input in ["actions: {}", "actions:", "config: {}\nactions: {install: []}"] {
        assert_eq!(Mixin::new("lint").stdin(input).run().exits(0).json(), json!([]), "{input}");
    }
    for input in ["", "[", "actions: 1", "other: 1", "actions: {install: {}}", "actions: {install: [{}]}"] {
        assert_eq!(codes(input), [error(102)], "{input}");
    }
}

#[test]
fn lint_never_trips_over_a_template() {
    let cluster = "cluster: \"${ a }\", timeout: \"${ b }\", outputs: \"${ c }\", description: \"${ d }\"";
    let hub = "hub: {file: \"${ f }\", repository: {url: \"${ u }\", push: \"${ p }\", pull: {password: {file: \"${ \
               bundle.credentials.key }\"}}}}, outputs: [{name: \"${ n }\", value: \"${ v }\"}]";
    let input = format!(
        "actions: {{install: [{{backstack: {{{cluster}}}}}, {{backstack: {{{hub}}}}}], uninstall: [{{backstack: {{{hub}}}}}]}}"
    );
    assert_eq!(codes(&input), []);
}

#[test]
fn lint_finds_what_would_go_wrong() {
    let cluster = "[{backstack: {cluster: {existing: {}}}}]";
    assert_eq!(codes(&format!("actions: {{build: {cluster}, io.cnab.x: {cluster}}}")), [error(100), warning(101)]);
    assert_eq!(codes("actions: {build: [], io.cnab.x: []}"), []);
    let url = "hub: {file: \"${ f }\", repository: {url: \"https://${bundle.credentials.t}@x\", push: {password: {env: \"${ x }\"}}}}";
    let found = codes(&format!("actions: {{uninstall: [{{backstack: {{{url}}}}}]}}"));
    assert_eq!(found, [error(105), warning(106)]);
    assert_eq!(codes(&format!("actions: {{install: [{{backstack: {{{HUB}}}}}]}}")), [warning(103), warning(107)]);
}

#[test]
fn lint_reads_the_hub_document() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("hub.yaml"), "kind: Hub\nspec: {argocd: {version: x}}\n").expect("written");
    let input = format!("actions: {{uninstall: [{{backstack: {{description: d, {HUB}}}}}]}}");
    let findings = Mixin::new("lint").folder(folder.path()).stdin(input).run().exits(0).json();
    assert_eq!(findings[0]["Code"], "backstack-104");
    let place = json!({"Action": "uninstall", "Mixin": "backstack", "StepNumber": 1, "StepDescription": "d"});
    assert_eq!(findings[0]["Location"], place);
    assert!(findings.to_string().contains("hub.yaml:2:26: `spec.argocd.version` is `x`"), "{findings}");
}

#[test]
fn every_rule_is_documented() {
    let page = text("docs/lint.md");
    for rule in RULES {
        assert!(rule.title.len() <= 80, "{}", rule.title);
        assert!(page.contains(&format!("\n## {}\n", rule.code())), "{}", rule.code());
        let level = format!("{:?}: {}", rule.level, rule.title.to_lowercase());
        let page = page.replace('\n', " ").to_lowercase();
        assert!(page.contains(&level.to_lowercase()), "{level}");
    }
    assert_eq!(page.matches("\n## backstack-").count(), RULES.len());
}

proptest! {
    #[test]
    fn linting_never_panics(text in ".{0,200}") {
        let _ = backstack::actions::lint::findings(&format!("actions: {text}"), std::path::Path::new("."));
    }
}
