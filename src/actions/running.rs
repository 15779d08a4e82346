//! Which version of a program runs, as its Deployment tells.

use serde_json::Value;

use crate::object::{is_of_program, str_at};
use crate::spec::fits;

/// The version of a program that charts deploy, which is known by the labels that charts have in common. The image tells
/// what runs; the label tells it where the image has no version in its name.
#[must_use]
pub fn version_of(program: &str, deployments: &[Value]) -> Option<String> {
    let label = |it: &Value, key: &str| {
        it.pointer("/metadata/labels").and_then(|all| all.get(key)).and_then(Value::as_str).map(str::to_owned)
    };
    let its = |it: &&Value| is_of_program(it, program);
    let by_image = |it: &Value| tag(it).filter(|tag| fits(tag, "*").is_some());
    deployments.iter().filter(its).find_map(|it| by_image(it).or_else(|| label(it, "app.kubernetes.io/version")))
}

/// The tag of the first image of a Deployment.
#[must_use]
pub fn tag(deployment: &Value) -> Option<String> {
    let image = str_at(deployment, "/spec/template/spec/containers/0/image");
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    name.rsplit_once(':').map(|(_, tag)| tag.to_owned()).filter(|tag| !tag.contains('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_version_of_a_program_is_a_label_or_a_tag() {
        let deployment = |labels: Value, image: &str| {
            json!({"metadata": {"labels": labels},
            "spec": {"template": {"spec": {"containers": [{"image": image}]}}}})
        };
        let labelled = deployment(
            json!({"app.kubernetes.io/part-of": "kyverno", "app.kubernetes.io/version": "v1.15.2"}),
            "r.example.org:5000/kyverno",
        );
        let tagged = deployment(
            json!({"app": "crossplane", "app.kubernetes.io/version": "0.0.1"}),
            "r.example.org:5000/crossplane:v2.1.0@sha256:00",
        );
        let all = [labelled, tagged];
        assert_eq!(version_of("kyverno", &all).as_deref(), Some("v1.15.2"));
        assert_eq!(version_of("crossplane", &all).as_deref(), Some("v2.1.0"));
        assert_eq!(version_of("other", &all), None);
        assert_eq!(tag(&all[0]), None);
    }
}
