//! A bundle that was copied into another registry installs from there: every reference, in every place.

use backstack::document::read_hub;
use backstack::files::Tree;
use backstack::hub_repository::HubLock;
use backstack::porter::read_relocation_map;
use backstack::render::hub::{HubInput, render};
use backstack::vendor::AssetContent;
use backstack::yaml;
use serde_json::{Value, json};

use super::fixture::{MANIFEST, hub, input};

const DIGEST: &str = "sha256:cca460afa270d4c527981ef9ca4989346c56cf9b20217dcea37df1ece8120687";
const CLOSED: &str = "registry.closed.example:5000/hubs/hub";

const COMPONENTS: &str = "
  - name: crossplane
    namespace: crossplane-system
    chart: {locked: thing}
    values:
      extraObjects:
      - {apiVersion: pkg.crossplane.io/v1, kind: Provider, metadata: {name: p}, spec: {package: 'xpkg.example.org/p:v1'}}
    images:
    - {image: 'xpkg.example.org/crossplane:v2', values: {repository: image.repository, tag: image.tag}}
    - {image: 'xpkg.example.org/f:v3', values: {repository: function.packages.0}}
  - {name: backstage, namespace: backstage, chart: {oci: 'oci://charts.example.org/b', name: backstage, version: 2.0.0+1}}
";

/// The images of the hub as they were published.
const PUBLISHED: [(&str, &str); 6] = [
    ("quay.example.org/argocd", "v3"),
    ("docker.io/library/redis", "8"),
    ("xpkg.example.org/crossplane", "v2"),
    ("xpkg.example.org/p", "v1"),
    ("xpkg.example.org/f", "v3"),
    ("charts.example.org/b/backstage", "2.0.0_1"),
];

/// What `porter build` wrote, and what Porter gives the bundle for these of the images.
fn map_of(images: &[(&str, &str)]) -> (String, String) {
    let digest = |index: usize| DIGEST.replace("cca460af", &format!("{index:08}"));
    let mapping = images.iter().enumerate().map(|(index, (repository, _))| {
        let digest = digest(index);
        (format!("{repository}@{digest}"), json!(format!("{CLOSED}@{digest}")))
    });
    let declared = images.iter().enumerate().map(|(index, (repository, tag))| {
        (format!("i{index}"), json!({"repository": repository, "tag": tag, "digest": digest(index)}))
    });
    let manifest = json!({"images": declared.collect::<serde_json::Map<_, _>>()});
    (Value::Object(mapping.collect()).to_string(), manifest.to_string())
}

fn relocated(images: &[(&str, &str)]) -> HubInput {
    let mut input = input("version: 3.6.1", COMPONENTS);
    let workloads = "---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: controller}
spec: {template: {spec: {initContainers: [{name: i, image: 'redis:8'}], containers: [{name: c, image: 'quay.example.org/argocd:v3'}]}}}
";
    input.assets.insert("argocd", AssetContent::Manifest(format!("{MANIFEST}{workloads}").into()));
    let (mapping, manifest) = map_of(images);
    input.relocation = Some(read_relocation_map(&mapping, &manifest).expect("a map"));
    input
}

fn tree(input: &HubInput) -> Tree {
    render(input).unwrap_or_else(|failure| panic!("{}", failure.render())).tree
}

fn object(tree: &Tree, path: &str) -> Value {
    yaml::manifests(path, tree.text(path).expect("a file")).expect("YAML").remove(0)
}

fn stand_in(index: usize) -> String {
    format!("{CLOSED}@{}", DIGEST.replace("cca460af", &format!("{index:08}")))
}

