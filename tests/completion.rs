//! Completion of what is typed, by a real shell and by the program alone.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::write;

const BUNDLE: &str = "schemaVersion: 1.0.1\nname: tryout\nversion: 1.0.0\nmixins: [backstack]\nparameters:\n\
    - {name: replicas, type: integer, default: 1}\n- {name: region, type: string, enum: [near, far]}\n- {name: on, type: boolean}\n\
    credentials: [{name: token, env: T}, {name: kubeconfig, path: /k}]\n\
    install: []\nupgrade: []\nuninstall: []\nstatus:\n- backstack: {}\n";
const LOCK: &str = include_str!("../bundles/hubs/existing/lock.yaml");
const KUBECONFIG: &str = "contexts: [{name: kind-hub, context: {}}, {name: prod, context: {}}]\n";

/// A folder with a bundle, and one with a kubeconfig.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("b/porter.yaml", BUNDLE),
        ("bead/bead.yaml", "spec: {parameters: [{name: shape}]}\n"),
        ("broken/porter.yaml", "name: [\n"),
        ("config", KUBECONFIG),
    ] {
        write(folder.path(), name, text);
    }
    folder
}

fn program(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("KUBECONFIG", folder.join("config")).current_dir(folder);
    command
}

/// What bash would offer at the end of a line, as its function hands it over. `=` stands alone there, as it does in bash's own
/// list of words.
fn offered(folder: &Path, line: &str) -> Vec<String> {
    let script = r#"
        source <("$1" completions bash)
        COMP_WORDS=($2); [[ $2 == *' ' ]] && COMP_WORDS+=('')
        COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
        current=${COMP_WORDS[COMP_CWORD]}; [[ $current == = ]] && current=
        _backstack_complete backstack "$current" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = program(folder, "bash");
    let output = bash.args(["-c", script, "bash", env!("CARGO_BIN_EXE_backstack"), line]).output().expect("bash");
    // `compopt` is at home in a completion that a key has begun.
    let said =
        String::from_utf8_lossy(&output.stderr).replace("compopt: not currently executing completion function", "");
    assert!(!said.contains("error") && !said.contains("panic"), "{said}");
    String::from_utf8(output.stdout).expect("UTF-8").split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a_shell_is_offered_what_the_bundle_and_the_kubeconfig_have() {
    let folder = folder();
    let at = |line: &str| offered(folder.path(), line);
    let with = |line: &str, words: &[&str]| {
        let offered = at(line);
        for word in words {
            assert!(offered.iter().any(|it| it == word), "{line}: {word} is not in {offered:?}");
        }
    };
    with("backstack bun", &["bundle"]);
    with("backstack bundle r", &["run"]);
    with("backstack bundle run install b --para", &["--param", "--param-file"]);
    assert_eq!(at("backstack bundle run install b --param "), ["replicas=", "region=", "on="]);
    assert_eq!(at("backstack bundle run install b --param re"), ["replicas=", "region="]);
    assert_eq!(at("backstack bundle run install b --param replicas = 2 --param reg"), ["region="]);
    assert_eq!(at("backstack bundle run install b --param region ="), ["near", "far"]);
    assert_eq!(at("backstack bundle run install b --param region = n"), ["near"]);
    assert_eq!(at("backstack bundle run install b --param = reg"), ["region="]);
    with("backstack bundle run install b --cred ", &["token=", "kubeconfig", "kubeconfig="]);
    assert_eq!(at("backstack bundle run install b --context k"), ["kind-hub"]);
    assert_eq!(at("backstack doctor --context "), ["kind-hub", "prod"]);
    assert_eq!(at("backstack doctor --kubeconfig nowhere --context "), [""; 0]);
    assert_eq!(at("backstack claims check -o git"), ["github", "gitlab"]);
    assert_eq!(at("backstack doctor --output "), ["table", "json"]);
    assert_eq!(at("backstack doctor --only pending"), ["pending-cascade"]);
    with("backstack bead check bead --param ", &["shape="]);
    // What cannot be read has nothing to offer.
    assert_eq!(at("backstack bundle run install broken --param "), [""; 0]);
}

#[test]
fn what_is_explained_is_offered_level_by_level() {
    let folder = folder();
    let at = |line: &str| offered(folder.path(), line);
    assert_eq!(at("backstack explain hu"), ["hub."]);
    assert_eq!(at("backstack explain pending-cas"), ["pending-cascade"]);
    assert_eq!(at("backstack explain bead.appl"), ["bead.application."]);
    assert_eq!(at("backstack explain bead.application.chart.na"), ["bead.application.chart.name"]);
    assert_eq!(at("backstack explain step.install.hub.adop"), ["step.install.hub.adopt"]);
    assert_eq!(at("backstack explain nonsense.x"), [""; 0]);
}

#[test]
fn parts_and_pins_are_offered() {
    let folder = folder();
    write(folder.path(), "hub/lock.yaml", LOCK);
    let at = |line: &str| offered(folder.path(), line);
    assert_eq!(at("backstack logs re"), ["redis", "repo-server"]);
    assert_eq!(at("backstack logs server no"), ["notifications-controller"]);
    assert_eq!(at("backstack pin --dir hub argo"), ["argocd@"]);
    assert_eq!(at("backstack pin --upgrade --dir hub argo"), ["argocd"]);
    assert_eq!(at("backstack vendor hub cross"), ["crossplane"]);
    assert_eq!(at("backstack pin --dir nowhere argo"), [""; 0]);
}

#[test]
fn actions_are_those_of_the_folder() {
    let folder = folder();
    let here = offered(&folder.path().join("b"), "backstack bundle run ");
    for action in ["install", "upgrade", "uninstall", "status"] {
        assert!(here.iter().any(|it| it == action), "{here:?}");
    }
    assert_eq!(offered(&folder.path().join("b"), "backstack bundle run st"), ["status"]);
    assert_eq!(offered(folder.path(), "backstack bundle run in"), ["install"], "the folder comes later");
}

/// In the other shells `=` is no break between words.
#[test]
fn a_parameter_of_few_values_has_them_offered() {
    let folder = folder();
    let ask = |word: &str| {
        let words = ["--", "backstack", "bundle", "run", "install", "b", "--param", word];
        let mut fish = program(folder.path(), env!("CARGO_BIN_EXE_backstack"));
        let output = fish.args(words).env("BACKSTACK_COMPLETE", "fish").output().expect("started");
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8").lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(ask("region="), ["region=near", "region=far"]);
    assert_eq!(ask("on=t"), ["on=true"]);
    assert_eq!(ask("replicas="), [""; 0]);
}

/// The environment of Porter, or a parameter of a bundle, may have the variable.
#[test]
fn the_variable_alone_changes_nothing() {
    let folder = folder();
    for value in ["bash", "nonsense"] {
        let mut porter = program(folder.path(), env!("CARGO_BIN_EXE_backstack"));
        let with = porter.arg("schema").env("BACKSTACK_COMPLETE", value).output().expect("started");
        let without = program(folder.path(), env!("CARGO_BIN_EXE_backstack")).arg("schema").output().expect("started");
        assert_eq!((with.status.code(), &with.stdout, &with.stderr), (Some(0), &without.stdout, &without.stderr));
    }
}

#[test]
fn every_shell_has_its_completions() {
    let folder = folder();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let mut program = program(folder.path(), env!("CARGO_BIN_EXE_backstack"));
        let output = program.args(["completions", shell]).output().expect("started");
        let script = String::from_utf8(output.stdout).expect("UTF-8");
        assert!(output.status.success() && script.contains("BACKSTACK_COMPLETE"), "{shell}: {script}");
    }
}
