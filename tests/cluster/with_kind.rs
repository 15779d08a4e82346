//! kind, the real program, as far as it goes where there is no container engine.

use std::fs;
use std::os::unix::fs::symlink;

use backstack_testbed::kind;
use serde_json::json;

use crate::support::{Mixin, Run};

/// A step of kind, with nothing on `PATH` but the program.
fn run(action: &str, config: Option<&str>, folder: &std::path::Path) -> Run {
    let program = kind::ensure().expect("kind is built");
    let mut cluster = json!({"name": "hub"});
    if let Some(config) = config {
        fs::write(folder.join("kind.yaml"), config).expect("written");
        cluster["config"] = "kind.yaml".into();
    }
    let step = json!({action: [{"backstack": {"cluster": {"kind": cluster, "state": "state"}, "timeout": "60s"}}]});
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("a folder");
    let _ = symlink(program, bin.join("kind")); // there already, the second time
    Mixin::new(action).env("PATH", bin).folder(folder).stdin(step.to_string()).run()
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
