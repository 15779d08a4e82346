//! The policies of the beads, by the real `kyverno` where it is on PATH.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use backstack::yaml;
use serde_json::{Value, json};

use super::{files, folder, given};
use crate::support::{Mixin, is_on_path, skipped};

/// The verdicts of `kyverno` on a new or a changed object: the policies that it breaks.
fn broken(policies: &[PathBuf], object: &Value, is_changed: bool) -> BTreeSet<String> {
    let home = tempfile::tempdir().expect("a folder");
    let (group, kind) = (object["apiVersion"].as_str().expect("a group"), object["kind"].as_str().expect("a kind"));
    let (group, plural) = (group.split('/').next().expect("a group"), format!("{}s", kind.to_lowercase()));
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("{plural}.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"kind": kind, "plural": plural, "singular": kind.to_lowercase()},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]},
    });
    let operation = if is_changed { "UPDATE" } else { "CREATE" };
    let values = json!({"apiVersion": "cli.kyverno.io/v1alpha1", "kind": "Values", "metadata": {"name": "v"},
        "globalValues": {"request.operation": operation}});
    for (name, document) in [("object.yaml", object), ("definition.yaml", &definition), ("values.yaml", &values)] {
        fs::write(home.path().join(name), yaml::print(document)).expect("written");
    }
    let run = Command::new("kyverno")
        .current_dir(home.path())
        .env("HOME", home.path())
        .arg("apply")
        .args(policies)
        .args(["--resource", "object.yaml", "--crd-paths", "definition.yaml", "-f", "values.yaml"])
        .args(["--remove-color", "--policy-report", "--output-format", "json"])
        .output()
        .expect("kyverno starts");
    let said = String::from_utf8_lossy(&run.stdout);
    let reports = said
        .match_indices("{\"kind\":")
        .filter_map(|(at, _)| serde_json::Deserializer::from_str(&said[at..]).into_iter::<Value>().next()?.ok());
    let results: Vec<Value> = reports.flat_map(|it| it["results"].as_array().cloned().unwrap_or_default()).collect();
    // It ends well, and says nothing, with policies that it could not read.
    assert!(is_changed || results.len() == policies.len(), "{said}{}", String::from_utf8_lossy(&run.stderr));
    assert!(results.iter().all(|it| it["result"] != "error"), "{said}");
    let failed = results.iter().filter(|it| it["result"] == "fail");
    failed.map(|it| it["policy"].as_str().expect("a policy").to_owned()).collect()
}

fn is_policy(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("validatingpolicy-"))
}

#[test]
fn policies_refuse_what_is_beyond_the_bounds_and_let_be_what_was_there_before() {
    if !is_on_path("kyverno") {
        skipped(
            "policies_refuse_what_is_beyond_the_bounds_and_let_be_what_was_there_before",
            "`kyverno` is not on PATH",
        );
        return;
    }
    let out = tempfile::tempdir().expect("a folder");
    for (bundle, bounds) in [
        ("gke", ["locations=europe-* | us-east1", "max-nodes=5"]),
        ("webapp", ["images=registry.example.org/* | ghcr.io/a?b/*:v1", "max-replicas=3"]),
    ] {
        let parameters = given(bundle).iter().chain(&bounds).flat_map(|one| ["--param", *one]);
        let render = Mixin::new("bead render").arg(folder(bundle)).args(parameters).arg("--to").arg(out.path());
        render.run().exits(0);
    }
    assert!(files(out.path()).iter().any(|(path, _)| path.starts_with("beads/gke/policies/")));
    let cluster = |location: &str, max: u8, is_protected: bool| {
        json!({"apiVersion": "gke.backstack.dev/v1alpha1", "kind": "GKECluster", "metadata": {"name": "c", "namespace": "gke"},
            "spec": {"location": location, "nodes": {"max": max}, "deletionProtection": is_protected}})
    };
    let application = |image: &str, replicas: u8| {
        json!({"apiVersion": "webapp.backstack.dev/v1alpha1", "kind": "WebApp", "metadata": {"name": "w", "namespace": "t"},
            "spec": {"image": image, "replicas": replicas}})
    };
    for (object, expected) in [
        (cluster("europe-west1", 5, true), &[][..]),
        (cluster("us-east1", 1, true), &[]),
        (cluster("us-east10", 1, true), &["gke-location"]),
        (cluster("asia-east1", 6, false), &["gke-location", "gke-nodes", "gke-protection"]),
        (application("registry.example.org/team/a:1", 3), &[]),
        (application("ghcr.io/axb/c:v1", 1), &[]),
        (application("ghcr.io/ab/c:v1", 1), &["webapp-image"]),
        (application("registryXexample.org/a:1", 4), &["webapp-image", "webapp-replicas"]),
    ] {
        let bundle = if object["kind"] == "WebApp" { "webapp" } else { "gke" };
        // Of a folder with anything else in it, it reads nothing.
        let folder = fs::read_dir(out.path().join(format!("beads/{bundle}/policies"))).expect("a folder");
        let policies: Vec<PathBuf> = folder.map(|it| it.expect("read").path()).filter(|it| is_policy(it)).collect();
        let expected: BTreeSet<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(broken(&policies, &object, false), expected, "{object}");
        assert_eq!(broken(&policies, &object, true), BTreeSet::new(), "what is there may be changed elsewhere");
    }
}
