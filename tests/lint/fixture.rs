//! A good bundle to break, and the ways to lint it.

use std::fs;
use std::path::Path;

use backstack::yaml;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::Mixin;
pub use crate::support::write;

/// A bundle in which nothing is to be found. The tests break it by replacing lines.
pub const BUNDLE: &str = "\
schemaVersion: 1.0.1
name: good
version: 0.1.0
registry: localhost:5000
mixins:
- backstack
parameters:
- {name: size, type: string, enum: [small, large]}
- {name: hush, type: string, sensitive: true}
credentials:
- {name: kubeconfig, path: /home/nonroot/.kube/config}
- {name: token, env: TOKEN, applyTo: [install, upgrade]}
outputs:
- {name: proof, type: object, applyTo: [install]}
images: {}
install:
- backstack:
    description: Make the hub
    hub:
      file: hub.yaml
      repository: {url: https://git.example/hub, push: {password: {env: TOKEN}}}
      cluster: {kubeconfig: /home/nonroot/.kube/config}
    timeout: 5m
    outputs: [{name: proof, value: proof}]
upgrade:
- backstack:
    hub: {repository: {url: https://git.example/hub}}
    timeout: 5m
uninstall:
- backstack:
    hub: {repository: {url: https://git.example/hub}}
    timeout: 5m
- backstack:
    cluster: {existing: {}}
    timeout: 5m
custom: {used: \"${ bundle.parameters.size } ${ bundle.parameters.hush }\"}
";

pub const DOCUMENT: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Hub
metadata: {name: hub}
spec:
  argocd: {version: 3.6.1}
  components:
  - {name: a, namespace: a, chart: {locked: a}}
";

pub const LOCK: &str = "\
apiVersion: backstack.dev/v1alpha1
kind: Lock
assets:
- name: argocd
  type: manifest
  version: 3.6.1
  sha256: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
- name: a
  type: chart
  version: 1.0.0
  sha256: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
";

pub fn bundle(porter_yaml: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("porter.yaml", porter_yaml), ("hub.yaml", DOCUMENT), ("lock.yaml", LOCK)] {
        write(folder.path(), name, text);
    }
    folder
}

/// What a bead of the tests applies.
const CONTENT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: x}\n";

/// The bundle of a bead with this document.
pub fn bead_bundle(porter_yaml: &str, document: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("porter.yaml", porter_yaml), ("bead.yaml", document), ("app/a.yaml", CONTENT)] {
        write(folder.path(), name, text);
    }
    folder
}

/// The good bundle with one text in the place of another.
#[track_caller]
pub fn with(old: &str, new: &str) -> String {
    assert!(BUNDLE.contains(old), "{old}");
    BUNDLE.replace(old, new)
}

/// What Porter sends for a `porter.yaml`.
pub fn sent(porter_yaml: &str) -> String {
    let manifest = yaml::manifests("porter.yaml", porter_yaml).expect("valid YAML").remove(0);
    let ours = |steps: &Value| -> Value {
        steps.as_array().into_iter().flatten().filter(|step| step.get("backstack").is_some()).cloned().collect()
    };
    let is_action = |key: &str| !["mixins", "parameters", "credentials", "outputs", "state"].contains(&key);
    let lists =
        manifest.as_object().expect("a mapping").iter().filter(|(key, value)| is_action(key) && value.is_array());
    let actions: Value = lists.map(|(key, steps)| (key.clone(), ours(steps))).collect();
    yaml::print(&json!({"actions": actions}))
}

pub fn results(folder: &Path, input: &str) -> Vec<Value> {
    let run = Mixin::new("lint").folder(folder).stdin(input).run().exits(0);
    assert_eq!(run.stderr, "");
    run.json().as_array().expect("a list").clone()
}

pub fn codes_in(folder: &Path, input: &str) -> Vec<u64> {
    let number = |it: &Value| it["Code"].as_str().expect("a code")["backstack-".len()..].parse().expect("a number");
    results(folder, input).iter().map(number).collect()
}

/// The codes for steps alone, without a bundle.
pub fn codes(input: &str) -> Vec<u64> {
    codes_in(tempfile::tempdir().expect("a folder").path(), input)
}

/// The codes and messages for a `porter.yaml` as Porter asks for them.
pub fn found(porter_yaml: &str) -> Vec<(u64, String)> {
    found_in(&bundle(porter_yaml))
}

pub fn found_in(folder: &TempDir) -> Vec<(u64, String)> {
    let porter_yaml = fs::read_to_string(folder.path().join("porter.yaml")).expect("there");
    let results = results(folder.path(), &sent(&porter_yaml));
    let number = |it: &Value| it["Code"].as_str().expect("a code")["backstack-".len()..].parse().expect("a number");
    results.iter().map(|it| (number(it), it["Message"].as_str().expect("text").to_owned())).collect()
}

/// Demands exactly one finding, of this rule, with these words.
#[track_caller]
pub fn only(found: &[(u64, String)], code: u64, words: &str) {
    assert!(found.len() == 1 && found[0].0 == code && found[0].1.contains(words), "{code} {words}: {found:#?}");
}

#[track_caller]
pub fn nothing(found: &[(u64, String)]) {
    assert!(found.is_empty(), "{found:#?}");
}
