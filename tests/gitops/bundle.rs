use std::fs;
use std::path::PathBuf;

use backstack::spec::{Lock, Scalars, Step, conform, read, read_hub, schema_of, yaml};

fn text(file: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("bundles/hubs/existing").join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_documents_of_the_bundle_fit_together() {
    let hub = read_hub("hub.yaml", &text("hub.yaml")).unwrap_or_else(|failure| panic!("{}", failure.render()));
    let lock: Lock = read("lock.yaml", &text("lock.yaml"), Scalars::Strict).expect("a lock");
    let version = |name: &str| lock.assets.iter().find(|asset| asset.name == name).map(|asset| asset.version.as_str());
    assert_eq!(version("argocd"), Some(hub.spec.argocd.version.as_str()));
    for component in &hub.spec.components {
        assert!(component.chart.locked.as_deref().is_none_or(|chart| version(chart).is_some()), "{}", component.name);
    }
}

#[test]
fn every_step_of_the_bundle_is_one_of_ours() {
    let manifest = yaml::manifests("porter.yaml", &text("porter.yaml")).expect("valid YAML").remove(0);
    for action in ["install", "upgrade", "status", "verify", "uninstall"] {
        let steps = manifest[action].as_array().unwrap_or_else(|| panic!("{action} has steps"));
        for step in steps {
            let document =
                yaml::parse(action, &yaml::print(&step["backstack"]), yaml::Reader::Porter).expect("valid YAML");
            let conforming = conform(&document, &schema_of::<Step>(), Scalars::Templates);
            conforming.unwrap_or_else(|mistakes| panic!("{action}: {mistakes:#?}"));
        }
    }
}

#[test]
fn every_declaration_of_the_bundle_is_told_in_its_readme() {
    let manifest = yaml::manifests("porter.yaml", &text("porter.yaml")).expect("valid YAML").remove(0);
    let readme = text("README.md");
    for section in ["parameters", "credentials", "outputs"] {
        for entry in manifest[section].as_array().expect("a list") {
            let name = entry["name"].as_str().expect("a name");
            assert!(readme.contains(&format!("`{name}`")), "{section}: {name}");
        }
    }
}
