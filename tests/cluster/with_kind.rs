//! kind, the real program, as far as it goes where there is no container engine.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use backstack_testbed::kind;
use serde_json::{Value, json};

use crate::support::shared_api::SharedApi;
use crate::support::{Mixin, Run};

/// A step of kind, with nothing on `PATH` but the program.
fn run(action: &str, config: Option<&str>, folder: &Path) -> Run {
    let program = kind::ensure().expect("kind is built");
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let _ = symlink(program, bin.join("kind")); // there already, the second time
    step(action, config, folder)
}

/// The same with the program that is there.
fn step(action: &str, config: Option<&str>, folder: &Path) -> Run {
    let mut cluster = json!({"name": "hub"});
    if let Some(config) = config {
        fs::write(folder.join("kind.yaml"), config).expect("written");
        cluster["config"] = "kind.yaml".into();
    }
    let step = json!({action: [{"backstack": {"cluster": {"kind": cluster, "state": "state"}, "timeout": "60s"}}]});
    Mixin::new(action).env("PATH", folder.join("bin")).folder(folder).stdin(step.to_string()).run()
}

#[test]
#[ignore = "needs the testbed"]
fn without_a_container_engine_kind_says_so_and_nothing_is_made() {
    let folder = tempfile::tempdir().expect("a folder");
    for action in ["install", "uninstall"] {
        run(action, None, folder.path())
            .exits(1)
            .says("executable file not found")
            .says("hint: kind needs a container engine");
        assert!(!folder.path().join("state/cluster.json").exists());
    }
    run("install", Some("kind: Cluster\n"), folder.path()).exits(1).says("hint: kind needs a container engine");
}

/// A program in the place of kind, where there is no container engine: kind itself never comes as far as to fail, or to list
/// anything. It lists what the file `clusters` says, makes nothing, and notes what it would delete.
const STAND_IN: &str = r#"#!/bin/sh
here=${0%/*}
case "$1 $2" in
"get clusters") while read -r name; do echo "$name"; done < "$here/clusters" ;;
"get kubeconfig") [ -f "$here/kubeconfig" ] || exit 1; while read -r line; do printf '%s\n' "$line"; done < "$here/kubeconfig" ;;
"create cluster") echo "ERROR: no such image" >&2; exit 1 ;;
"delete cluster") echo "$4" >> "$here/deleted" ;;
esac
"#;

/// The folder of a step with the stand-in, which lists these clusters.
fn with_stand_in(clusters: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let bin = folder.path().join("bin");
    fs::create_dir(&bin).expect("a folder");
    fs::write(bin.join("kind"), STAND_IN).expect("written");
    fs::set_permissions(bin.join("kind"), fs::Permissions::from_mode(0o755)).expect("ours");
    fs::write(bin.join("clusters"), clusters).expect("written");
    folder
}

fn deleted(folder: &Path) -> bool {
    folder.join("bin/deleted").exists()
}

/// What kind could not make is nobody's: a cluster of the same name that somebody makes afterwards is left alone.
#[test]
fn what_kind_could_not_make_is_not_deleted_when_somebody_else_has_made_it() {
    let folder = with_stand_in("");
    let folder = folder.path();
    step("install", None, folder).exits(1).says("no such image");
    let record = || -> Value {
        serde_json::from_slice(&fs::read(folder.join("state/cluster.json")).expect("a record")).expect("JSON")
    };
    assert_eq!(record()["phase"], "destroyed");
    fs::write(folder.join("bin/clusters"), "hub\n").expect("written");
    step("uninstall", None, folder).exits(0).says("this installation has not made the cluster hub");
    step("install", None, folder).exits(1).says("there is no kubeconfig of it");
    assert_eq!(record()["fromNothing"], false);
    step("uninstall", None, folder).exits(0).says("this installation has not made the cluster hub");
    assert!(!deleted(folder));
}

/// A run was torn apart, and the cluster that has its name now was there before it began: it answers, so it is asked.
#[test]
#[ignore = "needs the testbed"]
fn what_looks_half_made_and_answers_as_one_of_somebody_else_is_not_deleted() {
    let api = SharedApi::namespaced("half-made");
    let folder = with_stand_in("hub\n");
    let folder = folder.path();
    let kubeconfig = fs::read_to_string(api.kubeconfig()).expect("a kubeconfig");
    fs::write(folder.join("bin/kubeconfig"), format!("{kubeconfig}\n")).expect("written");
    fs::create_dir(folder.join("state")).expect("a folder");
    let record = json!({"format": 1, "by": "kind", "installation": "", "phase": "making", "fromNothing": true,
        "since": "2100-01-01T00:00:00Z", "madeAs": "hub"});
    fs::write(folder.join("state/cluster.json"), record.to_string()).expect("written");
    step("install", None, folder).exits(3).says("there is a cluster hub, and it is older than this installation");
    assert!(!deleted(folder));
    fs::remove_file(folder.join("bin/kubeconfig")).expect("removed");
    step("install", None, folder).exits(1).says("was broken off is deleted").says("no such image");
    assert!(deleted(folder), "nodes without an API server are what a run leaves");
}
