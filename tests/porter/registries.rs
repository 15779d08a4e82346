//! The bundle in registries: published, installed by reference, archived, published again under another name, copied
//! into another registry, and installed from there when the first is gone.

use std::fs;
use std::path::Path;
use std::process::Command;

use backstack::vendor::AssetContent;
use backstack_testbed::ports::Ports;
use backstack_testbed::registry::Registry;
use backstack_testbed::{Cluster, Repository};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::fixture::Porter;
use crate::support::images;

#[test]
#[ignore = "needs the testbed, and porter on PATH with a Docker engine"]
fn a_bundle_that_was_copied_installs_from_its_own_registry() {
    let Some(mut porter) =
        Porter::find_with_engine("registries::a_bundle_that_was_copied_installs_from_its_own_registry")
    else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let first = First::start(&runtime);
    let [published, renamed] =
        ["hubs/hub-existing:v0.1.0", "mine/hub:v7"].map(|name| format!("{}/{name}", first.host()));
    let copied = format!("{}/closed/hub:v7", porter.testbed.registry());

    first.take_images_of(&porter.bundle());
    porter.build(true);
    porter.run(&["publish"]);

    porter.go_away();
    installs_from(&porter, &runtime, &published);

    porter.run(&["archive", "hub.tgz", "--reference", &published]);
    porter.run(&["publish", "--archive", "hub.tgz", "--reference", &renamed]);
    porter.run(&["copy", "--source", &renamed, "--destination", &copied]);
    let begun = first.host();
    drop(first);
    installs_from(&porter, &runtime, &copied);
    for registry in [&begun, porter.testbed.registry()] {
        forget_images_of(registry);
    }
}

/// Installs a bundle by its reference and demands that git and the cluster name images of its repository alone.
fn installs_from(porter: &Porter, runtime: &Runtime, reference: &str) {
    let cluster = runtime.block_on(porter.testbed.lease()).expect("a cluster");
    let repository = porter.testbed.repository().expect("a repository");
    porter.bind(&cluster, &repository);
    let name = reference.rsplit_once(':').expect("a tag").0;
    let installation = name.replace(|it: char| !it.is_ascii_alphanumeric(), "-");

    let said = porter.act(&["install", &installation, "--reference", reference], &repository);
    assert!(!said.contains("not in the relocation map"), "{said}");
    let proof = porter.run(&["installation", "outputs", "show", "handover", "-i", &installation]);
    let proof: Value = serde_json::from_str(proof.trim()).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");

    for (place, images) in [("git", images_in_git(&repository)), ("the cluster", images_of_pods(porter, &cluster))] {
        assert!(images.len() >= 4, "{place}: {images:?}"); // Argo CD, dex, redis, Crossplane
        let from_here = format!("{name}@sha256:");
        assert!(images.iter().all(|image| image.starts_with(&from_here)), "{place}: {images:?}");
    }
    porter.act(&["uninstall", &installation], &repository);
}

/// Frees the space that the engine took for a registry of this test.
fn forget_images_of(registry: &str) {
    let filter = format!("reference={registry}/*/*");
    let listed = Command::new("docker").args(["image", "ls", "--quiet", "--filter", &filter]).output();
    let listed = String::from_utf8(listed.expect("docker starts").stdout).expect("text");
    let mut remove = Command::new("docker");
    remove.args(["image", "rm", "--force"]).args(listed.split_whitespace()).stdout(std::process::Stdio::null());
    remove.status().expect("docker starts"); // the next of the two has what is left
}

fn images_in_git(repository: &Repository) -> Vec<String> {
    let mut git = Command::new("git");
    git.arg("-C").arg(repository.dir()).args(["show", "main:lock.yaml"]);
    let lock = String::from_utf8(git.output().expect("git starts").stdout).expect("text");
    let lock = backstack::yaml::manifests("lock.yaml", &lock).expect("YAML").remove(0);
    let images = lock["images"].as_object().expect("the images are in the lock").values();
    images.map(|image| image.as_str().expect("a reference").to_owned()).collect()
}

fn images_of_pods(porter: &Porter, cluster: &Cluster) -> Vec<String> {
    let kubectl = |args: &[&str]| porter.kubectl(cluster, args, "");
    kubectl(&["wait", "pod", "--all", "--all-namespaces", "--for=condition=Ready", "--timeout=60s"]);
    let path = "jsonpath={.items[*].spec['initContainers','containers'][*].image}";
    let mut images: Vec<String> =
        kubectl(&["get", "pods", "-A", "-o", path]).split_whitespace().map(str::to_owned).collect();
    images.sort();
    images.dedup();
    images
}

/// The registry in which everything begins. It ends when this is dropped.
struct First {
    registry: Registry,
    _folder: TempDir,
}

impl First {
    fn start(runtime: &Runtime) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let _inside = runtime.enter();
        let registry = Registry::start(folder.path(), folder.path(), &Ports::reserve().expect("ports"));
        let first = Self { registry: registry.expect("a registry"), _folder: folder };
        crate::hub::fixture::eventually("the registry answers", || {
            std::net::TcpStream::connect(("127.0.0.1", first.registry.port())).is_ok()
        });
        first
    }

    fn host(&self) -> String {
        self.registry.host()
    }

    /// Changes a bundle into one whose images are all here, as its author would have written it.
    fn take_images_of(&self, bundle: &Path) {
        let mut moves = Vec::new();
        for image in images::images_of(bundle) {
            let here = format!("{}/published/{}", self.host(), image.rsplit('/').next().expect("a name"));
            images::push(&here, &image);
            moves.push((image, here));
        }
        let edit = |file: &str| {
            let path = bundle.join(file);
            let text = fs::read_to_string(&path).expect("a file of the bundle");
            let new = moves.iter().fold(text.clone(), |text, (image, here)| text.replace(image, here));
            fs::write(path, &new).expect("a file of the bundle");
            (digest(&text), digest(&new))
        };
        edit("hub.yaml");
        let (old, new) = edit("assets/argocd.yaml");
        rewrite(&bundle.join("lock.yaml"), |lock| lock.replace(&old, &new));
        let declared = Command::new(env!("CARGO_BIN_EXE_backstack")).args(["bundle", "images"]).arg(bundle).output();
        let declared = String::from_utf8(declared.expect("bundle images starts").stdout).expect("text");
        let hubs = format!("registry: {}/hubs", self.host());
        rewrite(&bundle.join("porter.yaml"), |manifest| {
            manifest.replace("registry: localhost:5000/backstack", &hubs).replace("images: {}\n", &declared)
        });
    }
}

fn rewrite(file: &Path, edit: impl FnOnce(&str) -> String) {
    let text = fs::read_to_string(file).expect("a file of the bundle");
    let new = edit(&text);
    assert_ne!(text, new, "{}", file.display());
    fs::write(file, new).expect("a file of the bundle");
}

fn digest(text: &str) -> String {
    AssetContent::Manifest(text.into()).digest()
}
