//! Porter's commands on the program, one promise a test.

use std::os::unix::fs::PermissionsExt as _;

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
    let said = "unknown command \"foo\" for \"backstack\"\nhint: `backstack help` lists what there is\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", said));
    for (slip, meant) in [("instal", "install"), ("run", "bundle run"), ("doctr", "doctor")] {
        let first = format!("unknown command \"{slip}\" for \"backstack\"\n");
        let run = Mixin::new(slip).run().exits(1).says(&format!("hint: did you mean `backstack {meant}`?"));
        assert!(run.stderr.starts_with(&first), "{}", run.stderr);
    }
    Mixin::new("bundle imags").run().exits(2).says("a similar subcommand exists: 'images'");
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
    assert!(output.stderr.starts_with(b"unknown command \"foo\" for \"backstack\"\n"));
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

/// Whoever types them wants to do something, and would wait for ever.
#[test]
fn a_verb_of_porters_is_no_verb_for_a_terminal() {
    for (verb, hint) in [
        ("install", "backstack bundle run install DIR"),
        ("upgrade", "backstack bundle run upgrade DIR"),
        ("uninstall", "backstack bundle run uninstall DIR"),
        ("invoke --action status", "backstack bundle run status DIR"),
        ("build", "backstack lint DIR"),
    ] {
        let (code, said) = Mixin::new(verb).in_terminal(200).end();
        assert!(said.contains("is for Porter") && said.contains(hint), "{said}");
        assert_eq!(code, 2, "{said}");
    }
}

#[test]
fn an_option_without_effect_is_refused_where_a_person_gives_it() {
    for line in ["crds --output json", "bead check --action x", "bundle images --file x", "completions bash -o json"] {
        Mixin::new(line).run().exits(2).says("has no effect here");
    }
    Mixin::new("schema --output json --action x").run().exits(0); // Porter's libraries do
}

#[test]
fn build_asks_for_git_only_where_a_hub_or_a_bead_is() {
    for step in [HUB, "bead: {file: bead.yaml}"] {
        let lines = Mixin::new("build").stdin(format!("actions: {{install: [{{backstack: {{{step}}}}}]}}")).run();
        let lines = lines.exits(0).stdout;
        assert!(lines.contains("git openssh-client") && !lines.contains("COPY"), "{lines}");
    }
    for input in
        ["actions: {}", "actions: {install: []}", "config: {}\nactions: {install: [{backstack: {cluster: {}}}]}"]
    {
        let nothing = Mixin::new("build").stdin(input).run().exits(0);
        assert_eq!(nothing.stdout, "# backstack has no buildtime dependencies\n");
    }
}

#[test]
fn build_names_what_steps_run_and_copies_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let build = |step: &str| {
        let input = format!("actions: {{install: [{{backstack: {{cluster: {{{step}}}}}}}]}}");
        Mixin::new("build").folder(folder.path()).stdin(input).run().exits(0).stdout
    };
    let tofu = "opentofu: {module: ./cluster}, state: state";
    let head = "# backstack: what steps run comes with the files of the bundle, in assets/; each run verifies it\n";
    assert_eq!(build(tofu), head, "a lock elsewhere is not read");
    let lock = format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Lock\nassets:\n- {{name: tofu, type: program, version: 1.12.6, \
         platform: linux/amd64, sha256: 'sha256:{}'}}\n",
        "0".repeat(64)
    );
    std::fs::write(folder.path().join("lock.yaml"), lock).expect("written");
    assert_eq!(build(tofu), format!("{head}#   tofu 1.12.6 for linux/amd64\n"));
    let kind = build("kind: {name: hub}, state: state");
    assert!(kind.contains("docker-cli") && kind.ends_with("for linux/amd64\n") && !kind.contains("COPY"), "{kind}");
    assert!(!kind.contains("git"), "{kind}");
}

#[test]
fn the_lines_of_build_are_the_same_for_every_hub() {
    let build = |actions: String| Mixin::new("build").stdin(format!("actions: {{{actions}}}")).run().exits(0).stdout;
    let one = build(format!("install: [{{backstack: {{{HUB}}}}}]"));
    let many = format!("status: [{{backstack: {{{HUB}}}}}], install: [], uninstall: [{{backstack: {{{HUB}}}}}]");
    assert_eq!(build(many), one);
}

/// In a closed network a base image has git and ssh, and nothing else is fetched.
#[test]
fn the_lines_of_build_fetch_nothing_that_is_there() {
    let input = format!("actions: {{install: [{{backstack: {{{HUB}}}}}]}}");
    let lines = Mixin::new("build").stdin(input).run().exits(0).stdout.replace("\\\n", "");
    let run = lines.lines().find_map(|line| line.strip_prefix("RUN ")).expect("a RUN line");
    let command: Vec<&str> = run.split_whitespace().skip_while(|word| word.starts_with("--mount=")).collect();
    for (programs, fetches) in [(&["git", "ssh"][..], false), (&["git"], true), (&[], true)] {
        let image = tempfile::tempdir().expect("a folder");
        let program = |name: &str, text: &str| {
            let path = image.path().join(name);
            std::fs::write(&path, text).expect("a program");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
        };
        for name in programs {
            program(name, "#!/bin/sh\n");
        }
        program("apt-get", "#!/bin/sh\nexit 100\n"); // there is no network
        let mut shell = std::process::Command::new("/bin/sh");
        let status = shell.arg("-c").arg(command.join(" ")).env("PATH", image.path()).status().expect("a shell");
        assert_eq!(status.code(), Some(if fetches { 100 } else { 0 }), "{programs:?}");
    }
}
