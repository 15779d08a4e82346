//! The bead bundles of this repository: what can be known of them without a hub, and what real servers say.

mod chart;
mod content;
mod policies;

use std::fs;
use std::path::{Path, PathBuf};

use backstack::document::{Bead, BeadParameter, Lock, SecretNeed, Step, read_bead};
use backstack::files::Tree;
use backstack::schema::{Scalars, conform, read, schema_of};
use backstack::vendor::AssetContent;
use backstack::yaml;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Mixin, Run, assert_file, data, text};

const BUNDLES: [&str; 6] = ["backstage", "cert-manager", "crossplane", "gke", "kyverno", "webapp"];

/// What is left to the one who installs a bead.
const GIVEN: &[(&str, &[&str])] = &[
    (
        "backstage",
        &[
            "image=registry.example.org/backstage:1.0.0",
            "base-url=https://backstage.example.org",
            "catalog=https://git.example.org/me/hub/blob/main/backstage/beads/*.yaml",
        ],
    ),
    ("gke", &["project=my-project", FAMILY, CONTAINER, FUNCTION]),
    ("webapp", &[PROVIDER, "provider-account=provider-kubernetes-dddddddddddd", FUNCTION]),
];
const FAMILY: &str = "family-digest=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const CONTAINER: &str = "container-digest=sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
const PROVIDER: &str = "provider-digest=sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd";
const FUNCTION: &str = "function-digest=sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

fn folder(bundle: &str) -> PathBuf {
    data("bundles/beads").join(bundle)
}

fn file(bundle: &str, name: &str) -> String {
    text(&format!("bundles/beads/{bundle}/{name}"))
}

fn bead(bundle: &str) -> Bead {
    read_bead("bead.yaml", &file(bundle, "bead.yaml")).unwrap_or_else(|failure| panic!("{}", failure.render()))
}

fn lock(bundle: &str) -> Lock {
    read("lock.yaml", &file(bundle, "lock.yaml"), Scalars::Strict).unwrap_or_else(|it| panic!("{}", it.render()))
}

fn manifest(bundle: &str) -> Value {
    yaml::manifests("porter.yaml", &file(bundle, "porter.yaml")).expect("valid YAML").remove(0)
}

fn given(bundle: &str) -> &'static [&'static str] {
    GIVEN.iter().find(|(name, _)| *name == bundle).map_or(&[], |(_, given)| given)
}

/// Renders the bundle in a folder into another one.
fn render(bundle: &str, from: &Path, to: &Path) -> Run {
    let parameters = given(bundle).iter().flat_map(|one| ["--param", *one]);
    Mixin::new("bead render").arg(from).args(parameters).arg("--to").arg(to).run()
}

/// The files of the beads that the hub bundle `back` brings along, each with where it is there.
#[test]
fn the_beads_of_the_whole_hub_are_those_of_their_bundles() {
    let mut pairs = vec![("crossplane/bead.yaml", "crossplane.yaml"), ("kyverno/bead.yaml", "kyverno.yaml")];
    let backstage = ["bead.yaml", "app/config.yaml", "app/deployment.yaml", "catalog/catalog-info.yaml"]
        .map(|file| (format!("backstage/{file}"), format!("backstage/{file}")));
    pairs.extend(backstage.iter().map(|(bead, hub)| (bead.as_str(), hub.as_str())));
    for (bead, hub) in &pairs {
        assert_file(&format!("bundles/hubs/back/{hub}"), &text(&format!("bundles/beads/{bead}")));
    }
    assert_eq!(files(&data("bundles/hubs/back/backstage")).len(), backstage.len());
}

/// A copy of a bundle whose downloads are not what they should be, but are there.
fn with_other_downloads(bundle: &str) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder");
    copy_folder(&folder(bundle), copy.path());
    let mut lock = lock(bundle);
    for asset in &mut lock.assets {
        let mut chart = Tree::default();
        chart.insert("Chart.yaml", format!("name: {}\nversion: 0.0.0\n", asset.name)).expect("free");
        for (path, bytes) in chart.iter() {
            let place = copy.path().join("assets").join(&asset.name).join(path);
            fs::create_dir_all(place.parent().expect("a folder")).expect("made");
            bytes.write(&place).expect("written");
        }
        let content = AssetContent::Chart(chart);
        (asset.sha256, asset.size) = (content.digest(), Some(content.size()));
    }
    fs::write(copy.path().join("lock.yaml"), yaml::print(&lock)).expect("written");
    copy
}

