//! Porter's commands on the program, one promise a test.

use crate::support::Mixin;

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
