//! The side of a bead that comes to spokes.

use backstack::files::Tree;
use backstack::render::bead::RenderedBead;
use serde_json::{Value, json};

use super::bead::{object, rendered};

const HEAD: &str = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: web}\nspec:\n  version: 0.1.0\n  \
                    parameters: [{name: level, type: string, default: info}]\n  \
                    application: {namespace: web, manifests: app}\n";
const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
const SET: &str = "beads/web/apps/spokes.yaml";
const PROJECT: &str = "root/projects/spokes-web.yaml";

fn files(spoke: &[(&str, &str)]) -> Tree {
    let mut files = Tree::default();
    files.insert("app/a.yaml", MAP).expect("free");
    for (path, text) in spoke {
        files.insert(format!("spoke/{path}"), *text).expect("free");
    }
    files
}

fn with(spokes: &str, spoke: &[(&str, &str)]) -> RenderedBead {
    rendered(&format!("{HEAD}  spokes:\n{spokes}"), files(spoke), &json!({}))
        .unwrap_or_else(|failure| panic!("{}", failure.render()))
}

fn refused(spokes: &str, spoke: &[(&str, &str)]) -> String {
    rendered(&format!("{HEAD}  spokes:\n{spokes}"), files(spoke), &json!({})).expect_err("refused").render()
}

fn paths(bead: &RenderedBead) -> Vec<&str> {
    bead.tree.iter().map(|(path, _)| path).filter(|path| path.contains("spokes")).collect()
}

const PLAIN: &str = "    application: {namespace: web, manifests: spoke}\n";
const DEPLOYMENT: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {level: \"${ parameters.level }\"}}\n\
                          spec: {template: {spec: {containers: [{name: web, image: \"registry.example.org/web:v1\"}]}}}\n";

#[test]
fn one_set_makes_an_application_for_every_ready_spoke_and_deletes_none() {
    let bead = with(&format!("    labels: {{env: prod}}\n{PLAIN}"), &[("web.yaml", DEPLOYMENT)]);
    assert_eq!(paths(&bead), [SET, "beads/web/spokes/rest/deployment-web.yaml", PROJECT]);
    let set = object(&bead.tree, SET);
    assert_eq!((&set["kind"], &set["metadata"]["name"]), (&json!("ApplicationSet"), &json!("spokes-web")));
    assert_eq!(set["metadata"]["annotations"]["argocd.argoproj.io/sync-options"], "Prune=confirm,Delete=confirm");
    let selector = &set["spec"]["generators"][0]["clusters"]["selector"];
    assert_eq!(selector["matchLabels"], json!({"env": "prod"}));
    let ready = json!([{"key": "backstack.dev/spoke-state", "operator": "In", "values": ["ready"]}]);
    assert_eq!(selector["matchExpressions"], ready);
    let policy = json!({"applicationsSync": "create-update", "preserveResourcesOnDeletion": true});
    assert_eq!(set["spec"]["syncPolicy"], policy);
    assert_eq!(set["spec"]["goTemplateOptions"], json!(["missingkey=error"]));
    let made = &set["spec"]["template"];
    assert_eq!(made["metadata"]["name"], "spoke-{{ index .metadata.labels \"backstack.dev/spoke\" }}.web");
    assert_eq!(made["metadata"]["labels"]["backstack.dev/bead"], "web");
    assert_eq!(made["metadata"]["finalizers"], Value::Null, "one that goes leaves what it brought");
    assert_eq!(made["spec"]["project"], "spokes-web");
    assert_eq!(made["spec"]["destination"], json!({"name": "{{ .name }}", "namespace": "web"}));
    assert_eq!(made["spec"]["source"]["path"], "beads/web/spokes/rest");
    let labels = &made["spec"]["syncPolicy"]["managedNamespaceMetadata"]["labels"];
    assert_eq!(*labels, json!({"pod-security.kubernetes.io/enforce": "baseline"}));
    assert!(
        made["spec"]["syncPolicy"]["syncOptions"]
            .as_array()
            .is_some_and(|it| it.contains(&json!("CreateNamespace=true")))
    );
}

#[test]
fn its_content_is_filled_relocated_and_bounded_like_that_of_the_hub() {
    let bead = with(PLAIN, &[("web.yaml", DEPLOYMENT)]);
    let deployment = object(&bead.tree, "beads/web/spokes/rest/deployment-web.yaml");
    assert_eq!(deployment["metadata"]["labels"]["level"], "info");
    assert!(bead.images.contains_key("registry.example.org/web:v1"), "{:?}", bead.images);
    let project = object(&bead.tree, PROJECT);
    let every = json!([{"server": "!https://kubernetes.default.svc", "namespace": "web"}]);
    assert_eq!(project["spec"]["destinations"], every);
    let own = json!([{"group": "", "kind": "Namespace", "name": "web"}]);
    assert_eq!(project["spec"]["clusterResourceWhitelist"], own);
    assert_eq!(project["spec"]["sourceRepos"], json!(["https://git.example.org/hub.git"]));
    let lock = bead.tree.text("beads/web/lock.yaml").expect("a lock");
    assert!(
        [SET, PROJECT, "beads/web/spokes/rest/deployment-web.yaml"].iter().all(|path| lock.contains(path)),
        "{lock}"
    );
    assert!(bead.privileges.is_empty(), "{:?}", bead.privileges);
}

#[test]
fn every_wave_has_its_own_copy_and_a_spoke_finds_its_own() {
    let bead = with(&format!("{PLAIN}    waves: {{label: ring, order: [canary, early]}}\n"), &[("a.yaml", MAP)]);
    let wave = |wave: &str| format!("beads/web/spokes/{wave}/configmap-a.yaml");
    assert_eq!(paths(&bead), [SET, &wave("canary"), &wave("early"), &wave("rest"), PROJECT]);
    assert_eq!(
        object(&bead.tree, SET)["spec"]["template"]["spec"]["source"]["path"],
        "beads/web/spokes/{{ $wave := index .metadata.labels \"ring\" }}\
         {{ if has $wave (list \"canary\" \"early\") }}{{ $wave }}{{ else }}rest{{ end }}"
    );
}

#[test]
fn a_chart_comes_with_values_of_its_own() {
    let bead = with(
        "    application:\n      namespace: web\n      chart: {repository: \"https://charts.example.org/{{x}}\", name: h, version: 1.2.3}\n      \
         values: {level: \"${ parameters.level }\", template: \"{{ .Values.x }}\"}\n",
        &[],
    );
    assert_eq!(paths(&bead), [SET, "beads/web/spokes/values.yaml", PROJECT]);
    let values = object(&bead.tree, "beads/web/spokes/values.yaml");
    assert_eq!(values, json!({"level": "info", "template": "{{ .Values.x }}"}), "a file is no template");
    let sources = &object(&bead.tree, SET)["spec"]["template"]["spec"]["sources"];
    assert_eq!(
        sources[0]["helm"],
        json!({"releaseName": "web", "valueFiles": ["$values/beads/web/spokes/values.yaml"]})
    );
    assert_eq!(sources[0]["repoURL"], "https://charts.example.org/{{ \"{{\" }}x}}");
    let allowed = object(&bead.tree, PROJECT)["spec"]["sourceRepos"].clone();
    assert_eq!(allowed, json!(["https://charts.example.org/{{x}}", "https://git.example.org/hub.git"]));
    assert!(bead.privileges.iter().any(|it| it.starts_with("on spokes: chart h: what it brings was not looked at")));
    assert_eq!(bead.unseen.values().collect::<Vec<_>>(), ["h"]);
}

#[test]
fn what_its_permissions_do_not_allow_is_refused() {
    let object = |kind: &str, version: &str, metadata: &str| {
        format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{{metadata}}}\n")
    };
    for (text, words) in [
        (object("ConfigMap", "v1", "name: a, namespace: other"), "on spokes: ConfigMap a: the bead may not write into"),
        (object("ConfigMap", "v1", "name: a, namespace: other"), "`spokes.permissions.namespaces` of bead.yaml"),
        (object("ClusterRole", "rbac.authorization.k8s.io/v1", "name: a"), "`spokes.permissions.clusterResources`"),
        (object("Namespace", "v1", "name: web"), "the renderer writes the namespace of the bead"),
        (object("Application", "argoproj.io/v1alpha1", "name: a"), "Argo CD's own kinds"),
        (format!("{MAP}data: {{password: hunter2hunter2}}\n"), "password"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {hostNetwork: true, containers: [{name: a, image: b}]}\n".to_owned(),
            "on spokes: ",
        ),
    ] {
        let said = refused(PLAIN, &[("x.yaml", &text)]);
        assert!(said.contains(words) && said.contains("spoke/x.yaml:"), "{words} in {said}");
    }
    let permitted = format!("{PLAIN}    permissions: {{clusterResources: [{{group: \"\", kind: Namespace}}]}}\n");
    let said = refused(&permitted, &[("x.yaml", &object("Namespace", "v1", "name: backstack-spoke"))]);
    assert!(said.contains("the namespace is not for beads"), "{said}");
    let said = refused("    application: {namespace: default, manifests: spoke}\n", &[("a.yaml", MAP)]);
    assert!(said.contains("spec.spokes") && said.contains("everybody's"), "{said}");
}

