//! The charts of the beads, as Helm renders them with the values of the bead.

use std::fs;
use std::process::Command;

use backstack::render::images_in;
use backstack::yaml;
use serde_json::{Value, json};

use super::content::Server;
use super::{bead, copy_folder, folder, lock};
use crate::hub::fixture::TESTBED;
use crate::support::Mixin;

/// The objects that a bead's chart makes, with its images from a copy where there is one.
fn objects(bundle: &str, relocation: &Value) -> String {
    let (copy, out) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    copy_folder(&folder(bundle), copy.path());
    // The Go tool and what it needs come from the environment.
    let vendored = Command::new(env!("CARGO_BIN_EXE_backstack")).arg("vendor").arg(copy.path()).output();
    let vendored = vendored.expect("vendor starts");
    assert!(vendored.status.success(), "{}", String::from_utf8_lossy(&vendored.stderr));
    let app = out.path().join("cnab/app");
    fs::create_dir_all(&app).expect("made");
    fs::write(app.join("relocation-mapping.json"), relocation.to_string()).expect("written");
    let to = out.path().join("hub");
    let rendered = Mixin::new("bead render").arg(copy.path()).arg("--to").arg(&to);
    rendered.env("BACKSTACK_ROOT", out.path().to_str().expect("text")).run().exits(0);
    let folder = to.join("beads").join(bundle);
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
    bead.spec.application.images.clear();
    bead.spec.application.manifests = Some("app".to_owned());
    fs::create_dir(folder.path().join("app")).expect("made");
    fs::write(folder.path().join("app/all.yaml"), objects).expect("written");
    fs::write(folder.path().join("bead.yaml"), yaml::print(&bead)).expect("written");
    let run = Mixin::new("bead check").arg(folder.path()).run();
    assert_eq!(run.code, 0, "{bundle}: {}", run.stderr);
}

#[test]
#[ignore = "needs the testbed"]
fn charts_stay_within_the_permissions_and_a_real_api_server_takes_them() {
    let server = Server::start();
    for bundle in super::BUNDLES.into_iter().filter(|it| !lock(it).assets.is_empty()) {
        let objects = objects(bundle, &Value::Null);
        assert!(!objects.contains(":v0.0."), "{bundle}: an image of the version in the source tree");
        within_permissions(bundle, &objects);
        server.namespace(&bead(bundle).spec.application.namespace);
        server.would_take(&objects).unwrap_or_else(|said| panic!("{bundle}: {said}"));
    }
}

#[test]
#[ignore = "needs the testbed"]
fn every_image_of_a_chart_is_taken_from_a_copy() {
    for bundle in super::BUNDLES.into_iter().filter(|it| !lock(it).assets.is_empty()) {
        let declared: Vec<String> = bead(bundle).spec.application.images.into_iter().map(|it| it.image).collect();
        let digest = |index: usize| format!("registry.closed.example:5000/copy@sha256:{index:064}");
        let map: serde_json::Map<_, _> =
            declared.iter().enumerate().map(|(index, image)| (image.clone(), json!(digest(index)))).collect();
        let text = objects(bundle, &Value::Object(map));
        // What Helm runs as a test is not run by Argo CD.
        let is_run = |object: &Value| object["metadata"]["annotations"]["helm.sh/hook"] != "test";
        let objects: Vec<Value> = yaml::manifests(bundle, &text).expect("YAML").into_iter().filter(is_run).collect();
        let images = images_in(&Value::Array(objects));
        assert!(
            !images.is_empty() && images.iter().all(|it| it.starts_with("registry.closed.")),
            "{bundle}: {images:?}"
        );
        for (index, image) in declared.iter().enumerate() {
            assert!(text.contains(&digest(index)), "{bundle}: nothing takes {image}");
        }
    }
}
