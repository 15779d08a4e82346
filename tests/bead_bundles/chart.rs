//! The charts of the beads, as Helm renders them with the values of the bead.

use std::fs;
use std::process::Command;

use super::content::Server;
use super::{bead, copy_folder, folder, lock, render};
use crate::hub::fixture::TESTBED;
use crate::support::Mixin;

/// The objects that a bead's chart makes.
fn objects(bundle: &str) -> String {
    let (copy, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    copy_folder(&folder(bundle), copy.path());
    // The Go tool and what it needs come from the environment.
    let vendored = Command::new(env!("CARGO_BIN_EXE_backstack")).arg("vendor").arg(copy.path()).output();
    let vendored = vendored.expect("vendor starts");
    assert!(vendored.status.success(), "{}", String::from_utf8_lossy(&vendored.stderr));
    render(bundle, copy.path(), out.path()).exits(0);
    let folder = out.path().join("beads").join(bundle);
    let namespace = bead(bundle).spec.application.namespace;
    let output = Command::new(TESTBED.bin().join("helm"))
        .args(["template", bundle, "--namespace", &namespace, "--include-crds", "--kube-version", "1.34.0", "--values"])
        .arg(folder.join("values.yaml"))
        .arg(folder.join("chart"))
        .env("HOME", out.path())
        .output()
        .expect("helm starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// A bead with the same permissions whose manifests are what the chart makes.
fn within_permissions(bundle: &str, objects: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut bead = bead(bundle);
    bead.spec.application.chart = None;
    bead.spec.application.values.clear();
    bead.spec.application.manifests = Some("app".to_owned());
    fs::create_dir(folder.path().join("app")).expect("made");
    fs::write(folder.path().join("app/all.yaml"), objects).expect("written");
    fs::write(folder.path().join("bead.yaml"), backstack::spec::yaml::print(&bead)).expect("written");
    let run = Mixin::new("bead check").arg(folder.path()).run();
    assert_eq!(run.code, 0, "{bundle}: {}", run.stderr);
}

#[test]
#[ignore = "needs the testbed"]
fn charts_stay_within_the_permissions_and_a_real_api_server_takes_them() {
    let server = Server::start();
    for bundle in super::BUNDLES.into_iter().filter(|it| !lock(it).assets.is_empty()) {
        let objects = objects(bundle);
        assert!(!objects.contains(":v0.0."), "{bundle}: an image of the version in the source tree");
        within_permissions(bundle, &objects);
        server.namespace(&bead(bundle).spec.application.namespace);
        server.would_take(&objects).unwrap_or_else(|said| panic!("{bundle}: {said}"));
    }
}