#[test]
fn what_it_can_do_there_is_told_apart() {
    let spokes = format!(
        "{PLAIN}    permissions: {{namespaces: [other], podSecurity: privileged, clusterResources: [{{group: \"\", kind: Namespace, name: z}}]}}\n"
    );
    let bead = with(&spokes, &[("a.yaml", MAP), ("z.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: z}\n")]);
    assert!(bead.privileges.iter().all(|it| it.starts_with("on spokes: ")), "{:?}", bead.privileges);
    for words in ["on spokes: podSecurity privileged", "on spokes: namespace other"] {
        assert!(bead.privileges.iter().any(|it| it.starts_with(words)), "{words} in {:?}", bead.privileges);
    }
    let other = object(&bead.tree, "beads/web/spokes/rest/namespace-z.yaml");
    assert_eq!(other["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "privileged");
    assert_eq!(other["metadata"]["annotations"]["argocd.argoproj.io/sync-options"], "Prune=false,Delete=false");
    let never = object(&bead.tree, PROJECT)["spec"]["clusterResourceBlacklist"].clone();
    assert_eq!(never, Value::Null, "nothing of it is within reach");
}

#[test]
fn what_stays_on_the_hub_is_what_it_was() {
    let without = rendered(HEAD, files(&[]), &json!({})).expect("rendered");
    let with = with(PLAIN, &[("a.yaml", MAP)]);
    for (path, bytes) in
        without.tree.iter().filter(|(path, _)| !path.ends_with("lock.yaml") && !path.ends_with("bead.yaml"))
    {
        let changes = path == "root/beads/web.yaml"; // its list of parts
        assert!(changes || with.tree.get(path) == Some(bytes), "{path}");
    }
    assert!(!object(&with.tree, "root/beads/web.yaml")["spec"].as_object().expect("a spec").contains_key("spokes"));
}
