//! Where manifests name images: every place in which a registry is asked for something.

use serde_json::Value;

use crate::object::group;

/// The fields of a pod's specification that list containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];
/// The API group of Crossplane's packages, which are images too.
const PACKAGES: &str = "pkg.crossplane.io";

/// The images that the manifests in a value name, in order, each once. A manifest is a mapping with `apiVersion` and
/// `kind`, wherever it stands: in a list, or in the values of a chart.
#[must_use]
pub fn images_in(value: &Value) -> Vec<String> {
    let mut images: Vec<String> = Vec::new();
    for image in places(value).iter().filter_map(|place| value.pointer(place)?.as_str()) {
        if !images.iter().any(|known| known == image) {
            images.push(image.to_owned());
        }
    }
    images
}

/// The JSON pointers of all references to images in the manifests of a value.
pub(super) fn places(value: &Value) -> Vec<String> {
    let mut places = Vec::new();
    find(value, false, "", &mut places);
    places
}

fn find(value: &Value, in_manifest: bool, at: &str, places: &mut Vec<String>) {
    let mut below = |key: &str, item: &Value, in_manifest: bool| {
        find(item, in_manifest, &format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), places);
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(&index.to_string(), item, in_manifest);
            }
        }
        Value::Object(fields) => {
            let in_manifest = in_manifest || is_manifest(value);
            for (key, item) in fields {
                below(key, item, in_manifest);
            }
            if in_manifest {
                places.extend(named_here(value).into_iter().map(|place| format!("{at}{place}")));
            }
        }
        _ => {}
    }
}

/// The references that a mapping itself holds, by pointers that begin in it.
fn named_here(value: &Value) -> Vec<String> {
    let mut candidates = Vec::new();
    for list in CONTAINERS {
        let count = value[list].as_array().map_or(0, Vec::len);
        candidates.extend((0..count).map(|index| format!("/{list}/{index}/image")));
    }
    let volumes = value["volumes"].as_array().map_or(0, Vec::len);
    candidates.extend((0..volumes).map(|index| format!("/volumes/{index}/image/reference")));
    if group(value) == PACKAGES {
        candidates.push("/spec/package".to_owned());
    }
    candidates
        .retain(|place| value.pointer(place).is_some_and(|found| found.as_str().is_some_and(|it| !it.is_empty())));
    candidates
}

fn is_manifest(value: &Value) -> bool {
    value["apiVersion"].is_string() && value["kind"].is_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_workload_names_its_images() {
        let template = json!({"spec": {
            "initContainers": [{"name": "i", "image": "init:1"}],
            "containers": [{"name": "a", "image": "main:1"}, {"name": "b", "image": "main:1"}, {"name": "c"}],
            "volumes": [{"name": "v", "image": {"reference": "volume:1"}}, {"name": "w", "emptyDir": {}}],
        }});
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": template["spec"]});
        let job = json!({"apiVersion": "batch/v1", "kind": "CronJob",
            "spec": {"jobTemplate": {"spec": {"template": template}}}});
        let list = json!([{"apiVersion": "v1", "kind": "List", "items": [pod, job]}]);
        for manifest in [pod, job, list] {
            let mut images = images_in(&manifest);
            images.sort();
            assert_eq!(images, ["init:1", "main:1", "volume:1"], "{manifest}");
        }
    }

    #[test]
    fn packages_are_images_and_words_are_not() {
        let values = json!({
            "image": {"repository": "of-the-chart", "tag": "1"},
            "containers": [{"image": "no-manifest:1"}],
            "extra/objects": [
                {"apiVersion": "pkg.crossplane.io/v1", "kind": "Provider", "spec": {"package": "r.example.org/p:v1"}},
                {"apiVersion": "example.org/v1", "kind": "Thing", "spec": {"package": "a-word", "image": "a-word"}},
            ],
        });
        assert_eq!(images_in(&values), ["r.example.org/p:v1"]);
        assert_eq!(places(&values), ["/extra~1objects/0/spec/package"]);
    }
}
