//! Where manifests name images: every place in which a registry is asked for something.

use serde_json::Value;

use crate::object::group;
use crate::schema::ImageReference;
use crate::words::kyverno::has_policies;
use crate::words::{crossplane, is_of_kubernetes};

/// The fields of a pod's specification that list containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

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
#[must_use]
pub fn places(value: &Value) -> Vec<String> {
    let mut places = Vec::new();
    find(value, Inside::Nothing, "", &mut places);
    places
}

/// What stands where a manifest names an image and is none, each with its dotted path. Policies have patterns there, as other
/// kinds may.
pub fn unreadable(manifest: &Value) -> Vec<(String, &str)> {
    let group = group(manifest);
    if has_policies(group) {
        return Vec::new();
    }
    let named = |place: String| Some((dotted(&place), manifest.pointer(&place)?.as_str()?));
    let is_pattern = |text: &str| !is_of_kubernetes(group) && text.contains(['*', '?', '!', '|']);
    let is_none = |(_, text): &(String, &str)| ImageReference::parse(text).is_none() && !is_pattern(text);
    places(manifest).into_iter().filter_map(named).filter(is_none).collect()
}

/// What a value is a part of.
#[derive(Clone, Copy, PartialEq)]
enum Inside {
    /// Of no manifest.
    Nothing,
    /// Of a manifest of Kubernetes, or of one that is about the images of others.
    Known,
    /// Of a manifest of another kind, which may name images by fields of its own.
    Custom,
}

fn find(value: &Value, inside: Inside, at: &str, places: &mut Vec<String>) {
    let mut below = |key: &str, item: &Value, inside: Inside| {
        find(item, inside, &format!("{at}/{}", escaped(key)), places);
    };
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                below(&index.to_string(), item, inside);
            }
        }
        Value::Object(fields) => {
            let inside = if is_manifest(value) { inside_of(value) } else { inside };
            for (key, item) in fields {
                below(key, item, inside);
            }
            if inside != Inside::Nothing {
                places.extend(named_here(value, inside).into_iter().map(|place| format!("{at}{place}")));
            }
        }
        _ => {}
    }
}

/// The references that a mapping itself holds, by pointers that begin in it.
fn named_here(value: &Value, inside: Inside) -> Vec<String> {
    let mut candidates = Vec::new();
    for list in CONTAINERS {
        let count = value[list].as_array().map_or(0, Vec::len);
        candidates.extend((0..count).map(|index| format!("/{list}/{index}/image")));
    }
    let volumes = value["volumes"].as_array().map_or(0, Vec::len);
    candidates.extend((0..volumes).map(|index| format!("/volumes/{index}/image/reference")));
    // Packages are images, too.
    if group(value) == crossplane::PACKAGES {
        candidates.push("/spec/package".to_owned());
    }
    candidates
        .retain(|place| value.pointer(place).is_some_and(|found| found.as_str().is_some_and(|it| !it.is_empty())));
    if inside == Inside::Custom {
        let fields = value.as_object().into_iter().flatten();
        let named = fields.filter(|(key, text)| is_image_field(key) && text.as_str().is_some_and(is_whole));
        candidates.extend(named.map(|(key, _)| format!("/{}", escaped(key))));
    }
    candidates
}

/// Names that custom kinds have for an image. It may be that of a machine, too.
fn is_image_field(key: &str) -> bool {
    key == "image" || key == "imageName" || key.ends_with("Image")
}

/// Whether a text can be nothing but a reference: with a registry, and a tag or digest.
fn is_whole(text: &str) -> bool {
    let has_registry = |it: &ImageReference| text.starts_with(&format!("{}/", it.registry));
    ImageReference::parse(text).is_some_and(|it| has_registry(&it) && (it.tag.is_some() || it.digest.is_some()))
}

fn inside_of(manifest: &Value) -> Inside {
    let group = group(manifest);
    if is_of_kubernetes(group) || has_policies(group) { Inside::Known } else { Inside::Custom }
}

/// A pointer as people write a path: `spec.containers[0].image`.
fn dotted(pointer: &str) -> String {
    let path = pointer.split('/').skip(1).fold(String::new(), |path, step| match step.parse::<usize>() {
        Ok(index) => format!("{path}[{index}]"),
        Err(_) => format!("{path}.{}", step.replace("~1", "/").replace("~0", "~")),
    });
    path.trim_start_matches('.').to_owned()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Whether a value is a manifest.
pub(super) fn is_manifest(value: &Value) -> bool {
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

    #[test]
    fn a_custom_kind_names_an_image_by_a_whole_reference() {
        let object = |version: &str, spec: Value| json!({"apiVersion": version, "kind": "Thing", "spec": spec});
        let spec = json!({"image": "r.example.org/a:1", "imageName": "r.example.org:5000/b:2", "nested": [{"baseImage": "localhost/c:3"}],
            "machine": {"image": "ubuntu-24.04"}, "other": {"image": "a/b:1"}, "untagged": {"image": "r.example.org/d"}, "name": "r.example.org/e:1",
            "pattern": {"image": "r.example.org/*:1"}, "parts": {"image": {"repository": "r.example.org/f", "tag": "1"}}});
        let mut images = images_in(&object("monitoring.coreos.com/v1", spec.clone()));
        images.sort();
        assert_eq!(images, ["localhost/c:3", "r.example.org/a:1", "r.example.org:5000/b:2"]);
        for version in ["v1", "apps/v1", "apiextensions.k8s.io/v1", "kyverno.io/v1", "policies.kyverno.io/v1"] {
            assert_eq!(images_in(&object(version, spec.clone())), [""; 0], "{version}");
        }
    }

    #[test]
    fn what_stands_for_an_image_and_is_none_is_known() {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "spec": {
            "containers": [{"image": "Team/App:1"}, {"image": "r.example.org/a:1"}, {"image": "${IMAGE}"}, {"image": ""}, {"name": "x"}]}});
        let wrong = [
            ("spec.containers[0].image".to_owned(), "Team/App:1"),
            ("spec.containers[2].image".to_owned(), "${IMAGE}"),
        ];
        assert_eq!(unreadable(&pod), wrong);
    }

    #[test]
    fn a_pattern_of_images_is_told_in_no_policy() {
        let object = |version: &str, image: &str| json!({"apiVersion": version, "kind": "X", "spec": {"containers": [{"image": image}]}});
        for pattern in ["!*:latest", "*:*", "registry.example.org/*", "a/* | b/*", "?*"] {
            for version in
                ["kyverno.io/v1", "kyverno.io/v2beta1", "policies.kyverno.io/v1", "constraints.example.org/v1"]
            {
                assert!(unreadable(&object(version, pattern)).is_empty(), "{version} {pattern}");
            }
            assert_eq!(unreadable(&object("v1", pattern)).len(), 1, "{pattern}");
        }
        assert_eq!(unreadable(&object("constraints.example.org/v1", "Team/App:1")).len(), 1, "no pattern");
    }
}
