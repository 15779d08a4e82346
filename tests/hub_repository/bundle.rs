use std::fs;
use std::path::PathBuf;

use backstack::document::{Lock, Step, read_hub};
use backstack::schema::{Scalars, conform, read, schema_of};
use backstack::yaml;

const HUBS: [&str; 5] = ["back", "existing", "kind", "openstack", "opentofu"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("bundles/hubs")
}

fn text(hub: &str, file: &str) -> String {
    let path = folder().join(hub).join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn no_hub_is_forgotten() {
    let all = fs::read_dir(folder()).expect("a folder");
    let mut there: Vec<String> = all.map(|it| it.expect("read").file_name().into_string().expect("a name")).collect();
    there.sort();
    assert_eq!(there, HUBS);
}

#[test]
fn the_documents_of_each_hub_fit_together() {
    for name in HUBS {
        let document = text(name, "hub.yaml");
        let hub = read_hub("hub.yaml", &document).unwrap_or_else(|failure| panic!("{name}: {}", failure.render()));
        let lock: Lock = read("lock.yaml", &text(name, "lock.yaml"), Scalars::Strict).expect("a lock");
        let version =
            |name: &str| lock.assets.iter().find(|asset| asset.name == name).map(|asset| asset.version.as_str());
        assert_eq!(version("argocd"), Some(hub.spec.argocd.version.as_str()), "{name}");
        for component in &hub.spec.components {
            assert!(component.chart.locked.as_deref().is_none_or(|it| version(it).is_some()), "{}", component.name);
        }
    }
}

/// What two bundles pin under one name is the same.
#[test]
fn the_hubs_and_beads_pin_the_same() {
    let lock = |path: &str| fs::read_to_string(folder().join(path)).expect("a lock");
    let assets = |text: &str| read::<Lock>("lock.yaml", text, Scalars::Strict).expect("a lock").assets;
    let back = assets(&lock("back/lock.yaml"));
    let others = ["existing/lock.yaml", "../beads/crossplane/lock.yaml", "../beads/kyverno/lock.yaml"];
    let mut held = 0;
    for other in others.iter().flat_map(|path| assets(&lock(path))) {
        assert!(back.contains(&other), "{other:?}");
        held += 1;
    }
    assert_eq!(held, back.len() + 1, "Crossplane twice");
}

#[test]
fn every_step_of_each_hub_is_one_of_ours() {
    for (name, action) in HUBS.iter().flat_map(|name| {
        ["install", "upgrade", "status", "verify", "diff", "logs", "uninstall"].map(|action| (name, action))
    }) {
        let manifest = yaml::manifests("porter.yaml", &text(name, "porter.yaml")).expect("valid YAML").remove(0);
        let steps = manifest[action].as_array().unwrap_or_else(|| panic!("{name}: {action} has steps"));
        for step in steps {
            let document =
                yaml::parse(action, &yaml::print(&step["backstack"]), yaml::Reader::Porter).expect("valid YAML");
            let conforming = conform(&document, &schema_of::<Step>(), Scalars::Templates);
            conforming.unwrap_or_else(|mistakes| panic!("{name}: {action}: {mistakes:#?}"));
        }
    }
}

/// What a hub bundle has besides those of the first one, its own README tells; the rest is told there.
#[test]
fn every_declaration_of_each_hub_is_told_in_its_readme() {
    for name in HUBS {
        let manifest = yaml::manifests("porter.yaml", &text(name, "porter.yaml")).expect("valid YAML").remove(0);
        let (readme, shared) = (text(name, "README.md"), text("existing", "README.md"));
        let told =
            |entry: &str| readme.contains(entry) || readme.contains("../existing/README.md") && shared.contains(entry);
        for section in ["parameters", "credentials", "outputs"] {
            for entry in manifest[section].as_array().expect("a list") {
                let entry = entry["name"].as_str().expect("a name");
                assert!(told(&format!("`{entry}`")), "{name}: {section}: {entry}");
            }
        }
    }
}
