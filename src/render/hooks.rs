//! Hooks as Argo CD runs them: one Job each, and a mark beside them by which a new version makes them run. Pure.
//!
//! Hooks are no part of what Argo CD compares (argo-cd 3.6.1, `controller/state.go`): a commit that changes only a hook, or a
//! version that changes no object, would run none. So every set of hooks has a ConfigMap with the digest of all that its
//! Application is made from, which differs whenever that does. It stays in the first wave of a sync: in a later one it would
//! have the sync wait for the health of everything before it.

use serde_json::{Map, Value, json};

use crate::document::{Component, Hook, HookVariable, RENDERED_HOOK};
use crate::files::sha256;
use crate::hub_repository::layout::{BeadFile, RepoFile, hooks_of_component};
use crate::object::{annotate, kind, name};
use crate::report::{Failure, Outcome};
use crate::words::argo;
use crate::words::bead::{self, APPLICATION};
use crate::yaml;

/// When Argo CD deletes a hook of a sync: before it makes the next one, so that one which has failed keeps its log until
/// then, and when it has succeeded. Without the first, the next sync would apply onto the Job that has failed, which is done or
/// cannot be changed; `HookFailed` would take the log along.
const AFTER_SYNC: &str = "BeforeHookCreation,HookSucceeded";
/// The same of a hook of a removal. Without it one that has succeeded would be left behind: where none is given,
/// `BeforeHookCreation` counts, and nothing is made after a removal (gitops-engine 3.6.1, `pkg/sync/hook/delete_policy.go`).
const AFTER_REMOVAL: &str = "HookSucceeded";
/// How often a pod is tried again. Argo CD tries the whole sync again besides, up to five times, each with a new Job.
const TRIES: u32 = 1;
/// The name of the one container.
const CONTAINER: &str = "hook";

/// Whose hooks they are: the component or bead, and where their Jobs run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
}

impl Owner<'_> {
    /// The Job of a hook, marked as one by which whoever waits for it may go. `manifest` is what the file says that the hook names.
    pub fn job(&self, hook: &Hook, manifest: Option<&Value>) -> Outcome<Value> {
        let written = hook.job.clone().map(Value::Object);
        let mut job = match (manifest.or(written.as_ref()), &hook.image) {
            (Some(job), _) => job.clone(),
            (None, Some(image)) => plain(hook, image),
            (None, None) => {
                let file = hook.manifest.as_deref().unwrap_or_default();
                return Err(Failure::failed(format!("the manifest `{file}` of the hook {} was not read", hook.name)));
            }
        };
        let metadata = &mut job["metadata"];
        metadata["name"] = hook.job_name(self.name).into();
        if metadata["namespace"].is_null() {
            metadata["namespace"] = self.namespace.into();
        }
        // Each is what is meant where the manifest says nothing; Kubernetes' own would start seven pods.
        let spec = &mut job["spec"];
        if spec["backoffLimit"].is_null() {
            spec["backoffLimit"] = TRIES.into();
        }
        if spec["template"]["spec"]["restartPolicy"].is_null() {
            spec["template"]["spec"]["restartPolicy"] = "Never".into();
        }
        annotate(&mut job, argo::HOOK, hook.when.name());
        annotate(&mut job, argo::HOOK_DELETION, if hook.when.is_of_removal() { AFTER_REMOVAL } else { AFTER_SYNC });
        annotate(&mut job, RENDERED_HOOK, "true");
        if hook.wave != 0 {
            annotate(&mut job, argo::SYNC_WAVE, hook.wave.to_string());
        }
        Ok(job)
    }

    /// The mark: `made_from` is everything whose change is a new version.
    pub fn mark(&self, version: &str, made_from: &Value) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": format!("{}-hooks", self.name), "namespace": self.namespace},
            "data": {"version": version, "digest": sha256(yaml::print(made_from).as_bytes())},
        })
    }
}

