//! What the hooks of a component or bead must be beyond their shape.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::bead::Bead;
use super::hook_traps::job_traps;
use super::hooks::{Hook, HookVariable};
use crate::schema::{Mistakes, Path};

/// The name of a Job becomes a label of its pods.
const LONGEST_JOB: usize = 63;
/// Where the value of a secret belongs.
const IN_A_SECRET: &str = "give exactly one of: value, secretKeyRef";

/// Says what is wrong with the hooks of a component or bead of this name, which are at `at`.
pub(super) fn hook_rules(hooks: &[Hook], owner: &str, at: &Path, found: &mut Mistakes) {
    let mut names = BTreeSet::new();
    for (index, hook) in hooks.iter().enumerate() {
        let at = at.index(index);
        let job = hook.job_name(owner);
        if !names.insert(&hook.name) {
            found.say(at.key("name"), format!("there are two hooks `{}`", hook.name), None);
        }
        if job.len() > LONGEST_JOB {
            let message = format!("`{job}`, the name of its Job, is longer than Kubernetes allows ({LONGEST_JOB})");
            found.say(at.key("name"), message, Some("take a shorter name"));
        }
        if hook.when.is_of_removal() && hook.wave != 0 {
            let message = "the hooks of a removal run all at once, so a wave means nothing to them";
            found.say(at.key("wave"), message, Some("leave it out"));
        }
        what_runs(hook, &at, found);
        variables(&hook.env, &at.key("env"), found);
    }
}

/// The same of all hooks of a bead, whose manifests are besides apart from those that Argo CD deploys as they are.
pub(super) fn bead_hook_rules(bead: &Bead, found: &mut Mistakes) {
    for (at, application) in bead.applications() {
        let at = Path::new(at).key("hooks");
        hook_rules(&application.hooks, &bead.metadata.name, &at, found);
        for (index, file) in
            application.hooks.iter().enumerate().filter_map(|(at, it)| Some((at, it.manifest.as_ref()?)))
        {
            let is_in = |folder: &&str| is_below(folder, file);
            if let Some(folder) = bead.folders().into_iter().find(is_in) {
                let message = format!("`{file}` is in the folder `{folder}`, of which everything is deployed as it is");
                found.say(
                    at.index(index).key("manifest"),
                    message,
                    Some("keep the manifests of hooks in a folder of their own"),
                );
            }
        }
    }
    let on_spokes = bead.spec.spokes.iter().map(|it| &it.application);
    if on_spokes.filter(|it| it.chart.is_some()).any(|it| !it.hooks.is_empty()) {
        let message = "a chart on spokes is all that its Applications deploy, so hooks beside it would never run";
        found.say(Path::new("spec.spokes.application.hooks"), message, Some("put them into the chart"));
    }
}

fn is_below(folder: &str, file: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_end_matches('/').to_owned();
    plain(file).strip_prefix(&plain(folder)).is_some_and(|rest| rest.starts_with('/'))
}

fn what_runs(hook: &Hook, at: &Path, found: &mut Mistakes) {
    let ways = [("image", hook.image.is_some()), ("manifest", hook.manifest.is_some()), ("job", hook.job.is_some())];
    let given: Vec<&str> = ways.iter().filter(|(_, is_given)| *is_given).map(|(key, _)| *key).collect();
    match given.as_slice() {
        ["image"] => {}
        [way] => {
            for (key, is_given) in [
                ("command", !hook.command.is_empty()),
                ("args", !hook.args.is_empty()),
                ("env", !hook.env.is_empty()),
                ("serviceAccount", hook.service_account.is_some()),
            ] {
                if is_given {
                    let message = format!("`{key}` means nothing beside `{way}`");
                    found.say(at.key(key), message, Some("say it in the manifest of the Job"));
                }
            }
        }
        [] => found.say(at.clone(), "the hook has nothing to run", Some("give one of: image, manifest, job")),
        several => {
            let message = format!("the hook has {} things to run: {}", several.len(), several.join(", "));
            found.say(at.clone(), message, Some("give exactly one"));
        }
    }
    if let Some(job) = &hook.job {
        for (field, message, hint) in job_mistakes(job) {
            found.say(at.key("job").below(field), message, Some(hint));
        }
    }
}

