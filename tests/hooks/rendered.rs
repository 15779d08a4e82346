//! Hooks as they are rendered: of a component, beside its chart, and of a bead, in its folder.

use std::cell::RefCell;

use backstack::files::Tree;
use backstack::publish::{Leaving, Renewal, publish};
use backstack::render::hub::{HubInput, render};
use backstack::report::Failure;
use backstack::yaml;
use serde_json::{Value, json};

use crate::hub_repository::fixture::input;
use crate::hub_repository::publish::{Server, soon};

const JOB: &str = "{apiVersion: batch/v1, kind: Job, spec: {template: {spec: {containers: [{name: c, image: 'r.example.org/fix:2'}]}}}}";

/// A hub with this component, which has two hooks.
fn with_hooks(component: &str) -> HubInput {
    let hooks = format!(
        "hooks: [{{name: migrate, when: preSync, image: 'r.example.org/db:1', args: [up]}}, {{name: fix, when: postSync, wave: 2, job: {JOB}}}]"
    );
    input("version: 3.6.1", &format!("\n  - {{{component}, {hooks}}}\n"))
}

fn tree(input: &HubInput) -> Tree {
    render(input).unwrap_or_else(|failure| panic!("{}", failure.render())).tree
}

fn object(tree: &Tree, path: &str) -> Value {
    let text = tree.text(path).unwrap_or_else(|failure| panic!("{}", failure.render()));
    yaml::manifests(path, text).expect("valid YAML").remove(0)
}

#[test]
fn a_component_reads_its_hooks_beside_its_chart() {
    let ours =
        |path: &str| json!({"repoURL": "https://git.example.org/hub.git", "targetRevision": "main", "path": path});
    let hooks = ours("components/a/hooks");

    let locked = tree(&with_hooks("name: a, namespace: n, chart: {locked: thing}"));
    let mut chart = ours("components/a/chart");
    chart["helm"] = json!({"releaseName": "a", "valueFiles": ["/components/a/values.yaml"]});
    let application = object(&locked, "root/apps/a.yaml");
    assert_eq!((&application["spec"]["sources"], application["spec"].get("source")), (&json!([chart, hooks]), None));

    let fetched = tree(&with_hooks(
        "name: a, namespace: n, chart: {repository: 'https://charts.example.org', name: h, version: 1.2.3}",
    ));
    let sources = &object(&fetched, "root/apps/a.yaml")["spec"]["sources"];
    assert_eq!((&sources[0]["chart"], &sources[1]["ref"], &sources[2]), (&json!("h"), &json!("values"), &hooks));
    assert_eq!(object(&fetched, "components/a/hooks/configmap-a-hooks.yaml")["data"]["version"], "1.2.3");

    let job = object(&locked, "components/a/hooks/job-a-fix.yaml");
    assert_eq!(job["metadata"]["namespace"], "n");
    assert_eq!(job["metadata"]["annotations"]["argocd.argoproj.io/hook"], "PostSync");
    assert_eq!(job["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"], "2");
    assert_eq!(object(&locked, "components/a/hooks/configmap-a-hooks.yaml")["data"]["version"], "1.0.0");
}

#[test]
fn the_mark_of_hooks_changes_with_all_that_they_run_for() {
    let digest =
        |input: &HubInput| object(&tree(input), "components/a/hooks/configmap-a-hooks.yaml")["data"]["digest"].clone();
    let component = "name: a, namespace: n, chart: {repository: 'https://charts.example.org', name: h, version: 1.2.3}";
    let before = digest(&with_hooks(component));
    assert_eq!(before, digest(&with_hooks(component)));
    assert_ne!(before, digest(&with_hooks(&component.replace("1.2.3", "1.2.4"))));
    assert_ne!(before, digest(&with_hooks(&format!("{component}, values: {{a: b}}"))));
    let mut other = with_hooks(component);
    other.hub.spec.components[0].hooks[0].args = vec!["down".to_owned()];
    assert_ne!(before, digest(&other), "a hook that changes runs, too");
}

#[test]
fn the_images_of_hooks_are_those_of_the_hub() {
    let input = with_hooks("name: a, namespace: n, chart: {locked: thing}");
    let images = backstack::render::named_by(&input.hub).expect("they are known");
    assert_eq!(images, ["r.example.org/db:1", "r.example.org/fix:2"]);
    assert_eq!(render(&input).expect("a hub").lock.images.into_keys().collect::<Vec<_>>(), images);
}

/// What leaves with this tree after the other one was published.
async fn leaving(before: &Tree, after: &Tree) -> Leaving {
    let server = Server::new();
    server.publish(before).await.expect("published");
    let seen = RefCell::new(Leaving::default());
    let admit = async |leaving: &Leaving| {
        seen.replace(leaving.clone());
        Err(Failure::refused("only looked"))
    };
    publish(&server.access(), after, Renewal::Keep, "Render the hub", soon(), admit).await.expect_err("only looked");
    seen.into_inner()
}

#[tokio::test]
async fn hooks_that_come_and_go_leave_the_chart_as_it_is() {
    let component = "name: a, namespace: n, chart: {locked: thing}";
    let with = tree(&with_hooks(component));
    let without = tree(&input("version: 3.6.1", &format!("\n  - {{{component}}}\n")));
    assert_eq!(leaving(&without, &with).await.sources, [], "the chart brings what it brought");
    let gone = leaving(&with, &without).await;
    assert_eq!(gone.sources, []);
    let names: Vec<&str> = gone.objects.iter().map(|it| it.object.name.as_str()).collect();
    assert_eq!(names, ["a-hooks", "a-fix", "a-migrate"], "{gone:?}");
}

#[tokio::test]
async fn a_component_does_not_go_along_with_the_hooks_of_its_removal() {
    let component = |hook: &str| {
        let hook = format!("hooks: [{{name: last, when: {hook}, image: 'r.example.org/a:1'}}]");
        let component = format!("name: a, namespace: n, chart: {{locked: thing}}, {hook}");
        tree(&input("version: 3.6.1", &format!("\n  - {{{component}}}\n")))
    };
    let none = tree(&input("version: 3.6.1", "[]"));
    assert_eq!(leaving(&component("preDelete"), &none).await.bereft.into_iter().collect::<Vec<_>>(), ["a"]);
    assert!(leaving(&component("postSync"), &none).await.bereft.is_empty());
}
