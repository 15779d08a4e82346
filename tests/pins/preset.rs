//! The preset for Renovate in docs/pins.md: its expressions find every pin of the bundles.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use backstack::document::read_lock;
use backstack::yaml;
use regex::Regex;
use serde_json::Value;

use crate::support::{data, files_below, text};

/// The first block of JSON on the page.
fn preset() -> Value {
    let page = text("docs/pins.md");
    let block = page.split("```json\n").nth(1).and_then(|it| it.split("\n```").next()).expect("a block");
    serde_json::from_str(block).expect("JSON")
}

/// What the managers find in a file: name and version.
fn found(file: &str, text: &str) -> BTreeSet<(String, String)> {
    let preset = preset();
    let managers = preset["customManagers"].as_array().expect("managers");
    let texts = |value: &Value| -> Vec<String> {
        value.as_array().expect("a list").iter().map(|it| it.as_str().expect("a text").to_owned()).collect()
    };
    let mut all = BTreeSet::new();
    for manager in managers {
        let patterns = texts(&manager["managerFilePatterns"]);
        let is_for = |it: &String| Regex::new(it.trim_matches('/')).expect("an expression").is_match(file);
        if !patterns.iter().any(is_for) {
            continue;
        }
        for expression in texts(&manager["matchStrings"]) {
            for one in Regex::new(&expression).expect("an expression").captures_iter(text) {
                all.insert((one["depName"].to_owned(), one["currentValue"].to_owned()));
            }
        }
    }
    all
}

fn documents() -> Vec<PathBuf> {
    let folders = ["bundles", "src/bead/scaffold"].into_iter();
    let all = folders.flat_map(|folder| files_below(&data(folder), &["assets"]));
    let is_ours = |path: &PathBuf| path.extension().is_some_and(|it| it == "yaml") && !path.ends_with("porter.yaml");
    all.filter(is_ours).collect()
}

fn name_of(path: &Path) -> String {
    path.strip_prefix(data("")).expect("of the repository").display().to_string()
}

#[test]
fn every_download_is_found() {
    let mut count = 0;
    for path in documents().iter().filter(|path| path.ends_with("lock.yaml")) {
        let lock = fs::read_to_string(path).expect("read");
        let known = found(&name_of(path), &lock);
        for asset in read_lock("lock.yaml", &lock).expect("a lock").assets {
            count += 1;
            assert!(known.contains(&(asset.name.clone(), asset.version.clone())), "{}: {}", name_of(path), asset.name);
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn every_image_and_package_is_found() {
    let mut count = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).expect("read");
        let known = found(&name_of(&path), &text);
        let Ok(all) = yaml::manifests("x.yaml", &text) else { continue };
        let ours = |it: &&Value| it["apiVersion"].as_str().is_some_and(|it| it.starts_with("backstack.dev/"));
        for document in all.iter().filter(ours) {
            let mut references = Vec::new();
            below(document, &mut references);
            for reference in references {
                count += 1;
                let fixed = reference.split('@').next().expect("a text");
                let (name, tag) = fixed.rsplit_once(':').expect("a tag");
                assert!(
                    known.contains(&(name.to_owned(), tag.to_owned())),
                    "{}: {reference}: {known:?}",
                    name_of(&path)
                );
            }
        }
    }
    assert!(count > 15, "{count}");
}

fn below(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| below(it, found)),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value.as_str() {
                    Some(text) if ["image", "package"].contains(&key.as_str()) && text.contains(':') => {
                        found.push(text.to_owned());
                    }
                    _ => below(value, found),
                }
            }
        }
        _ => {}
    }
}

#[test]
fn charts_are_found_wherever_they_come_from() {
    let lock = "- name: grafana\n  type: chart\n  version: 8.5.0\n  sha256: sha256:0\n  size: 1\n  download:\n    sha256: sha256:0\n    size: 1\n  \
                url: https://c.example.org/grafana-8.5.0.tgz\n  repository: https://c.example.org\n";
    let pair = |name: &str, version: &str| BTreeSet::from([(name.to_owned(), version.to_owned())]);
    assert_eq!(found("hub/lock.yaml", lock), pair("grafana", "8.5.0"));
    let oci = "- name: grafana\n  type: chart\n  version: 8.5.0\n  sha256: sha256:0\n  url: oci://c.example.org/charts/grafana:8.5.0\n";
    assert_eq!(found("lock.yaml", oci), pair("grafana", "8.5.0"));
    for chart in [
        "    chart:\n      repository: https://c.example.org\n      name: grafana\n      version: 8.5.0\n",
        "    chart: {repository: https://c.example.org, name: grafana, version: 8.5.0}\n",
        "    chart:\n      oci: oci://c.example.org/charts\n      name: grafana\n      version: \"8.5.0\"\n",
        "    chart: {oci: 'oci://c.example.org/charts', name: grafana, version: 8.5.0, digest: 'sha256:0'}\n",
    ] {
        assert_eq!(found("a/hub.yaml", chart), pair("grafana", "8.5.0"), "{chart}");
    }
    assert_eq!(found("hub.yaml", "spec:\n  argocd:\n    version: 3.6.1\n"), pair("argocd", "3.6.1"));
    assert_eq!(found("hub.yaml", "spec:\n  argocd: {version: \"3.6.1\"}\n"), pair("argocd", "3.6.1"));
    assert!(found("other.yaml", lock).is_empty());
}
