//! The rules about hooks.

use super::fixture::{BUNDLE, DOCUMENT, bundle, found_in, nothing, only, write};

const JOB: &str =
    "apiVersion: batch/v1\nkind: Job\nspec:\n  template: {spec: {containers: [{name: c, image: 'a:1'}]}}\n";

#[test]
fn a_manifest_in_the_values_of_a_component_that_loses_its_log_is_told() {
    let folder = bundle(BUNDLE);
    let with = |policy: &str| {
        let job = format!(
            "{{apiVersion: batch/v1, kind: Job, metadata: {{name: j, annotations: {{argocd.argoproj.io/hook: PreSync, \
             argocd.argoproj.io/hook-delete-policy: '{policy}'}}}}}}"
        );
        DOCUMENT.replace("chart: {locked: a}", &format!("chart: {{locked: a}}, values: {{extra: [{job}]}}"))
    };
    write(folder.path(), "hub.yaml", &with("HookFailed,BeforeHookCreation"));
    only(&found_in(&folder), 142, "Job j: with `HookFailed` Argo CD deletes a hook that has failed at once");
    write(folder.path(), "hub.yaml", &with("BeforeHookCreation"));
    nothing(&found_in(&folder));
}

#[test]
fn the_manifest_of_a_hook_is_read_beside_the_document() {
    let folder = bundle(BUNDLE);
    let hook = "chart: {locked: a}, hooks: [{name: m, when: preSync, manifest: hooks/m.yaml}]";
    write(folder.path(), "hub.yaml", &DOCUMENT.replace("chart: {locked: a}", hook));
    only(&found_in(&folder), 103, "hooks/m.yaml");
    write(folder.path(), "hooks/m.yaml", JOB);
    nothing(&found_in(&folder));
    write(folder.path(), "hooks/m.yaml", &JOB.replace("spec:\n", "spec:\n  activeDeadlineSeconds: 5\n"));
    only(&found_in(&folder), 104, "Kubernetes deletes the running pod");
    write(
        folder.path(),
        "hub.yaml",
        &DOCUMENT.replace("chart: {locked: a}", "chart: {locked: a}, hooks: [{name: m, when: preSync}]"),
    );
    assert!(found_in(&folder).iter().all(|(code, _)| *code == 104));
}