/// All files but the downloads.
fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder").map(|it| it.expect("read")) {
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_file() {
            fs::copy(entry.path(), target).expect("copied");
        } else if entry.file_name() != "assets" {
            fs::create_dir_all(&target).expect("made");
            copy_folder(&entry.path(), &target);
        }
    }
}

/// Every file below a folder, by its path there.
fn files(folder: &Path) -> Vec<(String, String)> {
    let tree = backstack::vendor::read_folder(folder).expect("readable");
    tree.iter().map(|(path, bytes)| (path.to_owned(), String::from_utf8_lossy(bytes).into_owned())).collect()
}

#[test]
fn no_bundle_is_forgotten() {
    let mut there: Vec<String> = fs::read_dir(data("bundles/beads"))
        .expect("a folder")
        .map(|it| it.expect("read").file_name().into_string().expect("a name"))
        .collect();
    there.sort();
    assert_eq!(there, BUNDLES);
}

#[test]
fn images_are_declared_with_the_digests_that_are_given() {
    let images = || Mixin::new("bundle images").arg(folder("gke"));
    images().run().exits(2).says("`family-digest` is required and has no default");
    let declared = images().args(given("gke").iter().flat_map(|one| ["--param", *one])).run().exits(0).stdout;
    let declared = yaml::manifests("porter.yaml", &declared).expect("YAML").remove(0);
    let digests: Vec<&str> =
        declared["images"].as_object().expect("images").values().filter_map(|image| image["digest"].as_str()).collect();
    for digest in [FAMILY, CONTAINER, FUNCTION].map(|it| it.split_once('=').expect("a value").1) {
        assert!(digests.contains(&digest), "{digest} is not in {declared:#}");
    }
}

#[test]
fn every_bundle_passes_its_check() {
    for bundle in BUNDLES {
        let run = Mixin::new("bead check").arg(with_other_downloads(bundle).path()).run().exits(0);
        let version = bead(bundle).spec.version;
        let run = run.says(&format!("nothing wrong found in what was looked at of bead {bundle} {version}"));
        assert!(!run.stderr.contains("ClusterPolicy"), "none of a kind that is going: {}", run.stderr);
        let copy = with_other_downloads(bundle);
        let _ = fs::remove_dir_all(copy.path().join("assets"));
        let run = Mixin::new("bead check").arg(copy.path()).run().exits(0);
        for asset in lock(bundle).assets {
            let warning = format!("the download {} {} is not in assets/", asset.name, asset.version);
            assert!(run.stderr.contains(&warning), "{}", run.stderr);
        }
    }
}

#[test]
fn a_render_gives_the_same_bytes_every_time() {
    for bundle in BUNDLES {
        let (copy, out) = (with_other_downloads(bundle), tempfile::tempdir().expect("a folder"));
        let (one, two) = (out.path().join("one"), out.path().join("two"));
        render(bundle, copy.path(), &one).exits(0);
        render(bundle, copy.path(), &two).exits(0);
        let (one, two) = (files(&one), files(&two));
        assert!(one.len() > 4, "{bundle}: {one:?}");
        assert_eq!(one, two, "{bundle}");
        let unfilled = one.iter().filter(|(path, _)| !path.starts_with("backstage/") && !path.ends_with("bead.yaml"));
        let mut unfilled = unfilled.filter(|(path, text)| !path.starts_with("root/beads") && text.contains("${ param"));
        assert_eq!(unfilled.next(), None, "{bundle}");
    }
}

