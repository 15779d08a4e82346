//! What keeps a hook from running again, or loses the log of one that failed. Pure; by Argo CD 3.6.1
//! (`gitops-engine/pkg/sync/hook`, `sync_context.go`) and Kubernetes' Job controller.

use serde_json::Value;

use crate::words::argo;

/// Something about the manifest of a hook that ends badly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trap {
    /// The dotted path of the field.
    pub field: &'static str,
    /// What happens.
    pub says: String,
    /// What to do.
    pub hint: &'static str,
}

fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn annotation<'v>(object: &'v Value, key: &str) -> Option<&'v str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// The traps of a Job that is a hook, whoever writes its annotations.
#[must_use]
pub fn job_traps(job: &Value) -> Vec<Trap> {
    let mut traps = Vec::new();
    let mut say = |field, says: &str, hint| traps.push(Trap { field, says: says.to_owned(), hint });
    if job.pointer("/metadata/generateName").is_some() {
        let says = "a hook with `generateName` is another object at every sync, and none of them is ever replaced";
        say(
            "metadata.generateName",
            says,
            "give it a `name`: Argo CD deletes the Job of the last sync before it makes the next",
        );
    }
    if text(job, "/kind") != "Job" {
        return traps;
    }
    if job.pointer("/spec/ttlSecondsAfterFinished").is_some() {
        let says = "Kubernetes deletes the Job by itself, which Argo CD may take for a hook that has not run; and its log goes along";
        say("spec.ttlSecondsAfterFinished", says, "leave it out: the delete policy of the hook tidies up");
    }
    if job.pointer("/spec/activeDeadlineSeconds").is_some() {
        let says = "at that deadline Kubernetes deletes the running pod, and its log goes along";
        say("spec.activeDeadlineSeconds", says, "leave it out: whoever waits for the sync has a deadline");
    }
    if text(job, "/spec/template/spec/restartPolicy") == "OnFailure" {
        let says =
            "with `OnFailure` Kubernetes deletes the pod when it has failed for the last time, and its log goes along";
        say("spec.template.spec.restartPolicy", says, "write `Never`, and a small `backoffLimit`");
    }
    traps
}

/// Whether Argo CD takes an object for a hook, by its own annotation or by that of Helm (gitops-engine `pkg/sync/hook`).
#[must_use]
pub fn is_hook(object: &Value) -> bool {
    match annotation(object, argo::HOOK) {
        Some(moments) => !moments.split(',').any(|it| it.trim() == "Skip"),
        None => annotation(object, "helm.sh/hook").is_some_and(|it| it != "crd-install"),
    }
}

/// Whether an object is a hook that runs before or after a deletion.
#[must_use]
pub fn is_hook_of_removal(object: &Value) -> bool {
    annotation(object, argo::HOOK).is_some_and(|moments| moments.split(',').map(str::trim).any(is_of_removal))
}

fn is_of_removal(moment: &str) -> bool {
    ["PreDelete", "PostDelete"].contains(&moment)
}

/// The traps of a manifest that makes itself a hook by its annotations; none of any other.
#[must_use]
pub fn own_traps(object: &Value) -> Vec<Trap> {
    let Some(moments) = annotation(object, argo::HOOK) else { return Vec::new() };
    let moments: Vec<&str> = moments.split(',').map(str::trim).collect();
    let policies: Vec<&str> = annotation(object, argo::HOOK_DELETION)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let mut traps = job_traps(object);
    let mut say = |says: String, hint| traps.push(Trap { field: "metadata.annotations", says, hint });
    if policies.contains(&"HookFailed") {
        say(
            "with `HookFailed` Argo CD deletes a hook that has failed at once, and its log goes along".to_owned(),
            "write `BeforeHookCreation,HookSucceeded`",
        );
    }
    if !policies.is_empty() && !policies.contains(&"BeforeHookCreation") && !moments.iter().all(|it| is_of_removal(it))
    {
        say(
            format!(
                "with `{}` alone a hook that has failed stays, and the next sync finds it failed already",
                policies.join(",")
            ),
            "add `BeforeHookCreation`",
        );
    }
    if moments.contains(&"PostDelete") && !policies.contains(&"HookSucceeded") {
        say("without `HookSucceeded` a `PostDelete` hook is never deleted".to_owned(), "write `HookSucceeded`");
    }
    traps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_loses_a_log_or_a_run_is_told_by_its_field() {
        let fields = |object: Value| own_traps(&object).into_iter().map(|it| it.field).collect::<Vec<_>>();
        let hook = |moment: &str, policy: &str, spec: Value| {
            let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "spec": spec,
                "metadata": {"name": "a", "annotations": {argo::HOOK: moment}}});
            if !policy.is_empty() {
                job["metadata"]["annotations"][argo::HOOK_DELETION] = policy.into();
            }
            job
        };
        let policies = "metadata.annotations";
        for (moment, policy, spec, expected) in [
            ("PreSync", "", json!({}), vec![]),
            ("PreSync", "BeforeHookCreation, HookSucceeded", json!({"backoffLimit": 1}), vec![]),
            ("PreDelete", "HookSucceeded", json!({}), vec![]),
            ("PreSync", "HookSucceeded", json!({}), vec![policies]),
            ("PreSync", "BeforeHookCreation,HookFailed", json!({}), vec![policies]),
            ("PostDelete", "", json!({}), vec![policies]),
            ("Sync", "", json!({"ttlSecondsAfterFinished": 1}), vec!["spec.ttlSecondsAfterFinished"]),
            ("Sync", "", json!({"activeDeadlineSeconds": 1}), vec!["spec.activeDeadlineSeconds"]),
            (
                "Sync",
                "",
                json!({"template": {"spec": {"restartPolicy": "OnFailure"}}}),
                vec!["spec.template.spec.restartPolicy"],
            ),
        ] {
            assert_eq!(fields(hook(moment, policy, spec)), expected, "{moment} {policy}");
        }
        let mut generated = hook("PreSync", "", json!({}));
        generated["metadata"]["generateName"] = "a-".into();
        assert_eq!(fields(generated), ["metadata.generateName"]);
        let workflow = json!({"kind": "Workflow", "metadata": {"annotations": {argo::HOOK: "Sync"}},
            "spec": {"activeDeadlineSeconds": 3}});
        assert_eq!(fields(workflow), [""; 0], "the fields of another kind mean what its own controller says");
        assert_eq!(fields(json!({"kind": "Job", "spec": {"ttlSecondsAfterFinished": 1}})), [""; 0], "no hook");
    }
}
