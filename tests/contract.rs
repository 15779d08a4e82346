//! What the real Porter sent to a mixin (`tests/data/contract/README.md`), against what we send and take.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Mixin, PorterHome, data, text};

/// Records its call as the vectors were recorded, and hands back what the bundle demands.
const PROBE: &str = r#"
out=$RECORD
mkdir -p "$out"
{ echo "$0"; for argument in "$@"; do echo "$argument"; done; } > "$out/argv"
pwd > "$out/cwd"
env | sort > "$out/env"
cat > "$out/stdin"
exec 3>&1
for fd in 0 3 2; do test -p /dev/fd/$fd && echo pipe || echo other; done > "$out/fds"
printf '{"a":1}' > "$BACKSTACK_ROOT/cnab/app/porter/outputs/obj"
printf 'done' > "$BACKSTACK_ROOT/cnab/app/porter/outputs/result"
"#;

/// Variables whose values are unique to a run; only their form is compared.
const IDS: [&str; 3] = ["CNAB_REVISION", "PORTER_CORRELATION_ID", "PORTER_INSTALLATION_ID"];

#[test]
fn bundle_run_sends_what_porter_sent() {
    let calls = [vectors("local"), vectors("docker")].concat();
    assert_eq!(calls.len(), 12);
    for call in &calls {
        compare(call);
    }
}

fn compare(vector: &Path) {
    let record = tempfile::tempdir().expect("a folder");
    let kubeconfig = record.path().join("kubeconfig");
    fs::write(&kubeconfig, "made up").expect("written");
    let mixins = PorterHome::new()
        .mixin(
            "exec",
            "cat >/dev/null; echo x > $BACKSTACK_ROOT/cnab/app/filed.txt; cat $BACKSTACK_ROOT/cnab/app/cfg.txt",
        )
        .mixin("probe", &format!("RECORD={}/call{PROBE}", record.path().display()));
    let expected = variables(&read(vector, "env"));
    let mut run = Mixin::new("bundle run")
        .arg(&expected["CNAB_ACTION"])
        .arg(data("tests/data/contract"))
        .arg(format!("--name={}", expected["PORTER_INSTALLATION_NAME"]))
        .arg(format!("--cred=kubeconfig={}", kubeconfig.display()))
        .arg("--cred=token=THE_TOKEN")
        .arg(format!("--state={}/state", record.path().display()))
        .env("THE_TOKEN", "t0ken-value")
        .with_path()
        .env("PORTER_HOME", mixins.path());
    for (parameter, variable) in [("greeting", "GREETING"), ("seconds", "SECONDS"), ("fail", "FAIL")] {
        run = run.arg(format!("--param={parameter}={}", expected[variable]));
    }
    let run = run.run().exits(0);
    assert!(!run.stderr.contains("t0ken-value") && !run.stderr.contains("s3cr3t-param"), "{}", run.stderr);

    let call = record.path().join("call");
    let actual = variables(&read(&call, "env"));
    let root = actual["BACKSTACK_ROOT"].clone();
    let placed = |file: &str| read(&call, file).replace(&root, "");
    for file in ["argv", "cwd", "stdin", "fds"] {
        assert_eq!(placed(file), read(vector, file), "{} {file}", vector.display());
    }
    let mut actual = variables(&placed("env"));
    for ours in ["BACKSTACK_ROOT", "BACKSTACK_GIVEN", "PATH", "_", "OLDPWD", "RECORD"] {
        actual.remove(ours);
    }
    for id in IDS {
        let id = actual.insert(id.to_owned(), expected[id].clone()).expect("an id");
        assert_eq!(id.len(), 26, "{id}");
    }
    actual.insert("SHLVL".to_owned(), expected["SHLVL"].clone()); // the shell of the probe counts it up
    assert_eq!(actual, expected, "{}", vector.display());
}

#[test]
fn lint_and_build_take_what_porter_sent() {
    // The vectors are steps of another mixin, so every one of them is wrong for us: that is a finding, no failure.
    let input = text("tests/data/contract/host/02-lint/stdin").replace("probe:", "backstack:");
    let findings = Mixin::new("lint").stdin(input.clone()).run().exits(0).json();
    let actions: Vec<&str> = findings
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|finding| finding["Location"]["Action"].as_str())
        .collect();
    for action in ["install", "status", "uninstall", "upgrade"] {
        assert!(actions.contains(&action), "{action}: {findings}");
    }
    assert!(findings.to_string().contains("unknown key `config.option`"), "{findings}");
    let lines = Mixin::new("build").stdin(input).run().exits(0).stdout;
    assert_eq!(lines, "# backstack has no buildtime dependencies\n");
}

#[test]
fn every_call_on_the_host_is_answered() {
    let calls = vectors("host");
    assert_eq!(calls.len(), 4);
    for call in calls {
        let call = call.as_path();
        let argv = read(call, "argv");
        let stdin = read(call, "stdin").replace("probe:", "backstack:");
        assert_eq!(read(call, "fds").starts_with("pipe"), !stdin.is_empty(), "{}", call.display());
        let folder = tempfile::tempdir().expect("a folder");
        let run = Mixin::new("").args(argv.lines().skip(1)).folder(folder.path()).stdin(stdin);
        let run = variables(&read(call, "env")).iter().fold(run, |run, (name, value)| run.env(name, value));
        let run = run.run().exits(0);
        assert_eq!(run.stderr, "", "{argv}: Porter shows it to the user, or puts it into an error");
        match argv.lines().nth(1).expect("a verb") {
            "version" => assert_eq!(run.json()["name"], "backstack"),
            "lint" => assert!(run.json().is_array()),
            "build" => assert!(run.stdout.starts_with("# backstack"), "{}", run.stdout),
            "schema" => assert!(run.json()["definitions"]["invokeStep"].is_object()),
            verb => panic!("Porter called {verb}"),
        }
    }
}

/// The steps are another mixin's: wrong for us, so that each of their values is looked at and nothing is done.
#[test]
fn every_step_of_the_runtime_is_read() {
    let calls = [vectors("local"), vectors("docker")].concat();
    assert_eq!(calls.len(), 12);
    for call in calls {
        let call = call.as_path();
        let argv = read(call, "argv");
        let stdin = read(call, "stdin").replace("probe:", "backstack:");
        let run = Mixin::new("").args(argv.lines().skip(1)).stdin(stdin.clone());
        let run = variables(&read(call, "env")).iter().fold(run, |run, (name, value)| run.env(name, value));
        let run = run.run().exits(2).says("this needs exactly one of: cluster, hub").says("nothing was changed");
        assert_eq!(run.stdout, "", "{argv}");
        let keys = stdin.lines().filter_map(|line| line.strip_prefix("      ")?.split_once(':'));
        let unknown = keys.map(|(key, _)| key).filter(|key| *key != "description" && !key.starts_with([' ', '-']));
        for key in unknown {
            assert!(run.stderr.contains(&format!("unknown key `{key}`")), "{key}: {}", run.stderr);
        }
    }
}

/// The recorded calls of a side, in order.
fn vectors(side: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(data("tests/data/contract").join(side)).expect("vectors");
    let mut calls: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    calls.sort();
    calls
}

fn read(folder: &Path, file: &str) -> String {
    fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{}/{file}: {error}", folder.display()))
}

fn variables(text: &str) -> BTreeMap<String, String> {
    text.lines().filter_map(|line| line.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}
