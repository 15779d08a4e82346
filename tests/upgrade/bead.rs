//! Another version of a bead, whose definition and workload are not what they were.

use serde_json::{Value, json};

use crate::bead::fixture::Bead;
use crate::hub::fixture::{Hub, Run, started};
use crate::hub::installed::Kind;

const CRD: &str = "widgets.press.example.org";

/// A version of the definition as it is in a file: its name, and whether it is stored.
fn version(name: &str, is_stored: bool, fields: &[&str]) -> Value {
    let fields: serde_json::Map<String, Value> =
        fields.iter().map(|it| ((*it).to_owned(), json!({"type": "string"}))).collect();
    json!({"name": name, "served": true, "storage": is_stored, "schema": {"openAPIV3Schema": {
        "type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}}})
}

/// The manifests of the bead: the definition in these versions, an object with every field of the last one, and a workload without
/// pods that selects by this label.
fn manifests(versions: &[Value], label: &str) -> String {
    let crd = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": CRD},
        "spec": {"group": "press.example.org", "scope": "Namespaced", "versions": versions,
            "names": {"kind": "Widget", "listKind": "WidgetList", "plural": "widgets", "singular": "widget"}}});
    let fields = &versions[versions.len() - 1]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"];
    let spec: serde_json::Map<String, Value> =
        fields.as_object().expect("fields").keys().map(|it| (it.clone(), json!("of git"))).collect();
    let widget = json!({"apiVersion": "press.example.org/v1", "kind": "Widget",
        "metadata": {"name": "ours", "namespace": "press"}, "spec": spec});
    let labels = json!({"app": label});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "press", "namespace": "press"},
        "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "press", "image": "registry.k8s.io/pause:3.10"}]}}}});
    format!("{crd}\n---\n{widget}\n---\n{deployment}\n")
}

fn document(version: &str) -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: press}}
spec:
  version: {version}
  application: {{namespace: press, manifests: app}}
  permissions:
    clusterResources:
    - {{group: apiextensions.k8s.io, kind: CustomResourceDefinition, name: {CRD}}}
"
    )
}

struct Press<'h> {
    hub: &'h Hub,
    bead: Bead<'h>,
}

impl<'h> Press<'h> {
    fn on(hub: &'h Hub) -> Self {
        Self { hub, bead: Bead::new(hub, "press").with("acceptPrivileges: true") }
    }

    fn becomes(&self, version: &str, versions: &[Value], label: &str) {
        self.bead.edit("bead.yaml", |_| document(version));
        self.bead.edit("app/deployment.yaml", |_| manifests(versions, label));
    }

    fn widget(&self, version: &str, name: &str, spec: &Value) {
        let object = json!({"apiVersion": format!("press.example.org/{version}"), "kind": "Widget",
            "metadata": {"name": name, "namespace": "press"}, "spec": spec});
        self.hub.apply(&object.to_string());
    }

    fn stored(&self) -> Value {
        self.hub.object("crd", CRD).expect("the definition")["status"]["storedVersions"].clone()
    }

    /// An action with more in its step.
    fn run_with(&self, action: &str, setting: &str) -> Run {
        let step = self.bead.step(action).replace("file: bead.yaml", &format!("file: bead.yaml\n        {setting}"));
        Run::of(started(self.hub.command(&self.bead.bundle(), action), &step))
    }

    fn findings(&self) -> Vec<(String, String, String)> {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let all = self.bead.output("bead-diff")["upgrade"]["findings"].clone();
        let finding = |it: &Value| (text(&it["weight"]), text(&it["code"]), text(&it["object"]));
        all.as_array().expect("a list").iter().map(finding).collect()
    }
}

/// The API server would refuse the definition and the workload, and Argo CD would hold the whole Application for Unknown; a field
/// would be lost without a word. All of it is told at once, by name, and nothing is committed. `diff` tells the same as a table, as
/// JSON and as markdown. With what is in the way gone, and what is stored rewritten, the version comes.
#[test]
#[ignore = "needs the testbed"]
fn what_a_new_version_would_break_is_named_before_the_commit_and_what_is_stored_is_rewritten() {
    let hub = Hub::installed(Kind::Plain);
    let press = Press::on(&hub);
    let fields = ["size", "color"];
    let (old, new) = (version("v1alpha1", true, &fields), version("v1", false, &fields));
    press.becomes("0.1.0", &[old, new], "press");
    press.bead.run("install").expect(0);
    press.widget("v1", "kept", &json!({"size": "a4"}));
    press.widget("v1alpha1", "old", &json!({"size": "a5", "color": "red"}));

    // What nobody stores any more, stored from now on in another version.
    let fields_left = ["size"];
    press.becomes("0.2.0", &[version("v1", true, &fields_left)], "other");
    let commits = hub.commits();
    let refused = press.bead.run("upgrade").expect(3);
    refused
        .says("the upgrade would not go well; nothing was written")
        .says(&format!(
            "CustomResourceDefinition {CRD}: objects may be stored in v1alpha1, which the new definition lacks"
        ))
        .says("Widget press/old: the new definition (widgets.press.example.org) lacks spec.color")
        .says("Deployment press/press: the API server does not take it")
        .says("field is immutable");
    press
        .bead
        .run("diff")
        .expect(0)
        .says("stops")
        .says("field is immutable")
        .says("fields of Widget press/old (written by kubectl) are owned in version v1alpha1");
    let stops = |code: &str, object: &str| ("stops".to_owned(), code.to_owned(), object.to_owned());
    let definition = format!("CustomResourceDefinition {CRD}");
    for expected in [
        stops("stored-version-doomed", &definition),
        ("warns".to_owned(), "served-version-owned".to_owned(), definition.clone()),
        stops("fields-pruned", "Widget press/old"),
        ("warns".to_owned(), "fields-pruned".to_owned(), "Widget press/ours".to_owned()),
        stops("refused-by-server", "Deployment press/press"),
    ] {
        assert!(press.findings().contains(&expected), "{expected:?} in {:#?}", press.findings());
    }
    let markdown = press.run_with("diff", "format: markdown").expect(0).stdout;
    assert!(markdown.starts_with("## Difference on branch main\n\n| | add |"), "{markdown}");
    assert!(markdown.contains("#### Stops the upgrade\n\n- **Widget press/old**: the new definition"), "{markdown}");
    assert_eq!(hub.commits(), commits, "nothing was committed");
    assert_eq!(press.stored(), json!(["v1alpha1"]));

    // By way of a version that has both.
    let both = [version("v1alpha1", false, &fields), version("v1", true, &fields)];
    press.becomes("0.2.0", &both, "press");
    press
        .bead
        .run("upgrade")
        .expect(0)
        .says("no way back")
        .says("objects are stored as v1 from now on, no longer as v1alpha1");
    assert_eq!(press.stored(), json!(["v1alpha1", "v1"]));
    hub.kubectl(&["delete", CRD, "old", "-n", "press"]);
    press.becomes("0.3.0", &[version("v1", true, &fields)], "press");
    let commits = hub.commits();
    press.bead.run("upgrade").expect(3).says("hint: set `migrate: true` in the step");
    assert_eq!(hub.commits(), commits, "nothing was committed");
    press.run_with("upgrade", "migrate: true").expect(0);
    assert_eq!(press.stored(), json!(["v1"]));
    let kept: Value =
        serde_json::from_str(&hub.kubectl(&["get", CRD, "kept", "-n", "press", "-o", "json"])).expect("JSON");
    assert_eq!(kept["spec"], json!({"size": "a4"}));
}
