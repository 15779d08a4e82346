//! A lock that calls what its digest pins by another version is an error, whoever looks.

use std::fs;

use backstack::files::{Tree, sha256};
use backstack::vendor::AssetContent;
use tempfile::TempDir;

use super::fixture::{GoProxy, folder, lock};

/// A bundle that pins one thing, which is there as its digest says.
fn bundle(form: &str, name: &str, version: &str, more: &str, files: &[(&str, &str)]) -> TempDir {
    let digest = match form {
        "chart" => {
            let mut tree = Tree::default();
            for (path, text) in files {
                tree.insert(*path, *text).expect("free");
            }
            AssetContent::Chart(tree).digest()
        }
        _ => sha256(files[0].1.as_bytes()),
    };
    let item = format!("- name: {name}\n  type: {form}\n  version: {version}\n  sha256: {digest}\n{more}");
    let porter = "schemaVersion: 1.0.1\nname: x\nversion: 0.1.0\nregistry: localhost:5000\nmixins: [backstack]\n\
                  install:\n- backstack:\n    hub: {file: hub.yaml, repository: {url: https://git.example.org/a}}\n\
                  uninstall:\n- backstack:\n    hub: {file: hub.yaml, repository: {url: https://git.example.org/a}}\n";
    let hub = "apiVersion: backstack.dev/v1alpha1\nkind: Hub\nmetadata: {name: hub}\nspec:\n  argocd: {version: 3.6.0}\n  components:\n  \
               - {name: thing, namespace: thing, chart: {locked: thing}}\n";
    let folder = folder(&[("lock.yaml", &lock(&item)), ("porter.yaml", porter), ("hub.yaml", hub)]);
    for (path, text) in files {
        let place = match form {
            "chart" => folder.path().join("assets").join(name).join(path),
            "manifest" => folder.path().join(format!("assets/{name}.yaml")),
            _ => folder.path().join(format!("assets/{name}_linux_amd64")),
        };
        fs::create_dir_all(place.parent().expect("a folder")).expect("made");
        fs::write(place, text).expect("written");
    }
    folder
}

fn everybody_says(bundle: &TempDir, words: &str) {
    let none = GoProxy::new();
    none.call("vendor . --check", bundle.path()).exits(1).says(words);
    // Nothing is downloaded for it: with this digest there is no other content.
    none.call("vendor .", bundle.path()).exits(1).says(words).says("backstack pin");
    let run = none.call("lint .", bundle.path());
    assert_eq!(run.code, 2, "{}", run.stdout);
    let word = words.rsplit(' ').next().expect("a word").trim_matches('`');
    let told = run.stdout.clone() + &run.stderr;
    assert!(told.contains("as `sha256` pins it") && told.contains(word), "{told}");
}

#[test]
fn a_manifest_of_argocd_is_of_the_version_of_its_image() {
    let manifest = "image: quay.io/argoproj/argocd:v3.6.1\n";
    let wrong = bundle("manifest", "argocd", "3.6.0", "", &[("", manifest)]);
    everybody_says(&wrong, "what the digest pins is of version 3.6.1");
}

#[test]
fn a_chart_is_of_the_version_and_name_that_it_tells() {
    let chart = [("Chart.yaml", "name: thing\nversion: 1.0.0\n")];
    let url = "  url: https://c.example.org/thing-1.0.1.tgz\n";
    everybody_says(&bundle("chart", "thing", "1.0.1", url, &chart), "what the digest pins is of version 1.0.0");
    let module = "  module: {module: example.org/thing@v2.1.0, path: charts/thing}\n";
    let source = [("Chart.yaml", "name: thing\nversion: 0.0.1\n")];
    everybody_says(&bundle("chart", "thing", "2.2.0", module, &source), "what the digest pins is of version 2.1.0");
    let other = [("Chart.yaml", "name: other\nversion: 1.0.0\n")];
    let url = "  url: https://c.example.org/thing-1.0.0.tgz\n";
    everybody_says(&bundle("chart", "thing", "1.0.0", url, &other), "what the digest pins is the chart `other`");
}

#[test]
fn a_bundle_of_definitions_is_of_the_version_that_it_writes() {
    let text = "kind: CustomResourceDefinition\nmetadata:\n  annotations:\n    gateway.networking.k8s.io/bundle-version: v1.3.0\n";
    everybody_says(
        &bundle("manifest", "gateway-api", "1.4.0", "", &[("", text)]),
        "what the digest pins is of version v1.3.0",
    );
}

#[test]
fn a_program_is_of_the_version_in_its_address() {
    let more = "  platform: linux/amd64\n  url: https://example.org/v0.32.0/kind-linux-amd64\n";
    everybody_says(
        &bundle("program", "kind", "0.33.0", more, &[("", "program")]),
        "what the digest pins is of version 0.32.0",
    );
}