#[test]
fn bundle_and_bead_share_their_parameters_and_secrets() {
    for bundle in BUNDLES {
        let (bead, manifest) = (bead(bundle), manifest(bundle));
        assert_eq!(manifest["name"], format!("bead-{bundle}"));
        assert_eq!(manifest["version"], bead.spec.version.as_str());
        let declared: Vec<BeadParameter> =
            serde_json::from_value(manifest["parameters"].clone()).expect("the same format");
        for parameter in &bead.spec.parameters {
            assert!(declared.contains(parameter), "{bundle}: {parameter:?}");
        }
        for action in ["install", "upgrade", "uninstall", "status", "verify", "diff"] {
            let step = &manifest[action][0]["backstack"];
            let document = yaml::parse(action, &yaml::print(step), yaml::Reader::Porter).expect("valid YAML");
            let conforming = conform(&document, &schema_of::<Step>(), Scalars::Templates);
            conforming.unwrap_or_else(|mistakes| panic!("{bundle} {action}: {mistakes:#?}"));
            let step = &step["bead"];
            let given = step["parameters"].as_object().cloned().unwrap_or_default();
            assert_eq!(given.len(), bead.spec.parameters.len(), "{bundle} {action}");
            for (name, value) in given {
                assert_eq!(value, format!("${{ bundle.parameters.{name} }}"), "{bundle} {action}");
            }
        }
        for SecretNeed { name, keys, .. } in &bead.spec.secrets {
            for (action, key) in ["install", "upgrade"].iter().flat_map(|it| keys.iter().map(move |key| (it, key))) {
                let value = &manifest[action][0]["backstack"]["bead"]["secrets"][name][key];
                assert!(value.is_object(), "{bundle} {action}: {name} {key}");
            }
        }
    }
}

#[test]
fn every_declaration_is_told_in_the_readme() {
    for bundle in BUNDLES {
        let (readme, manifest) = (file(bundle, "README.md"), manifest(bundle));
        for entry in
            ["parameters", "credentials", "outputs"].iter().flat_map(|it| manifest[it].as_array().expect("all"))
        {
            let name = entry["name"].as_str().expect("a name");
            assert!(readme.contains(&format!("| `{name}` |")), "{bundle}: {name}");
        }
    }
}

#[test]
fn the_images_of_all_bundles_are_made_alike() {
    for name in ["template.Dockerfile", ".dockerignore"] {
        let expected = text(&format!("bundles/hubs/existing/{name}"));
        let beads = BUNDLES.iter().map(|bundle| file(bundle, name));
        for text in beads.chain([text(&format!("bundles/hubs/back/{name}"))]) {
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn an_image_of_backstage_is_a_reference_with_a_version() {
    let bead = bead("backstage");
    let image = bead.spec.parameters.iter().find(|it| it.name == "image").expect("a parameter");
    let digest = format!("sha256:{}", "a".repeat(64));
    for (reference, is_one) in [
        ("registry.example.org/backstage:1.0.0", true),
        ("localhost:5000/team/back_stage-x:v1", true),
        ("backstage:1", true),
        (&format!("registry.example.org/backstage@{digest}"), true),
        (&format!("registry.example.org/backstage:1@{digest}"), true),
        ("registry.example.org/backstage", false), // another one every day
        ("registry.example.org:5000/backstage", false),
        ("registry.example.org/Backstage:1", false),
        ("https://registry.example.org/backstage:1", false),
        ("registry.example.org/backstage:1 ", false),
        ("registry.example.org/backstage:", false),
        ("registry.example.org/backstage@sha256:aaaa", false),
        (":1", false),
        ("", false),
    ] {
        assert_eq!(image.shape.check("image", &Value::from(reference)).is_ok(), is_one, "{reference}");
    }
}

#[test]
fn a_package_without_its_digest_is_refused() {
    let out = tempfile::tempdir().expect("a folder");
    let without = Mixin::new("bead render --param project=my-project").arg(folder("gke")).run().exits(2);
    without.says("`function-digest` is required and has no default");
    let parameters = ["--param", "project=my-project", "--param", FAMILY, "--param", CONTAINER];
    let wrong = Mixin::new("bead render --param function-digest=sha256:latest").arg(folder("gke")).args(parameters);
    wrong.run().exits(2).says("`function-digest` is `sha256:latest`");
    let bundle = with_other_downloads("gke");
    let document = file("gke", "bead.yaml").replace("    pattern: \"^sha256:[0-9a-f]{64}$\"\n", "");
    fs::write(bundle.path().join("bead.yaml"), document).expect("written");
    let run = Mixin::new("bead render --param function-digest=v1").arg(bundle.path()).args(parameters);
    run.run().exits(2).says("is not pinned: the digest is `v1`");
    render("gke", &folder("gke"), out.path()).exits(0);
    let rendered = files(out.path());
    let (_, provider) = rendered
        .iter()
        .find(|(path, _)| path == "beads/gke/providers/provider-provider-gcp-container.yaml")
        .expect("rendered");
    assert!(provider.contains("provider-gcp-container:v2.6.0@sha256:bbbb"), "{provider}");
}
