//! The hooks of a bead: content like any other, in the folder of its application.

use backstack::files::Tree;
use backstack::render::bead::RenderedBead;
use backstack::report::Failure;
use serde_json::{Value, json};

use super::bead::{object, rendered};

const MIGRATE: &str = "{name: migrate, when: preSync, image: 'r.example.org/db:1', args: [to, '${ parameters.schema }'], \
                       env: [{name: SCHEMA, value: '${ parameters.schema }'}]}";
const FOLDER: &str = "beads/shop/application";

fn document(application: &str, hook: &str, more: &str) -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {{name: shop}}\nspec:\n  version: 0.1.0\n  parameters:\n  \
         - {{name: schema, type: integer, default: 7}}\n  application:\n    namespace: shop\n    {application}\n    hooks: [{hook}]\n{more}"
    )
}

fn files(job: &str) -> Tree {
    let mut files = Tree::default();
    files.insert("app/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").expect("free");
    files.insert("hooks/job.yaml", job).expect("free");
    files
}

fn job(pod: &str) -> String {
    format!("apiVersion: batch/v1\nkind: Job\nmetadata: {{name: x}}\nspec:\n  template:\n    spec: {{{pod}}}\n")
}

fn bead(text: &str, job: &str) -> RenderedBead {
    rendered(text, files(job), &json!({})).unwrap_or_else(|failure| panic!("{}", failure.render()))
}

fn refused(text: &str, job: &str) -> Failure {
    rendered(text, files(job), &json!({})).map(drop).expect_err("refused")
}

fn digest(bead: &RenderedBead) -> Value {
    object(&bead.tree, &format!("{FOLDER}/configmap-shop-hooks.shop.yaml"))["data"]["digest"].clone()
}

#[test]
fn a_hook_is_content_of_the_application_with_the_values_of_parameters() {
    let bead = bead(&document("manifests: app", MIGRATE, ""), "");
    let made = object(&bead.tree, &format!("{FOLDER}/job-shop-migrate.shop.yaml"));
    let container = &made["spec"]["template"]["spec"]["containers"][0];
    assert_eq!((&container["args"], &container["env"][0]["value"]), (&json!(["to", "7"]), &json!("7")));
    assert_eq!(made["metadata"]["annotations"]["argocd.argoproj.io/hook"], "PreSync");
    assert!(bead.images.contains_key("r.example.org/db:1"), "{:?}", bead.images);
    let mark = object(&bead.tree, &format!("{FOLDER}/configmap-shop-hooks.shop.yaml"));
    assert_eq!((&mark["metadata"]["namespace"], &mark["data"]["version"]), (&json!("shop"), &json!("0.1.0")));
    let application = object(&bead.tree, "beads/shop/apps/application.yaml");
    assert_eq!(application["spec"]["source"]["path"], FOLDER);
}

#[test]
fn hooks_beside_a_chart_are_a_source_of_their_own() {
    let bead = bead(&document("chart: {path: charts/shop}", MIGRATE, ""), "");
    let sources = object(&bead.tree, "beads/shop/apps/application.yaml")["spec"]["sources"].clone();
    assert_eq!((&sources[0]["path"], &sources[1]["path"]), (&json!("charts/shop"), &json!(FOLDER)));
    assert_eq!(bead.parts.iter().map(|part| part.name()).collect::<Vec<_>>(), ["application"]);
}

#[test]
fn every_version_has_a_mark_of_its_own() {
    let text = document("manifests: app", MIGRATE, "");
    let before = digest(&bead(&text, ""));
    assert_eq!(before, digest(&bead(&text, "")));
    for other in
        [text.replace("0.1.0", "0.2.0"), text.replace("[to, ", "[up, "), text.replace("default: 7", "default: 8")]
    {
        assert_ne!(before, digest(&bead(&other, "")), "{other}");
    }
    let without = bead(&document("manifests: app", "", ""), "");
    assert!(without.tree.iter().all(|(path, _)| !path.contains("hooks")), "a bead without hooks has no mark");
}