/// What is wrong with the manifest of a Job that is to become a hook: field, message and remedy.
#[must_use]
pub fn job_mistakes(job: &Map<String, Value>) -> Vec<(&'static str, String, &'static str)> {
    let text = |key: &str| job.get(key).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if (version, kind) != ("batch/v1", "Job") {
        let message = format!("a hook is a Job of batch/v1, and this is `{version} {kind}`");
        return vec![(
            "kind",
            message,
            "put what is no Job into the chart or the manifests, with annotations of its own",
        )];
    }
    let job = Value::Object(job.clone());
    if job.pointer("/spec/template/spec/containers").and_then(Value::as_array).is_none_or(Vec::is_empty) {
        return vec![("spec", "the Job has no container".to_owned(), "write `spec.template.spec.containers`")];
    }
    job_traps(&job).into_iter().map(|trap| (trap.field, trap.says, trap.hint)).collect()
}

fn variables(env: &[HookVariable], at: &Path, found: &mut Mistakes) {
    let mut names = BTreeSet::new();
    for (index, variable) in env.iter().enumerate() {
        let at = at.index(index);
        if !names.insert(&variable.name) {
            found.say(at.key("name"), format!("there are two variables `{}`", variable.name), None);
        }
        if variable.value.is_some() == variable.secret_key_ref.is_some() {
            let message = format!("the variable `{}` has no value, or two", variable.name);
            found.say(at, message, Some(IN_A_SECRET));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(hooks: &Value) -> Vec<String> {
        let hooks: Vec<Hook> = serde_json::from_value(hooks.clone()).expect("hooks");
        let mut found = Mistakes::default();
        hook_rules(&hooks, "shop", &Path::new("hooks"), &mut found);
        found.messages().into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_hook_is_one_thing_that_runs() {
        let job =
            json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"spec": {"containers": [{}]}}}});
        let with = |field: &str, value: Value| {
            let mut job = job.clone();
            job["spec"][field] = value;
            job
        };
        for (hook, words) in [
            (json!({"image": "a:1", "env": [{"name": "A", "value": "1"}]}), ""),
            (json!({"manifest": "hooks/a.yaml"}), ""),
            (json!({"job": job}), ""),
            (json!({}), "nothing to run"),
            (json!({"image": "a:1", "job": job}), "2 things to run: image, job"),
            (json!({"manifest": "a.yaml", "args": ["x"]}), "`args` means nothing beside `manifest`"),
            (json!({"image": "a:1", "env": [{"name": "A"}]}), "no value, or two"),
            (json!({"image": "a:1", "env": [{"name": "A", "value": ""}, {"name": "A", "value": ""}]}), "two variables"),
            (json!({"job": {"apiVersion": "v1", "kind": "Pod"}}), "`v1 Pod`"),
            (json!({"job": {"apiVersion": "batch/v1", "kind": "Job"}}), "no container"),
            (json!({"job": with("ttlSecondsAfterFinished", json!(3))}), "deletes the Job by itself"),
            (json!({"job": with("activeDeadlineSeconds", json!(3))}), "deletes the running pod"),
        ] {
            let mut hook = hook;
            hook["name"] = "migrate".into();
            hook["when"] = "preSync".into();
            let all = said(&json!([hook]));
            match words {
                "" => assert_eq!(all, [""; 0], "{hook}"),
                words => assert!(all.len() == 1 && all[0].contains(words), "{words} in {all:?}"),
            }
        }
    }

    #[test]
    fn names_and_waves_are_those_of_jobs() {
        let hook =
            |name: &str, when: &str, wave: i32| json!({"name": name, "when": when, "wave": wave, "image": "a:1"});
        assert!(said(&json!([hook("a", "sync", 1), hook("a", "preSync", 0)]))[0].contains("two hooks `a`"));
        assert!(said(&json!([hook(&"a".repeat(59), "sync", 1)]))[0].contains("longer than Kubernetes allows"));
        assert!(said(&json!([hook("a", "postDelete", 1)]))[0].contains("all at once"));
    }
}