/// Has the pod of a Job by the keys of a document stay within the level `restricted`.
pub(super) fn restrict(job: &mut Value) {
    let pod = &mut job["spec"]["template"]["spec"];
    pod["securityContext"] = json!({"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}});
    pod["containers"][0]["securityContext"]["capabilities"] = json!({"drop": ["ALL"]});
}

/// The Jobs of a component, with its images as they were published.
pub(super) fn jobs(component: &Component) -> Outcome<Vec<Value>> {
    let owner = Owner { name: &component.name, namespace: &component.namespace };
    let jobs = component.hooks.iter().map(|hook| owner.job(hook, None));
    jobs.collect::<Outcome<_>>().map_err(|failure| failure.context(&component.name))
}

/// The name of the file of one of these objects.
pub(super) fn file_name(object: &Value) -> String {
    format!("{}-{}.yaml", kind(object).to_lowercase(), name(object))
}

/// The folder with the hooks of an Application that deploys a chart.
pub(crate) fn folder(application: &str) -> String {
    match bead::of_part(application) {
        Some((bead, APPLICATION)) => folder_of_application(bead),
        _ => hooks_of_component(application),
    }
}

/// The folder in which the application of a bead has its manifests; beside a chart, its hooks.
fn folder_of_application(bead: &str) -> String {
    let path = RepoFile::Bead(bead, BeadFile::Manifest(APPLICATION, "")).path();
    path.trim_end_matches('/').to_owned()
}

/// A Job by the keys of the document. It asks for nothing that the level `baseline` of a namespace refuses.
fn plain(hook: &Hook, image: &str) -> Value {
    let mut container = json!({
        "name": CONTAINER,
        "image": image,
        "securityContext": {"allowPrivilegeEscalation": false},
    });
    for (key, words) in [("command", &hook.command), ("args", &hook.args)] {
        if !words.is_empty() {
            container[key] = json!(words);
        }
    }
    if !hook.env.is_empty() {
        container["env"] = hook.env.iter().map(variable).collect();
    }
    let mut pod = Map::new();
    match &hook.service_account {
        Some(account) => pod.insert("serviceAccountName".to_owned(), json!(account)),
        None => pod.insert("automountServiceAccountToken".to_owned(), json!(false)),
    };
    pod.insert("containers".to_owned(), json!([container]));
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {}, "spec": {"template": {"spec": pod}}})
}

fn variable(variable: &HookVariable) -> Value {
    let name = &variable.name;
    match &variable.secret_key_ref {
        Some(secret) => json!({"name": name, "valueFrom": {"secretKeyRef": {"name": secret.name, "key": secret.key}}}),
        None => json!({"name": name, "value": variable.value.as_deref().unwrap_or_default()}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Owner<'_> = Owner { name: "shop", namespace: "store" };

    fn job(hook: Value) -> Value {
        let hook: Hook = serde_json::from_value(hook).expect("a hook");
        OWNER.job(&hook, None).unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    #[test]
    fn a_hook_is_a_job_that_argo_cd_can_run_again() {
        let made = job(
            json!({"name": "migrate", "when": "preSync", "wave": -1, "image": "r.example.org/db:1", "args": ["up"],
            "serviceAccount": "db", "env": [{"name": "A", "value": "1"}, {"name": "B", "secretKeyRef": {"name": "s", "key": "k"}}]}),
        );
        assert_eq!(
            made,
            json!({
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"name": "shop-migrate", "namespace": "store", "annotations": {
                    argo::HOOK: "PreSync", argo::HOOK_DELETION: "BeforeHookCreation,HookSucceeded", argo::SYNC_WAVE: "-1",
                    RENDERED_HOOK: "true"}},
                "spec": {"backoffLimit": 1, "template": {"spec": {"restartPolicy": "Never", "serviceAccountName": "db",
                    "containers": [{"name": "hook", "image": "r.example.org/db:1", "args": ["up"],
                        "securityContext": {"allowPrivilegeEscalation": false},
                        "env": [{"name": "A", "value": "1"},
                            {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]}}},
            })
        );
        let last = job(json!({"name": "b", "when": "postDelete", "image": "a:1"}));
        assert_eq!(
            last["metadata"]["annotations"],
            json!({argo::HOOK: "PostDelete", argo::HOOK_DELETION: "HookSucceeded", RENDERED_HOOK: "true"})
        );
        assert_eq!(last["spec"]["template"]["spec"]["automountServiceAccountToken"], false);
    }

    #[test]
    fn a_manifest_keeps_what_it_says_but_its_name_and_moment() {
        let written = json!({"apiVersion": "batch/v1", "kind": "Job",
            "metadata": {"name": "x", "namespace": "other", "labels": {"a": "b"}, "annotations": {argo::HOOK: "Skip"}},
            "spec": {"backoffLimit": 4, "template": {"spec": {"containers": [{"name": "c", "image": "a:1"}]}}}});
        let made = job(json!({"name": "m", "when": "sync", "job": written}));
        assert_eq!(made["metadata"]["name"], "shop-m");
        assert_eq!((&made["metadata"]["namespace"], &made["metadata"]["labels"]["a"]), (&json!("other"), &json!("b")));
        assert_eq!(made["metadata"]["annotations"][argo::HOOK], "Sync");
        assert_eq!(
            (&made["spec"]["backoffLimit"], &made["spec"]["template"]["spec"]["restartPolicy"]),
            (&json!(4), &json!("Never"))
        );
    }

    #[test]
    fn a_mark_differs_when_anything_does() {
        let mark = |version: &str, from: &str| OWNER.mark(version, &json!({"values": from}))["data"].clone();
        assert_eq!(mark("1", "a"), mark("1", "a"));
        assert_ne!(mark("1", "a")["digest"], mark("1", "b")["digest"]);
        assert_eq!(mark("1", "a")["version"], "1");
    }

    #[test]
    fn hooks_beside_a_chart_have_a_folder() {
        assert_eq!(folder("crossplane"), hooks_of_component("crossplane"));
        assert_eq!(folder("bead-shop-application"), "beads/shop/application");
    }
}