#[test]
fn a_manifest_is_one_job_without_traps_and_keeps_its_places() {
    let hook = "{name: fix, when: postSync, manifest: hooks/job.yaml}";
    let text = document("manifests: app", hook, "");
    let good = job("containers: [{name: c, image: 'r.example.org/fix:2', args: ['${ parameters.schema }']}]");
    let made = object(&bead(&text, &good).tree, &format!("{FOLDER}/job-shop-fix.shop.yaml"));
    assert_eq!(made["spec"]["template"]["spec"]["containers"][0]["args"], json!(["7"]));
    assert_eq!(made["metadata"]["name"], "shop-fix");

    let trapped = good.replace("spec:\n  template", "spec:\n  ttlSecondsAfterFinished: 9\n  template");
    let told = refused(&text, &trapped).diagnostics[0].to_string();
    assert!(told.starts_with("hooks/job.yaml:5:") && told.contains("deletes the Job by itself"), "{told}");
    let two = format!("{good}---\n{good}");
    assert!(refused(&text, &two).message.contains("is not one object"));
    let in_folder = document("manifests: app", "{name: a, when: sync, manifest: ./app/job.yaml}", "");
    assert!(refused(&in_folder, "").diagnostics[0].message.contains("in the folder `app`"));
}

#[test]
fn a_hook_is_bound_like_everything_else_of_the_bead() {
    let hook = "{name: fix, when: sync, manifest: hooks/job.yaml}";
    let text = document("manifests: app", hook, "");
    let host = job("hostNetwork: true, containers: [{name: c, image: 'r.example.org/fix:2'}]");
    let told = refused(&text, &host).diagnostics[0].to_string();
    assert!(told.starts_with("hooks/job.yaml:1:1") && told.contains("beyond the level baseline"), "{told}");
    let elsewhere = job("containers: [{name: c, image: 'r.example.org/fix:2'}]")
        .replace("{name: x}", "{name: x, namespace: kube-system}");
    assert!(refused(&text, &elsewhere).diagnostics[0].message.contains("may not write into the namespace kube-system"));

    let restricted = document("manifests: app", MIGRATE, "  permissions: {podSecurity: restricted}\n");
    bead(&restricted, "");
    let secret = document(
        "manifests: app",
        "{name: a, when: sync, image: 'a:1', env: [{name: PASSWORD, value: hunter2-and-more}]}",
        "",
    );
    let told = refused(&secret, "").diagnostics[0].to_string();
    assert!(told.contains("PASSWORD") || told.contains("env"), "{told}");
    assert!(!told.contains("hunter2"), "{told}");
}

#[test]
fn a_manifest_that_makes_itself_a_hook_is_looked_at() {
    let mut all = files("");
    let own = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: own\n  annotations:\n    argocd.argoproj.io/hook: PreSync\n    \
               argocd.argoproj.io/hook-delete-policy: HookSucceeded\nspec: {template: {spec: {containers: [{name: c, image: 'a:1'}]}}}\n";
    all.insert("app/job.yaml", own).expect("free");
    let bead = rendered(&document("manifests: app", MIGRATE, ""), all, &json!({})).expect("it is right");
    let said: Vec<String> = bead.hook_doubts().iter().map(ToString::to_string).collect();
    assert!(said.len() == 1 && said[0].starts_with("app/job.yaml:6:5:") && said[0].contains("Job own"), "{said:?}");
    assert!(bead.warnings.iter().any(|it| it.to_string() == said[0]));
}

#[test]
fn hooks_come_to_spokes_with_manifests_and_not_with_a_chart() {
    let on_spokes = |application: &str| {
        document(
            "manifests: app",
            "",
            &format!("  spokes:\n    application: {{namespace: edge, {application}, hooks: [{MIGRATE}]}}\n"),
        )
    };
    let tree = bead(&on_spokes("manifests: app"), "").tree;
    assert_eq!(object(&tree, "beads/shop/spokes/rest/job-shop-migrate.edge.yaml")["metadata"]["namespace"], "edge");
    assert!(tree.get("beads/shop/spokes/rest/configmap-shop-hooks.edge.yaml").is_some());
    let told = refused(&on_spokes("chart: {path: charts/shop}"), "").diagnostics[0].to_string();
    assert!(told.contains("hooks beside it would never run"), "{told}");
}
