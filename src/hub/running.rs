//! Which version of a program runs, as its Deployments and git tell.

use serde_json::Value;

use crate::document::fits;
use crate::object::{OF_CHART, is_of_program, str_at};
use crate::schema::ImageReference;
use crate::words::crossplane;

/// Whether a program runs.
#[must_use]
pub fn runs(program: &str, deployments: &[Value]) -> bool {
    deployments.iter().any(|it| is_its(it, program))
}

/// The version of a program that runs. Its image tells; one that was copied may have lost its tag, and then git does. A label
/// tells where neither does, unless it has the version of the chart, which is another matter for all but the releases of
/// Crossplane.
#[must_use]
pub fn version_of(program: &str, deployments: &[Value], in_git: Option<&str>) -> Option<String> {
    let its: Vec<&Value> = deployments.iter().filter(|it| is_its(it, program)).collect();
    its.first()?;
    let by_image = || its.iter().find_map(|it| tag(it).filter(|tag| fits(tag, "*").is_some()));
    let by_label = || its.iter().find_map(|it| labelled(it, program)).map(str::to_owned);
    by_image().or_else(|| in_git.map(str::to_owned)).or_else(by_label)
}

/// The tag of the first image of a Deployment.
#[must_use]
pub fn tag(deployment: &Value) -> Option<String> {
    let image = image(deployment);
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    name.rsplit_once(':').map(|(_, tag)| tag.to_owned()).filter(|tag| !tag.contains('/'))
}

/// By its labels, or by the name of its image.
fn is_its(deployment: &Value, program: &str) -> bool {
    let has_name = |it: ImageReference| it.repository.rsplit('/').next() == Some(program);
    is_of_program(deployment, program) || ImageReference::parse(image(deployment)).is_some_and(has_name)
}

/// Crossplane is released with its chart under one version. The chart in its source tree is 0.0.1.
fn labelled<'d>(deployment: &'d Value, program: &str) -> Option<&'d str> {
    let label = |key: &str| deployment.pointer("/metadata/labels")?.get(key)?.as_str();
    let version = label("app.kubernetes.io/version")?;
    let is_of_chart = label(OF_CHART).is_some_and(|chart| chart.ends_with(&format!("-{}", version.replace('+', "_"))));
    let is_one_version = program == crossplane::PROGRAM && !version.starts_with("0.0.");
    (!is_of_chart || is_one_version).then_some(version)
}

fn image(deployment: &Value) -> &str {
    str_at(deployment, "/spec/template/spec/containers/0/image")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(labels: &Value, image: &str) -> Value {
        json!({"metadata": {"labels": labels}, "spec": {"template": {"spec": {"containers": [{"image": image}]}}}})
    }

    #[test]
    fn the_version_of_a_program_is_a_label_or_a_tag() {
        let labelled = deployment(
            &json!({"app.kubernetes.io/part-of": "kyverno", "app.kubernetes.io/version": "v1.15.2"}),
            "r.example.org:5000/kyverno",
        );
        let tagged = deployment(
            &json!({"app": "crossplane", "app.kubernetes.io/version": "0.0.1"}),
            "r.example.org:5000/crossplane:v2.1.0@sha256:00",
        );
        let all = [labelled, tagged];
        assert_eq!(version_of("kyverno", &all, None).as_deref(), Some("v1.15.2"));
        assert_eq!(version_of("crossplane", &all, Some("v2.0.0")).as_deref(), Some("v2.1.0"), "what runs");
        assert_eq!(version_of("other", &all, Some("v1.0.0")), None, "it does not run");
        assert_eq!(tag(&all[0]), None);
    }

    /// Of a bundle that Porter copied no image has its name or a tag.
    #[test]
    fn where_the_image_was_copied_git_tells_and_not_the_chart() {
        let copied = format!("copy.example.org/hub@sha256:{}", "0".repeat(64));
        let crossplane =
            json!({"app": "crossplane", "app.kubernetes.io/version": "0.0.1", "helm.sh/chart": "crossplane-0.0.1"});
        let kyverno = json!({"app.kubernetes.io/part-of": "policies-kyverno", "app.kubernetes.io/version": "3.9.1",
            "helm.sh/chart": "kyverno-3.9.1"});
        let all = [deployment(&crossplane, &copied), deployment(&kyverno, &copied)];
        assert_eq!(version_of("crossplane", &all, Some("v2.1.0")).as_deref(), Some("v2.1.0"));
        assert_eq!(version_of("kyverno", &all, Some("1.19.1")).as_deref(), Some("1.19.1"));
        for program in ["crossplane", "kyverno"] {
            assert!(
                runs(program, &all) && version_of(program, &all, None).is_none(),
                "nothing tells that of {program}"
            );
        }
        let released =
            json!({"app": "crossplane", "app.kubernetes.io/version": "2.3.1", "helm.sh/chart": "crossplane-2.3.1"});
        let released = [deployment(&released, &copied)];
        assert_eq!(version_of("crossplane", &released, None).as_deref(), Some("2.3.1"), "a chart of Crossplane's own");
        assert_eq!(version_of("crossplane", &released, Some("v2.3.0")).as_deref(), Some("v2.3.0"), "git comes first");
        let other = [deployment(&json!({"helm.sh/chart": "kyverno-policies-3.9.1"}), &copied)];
        assert!(!runs("kyverno", &other), "a chart of another name");
        let unlabelled =
            [deployment(&json!({"app.kubernetes.io/part-of": "guard"}), "reg.example.org/mirror/kyverno:v1.19.1")];
        assert_eq!(version_of("kyverno", &unlabelled, None).as_deref(), Some("v1.19.1"));
    }
}
