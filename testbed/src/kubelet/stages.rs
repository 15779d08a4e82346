//! What kwok does to nodes and pods: the stages of its own module, and a few that fail on demand.
//!
//! A pod with the label `testbed/pod` does not become ready but stays as the label says:
//! `CrashLoopBackOff`, `ImagePullBackOff`, `NotReady` or `Failed`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::LABEL;
use super::image::IMAGES;
use super::part::Part;
use crate::artifact::LOOPBACK;

const ANCHOR: &str = "    matchExpressions:\n";

/// The configuration file for kwok.
pub fn text(kwok: &Path) -> Result<String> {
    let stages = kwok.join("kustomize/stage");
    let read = |file: &str| {
        let path = stages.join(file);
        fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))
    };
    let ready = leave_alone(&read("pod/fast/pod-ready.yaml")?)?;
    let documents = [
        read("node/fast/node-initialize.yaml")?,
        ready,
        leave_alone(&read("pod/fast/pod-complete.yaml")?)?,
        // A kubelet takes a pod away when its processes have ended, and not before: see [`super::Player`].
        without_real_pods(&read("pod/fast/pod-delete.yaml")?)?,
        stuck("CrashLoopBackOff", "Running", &waiting("CrashLoopBackOff", "back-off 10s restarting failed container")),
        stuck("ImagePullBackOff", "Pending", &waiting("ImagePullBackOff", "Back-off pulling image")),
        stuck("NotReady", "Running", "running:\n            startedAt: {{ Now | Quote }}"),
        stuck("Failed", "Failed", "terminated:\n            exitCode: 1\n            reason: Error"),
    ];
    Ok(documents.join("\n---\n"))
}

/// Keeps kwok's "ready", or the end of a Job's pod, away from pods that shall fail and from those that run for real.
fn leave_alone(stage: &str) -> Result<String> {
    let failing = format!("    - key: '.metadata.labels[\"{LABEL}\"]'\n      operator: 'DoesNotExist'\n");
    Ok(without_real_pods(stage)?.replace(ANCHOR, &format!("{ANCHOR}{failing}")))
}

/// Keeps a stage of kwok's away from pods that run for real.
fn without_real_pods(stage: &str) -> Result<String> {
    ensure!(stage.matches(ANCHOR).count() == 1, "a stage of kwok's pods is not as it used to be");
    let real = Part::ALL.map(|part| format!("'{}'", part.label())).join(", ");
    let images: Vec<_> = IMAGES.iter().map(|image| format!("'{}'", image.name)).collect();
    let exceptions = format!(
        r#"{ANCHOR}    - key: '.metadata.labels["{}"]'
      operator: 'NotIn'
      values: [{real}]
    - key: '.spec.containers[0].image | split("@")[0] | split("/")[-1] | split(":")[0]'
      operator: 'NotIn'
      values: [{}]
    - key: '.spec.containers[0].image | split(":")[0]'
      operator: 'NotIn'
      values: ['{LOOPBACK}']
"#,
        Part::LABEL,
        images.join(", ")
    );
    Ok(stage.replace(ANCHOR, &exceptions))
}

fn waiting(reason: &str, message: &str) -> String {
    format!("waiting:\n            reason: {reason}\n            message: {message}")
}

fn stuck(value: &str, phase: &str, state: &str) -> String {
    let name = value.to_lowercase();
    format!(
        r#"apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: pod-{name}
spec:
  resourceRef:
    apiGroup: v1
    kind: Pod
  selector:
    matchExpressions:
    - key: '.metadata.labels["{LABEL}"]'
      operator: 'In'
      values: ['{value}']
    - key: '.metadata.deletionTimestamp'
      operator: 'DoesNotExist'
    - key: '.status.containerStatuses'
      operator: 'DoesNotExist'
  next:
    statusTemplate: |
      {{{{ $now := Now }}}}
      phase: {phase}
      startTime: {{{{ $now | Quote }}}}
      conditions:
      - {{type: Initialized, status: "True", lastTransitionTime: {{{{ $now | Quote }}}}}}
      - {{type: Ready, status: "False", reason: ContainersNotReady, lastTransitionTime: {{{{ $now | Quote }}}}}}
      - {{type: ContainersReady, status: "False", reason: ContainersNotReady, lastTransitionTime: {{{{ $now | Quote }}}}}}
      containerStatuses:
      {{{{ range .spec.containers }}}}
      - image: {{{{ .image | Quote }}}}
        name: {{{{ .name | Quote }}}}
        ready: false
        restartCount: 0
        state:
          {state}
      {{{{ end }}}}
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exceptions_go_into_the_selector() {
        let ready = "spec:\n  selector:\n    matchExpressions:\n    - key: 'a'\n";
        let text = leave_alone(ready).expect("one anchor");
        assert!(text.contains("labels[\"testbed/pod\"]"), "{text}");
        assert!(text.contains("'argocd-redis'"), "{text}");
        assert!(text.contains("'crossplane', 'kyverno'"), "{text}");
        assert!(text.contains("values: ['127.0.0.1']"), "{text}");
        assert!(text.ends_with("    - key: 'a'\n"), "{text}");
        assert!(leave_alone("nothing").is_err());
    }
}