#[test]
fn every_reference_is_taken_from_the_copy() {
    let tree = tree(&relocated(&PUBLISHED));
    let pod = object(&tree, "argocd/statefulset-controller.yaml")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["containers"][0]["image"], stand_in(0));
    assert_eq!(pod["initContainers"][0]["image"], stand_in(1));

    let values = object(&tree, "components/crossplane/values.yaml");
    let (repository, tag) = (&values["image"]["repository"], &values["image"]["tag"]);
    // as the chart puts them together
    assert_eq!(format!("{}:{}", repository.as_str().expect("text"), tag.as_str().expect("text")), stand_in(2));
    assert_eq!(values["extraObjects"][0]["spec"]["package"], stand_in(3));
    assert_eq!(values["function"]["packages"], json!([stand_in(4)]));

    let source = object(&tree, "root/apps/backstage.yaml")["spec"]["sources"][0].clone();
    let chart = [&source["repoURL"], &source["targetRevision"]].map(|it| it.as_str().expect("text")).join("@");
    assert_eq!(chart, format!("oci://{}", stand_in(5)));
    let allowed = object(&tree, "root/projects/hub.yaml")["spec"]["sourceRepos"].clone();
    assert!(allowed.as_array().expect("a list").contains(&json!(format!("oci://{CLOSED}"))), "{allowed}");

    // Nothing below the repository asks for an image elsewhere; the inventory and the document name both.
    for (path, _) in tree.iter().filter(|(path, _)| !["lock.yaml", "hub.yaml"].contains(path)) {
        let text = tree.text(path).expect("text");
        let elsewhere = PUBLISHED.iter().find(|(repository, _)| text.contains(repository));
        assert_eq!(elsewhere, None, "{path}: {text}");
    }
    assert!(HubLock::in_tree(&tree).expect("a lock").images.iter().all(|(image, stand_in)| image != stand_in));
}

#[test]
fn what_the_map_does_not_know_stays_as_it_was_written() {
    let tree = tree(&relocated(&PUBLISHED[..1]));
    let pod = object(&tree, "argocd/statefulset-controller.yaml")["spec"]["template"]["spec"].clone();
    assert_eq!(pod["containers"][0]["image"], stand_in(0));
    assert_eq!(pod["initContainers"][0]["image"], "redis:8");
    let images = HubLock::in_tree(&tree).expect("a lock").images;
    assert_eq!(images["docker.io/library/redis:8"], "docker.io/library/redis:8");
    let source = object(&tree, "root/apps/backstage.yaml")["spec"]["sources"][0].clone();
    assert_eq!(source["repoURL"], "oci://charts.example.org/b/backstage");
    assert_eq!(source["targetRevision"], "2.0.0_1", "a tag cannot hold a `+`");
}

#[test]
fn a_chart_with_a_digest_is_asked_for_by_it_here_and_in_the_copy() {
    let digest = |index: usize| stand_in(index).split_once('@').expect("a digest").1.to_owned();
    let chart = |mut input: HubInput| {
        for chart in input.hub.spec.components.iter_mut().map(|it| &mut it.chart).filter(|it| it.oci.is_some()) {
            chart.digest = Some(digest(5));
        }
        object(&tree(&input), "root/apps/backstage.yaml")["spec"]["sources"][0].clone()
    };
    let source = chart(relocated(&PUBLISHED[..1]));
    let wanted = (json!("oci://charts.example.org/b/backstage"), json!(digest(5)));
    assert_eq!((source["repoURL"].clone(), source["targetRevision"].clone()), wanted);
    let source = chart(relocated(&PUBLISHED));
    assert_eq!((&source["repoURL"], &source["targetRevision"]), (&json!(format!("oci://{CLOSED}")), &json!(digest(5))));
}

#[test]
fn declared_images_are_in_the_values_without_a_copy_too() {
    let mut input = relocated(&[]);
    input.relocation = None;
    let values = object(&tree(&input), "components/crossplane/values.yaml");
    assert_eq!(values["image"], json!({"repository": "xpkg.example.org/crossplane", "tag": "v2"}));
    assert_eq!(values["function"]["packages"], json!(["xpkg.example.org/f:v3"]));
}

#[test]
fn the_document_in_the_repository_is_one_that_is_read_again() {
    for input in [relocated(&PUBLISHED), hub()] {
        let tree = tree(&input);
        let document = read_hub("hub.yaml", tree.text("hub.yaml").expect("a file"));
        document.unwrap_or_else(|failure| panic!("{}", failure.render()));
    }
}
