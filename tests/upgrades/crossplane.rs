//! From the last Crossplane before its second version to the one of today, by the steps that upstream allows. Each runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::pins::{CROSSPLANE_1_20, CROSSPLANE_2_0, Pin};
use crate::hub::fixture::{Hub, Run, TESTBED, copy_bundle, eventually, started};

const TODAY: &str = "2.1.0";

/// An API whose objects become a `PriorityClass` each. A composite of Crossplane 1 composes nothing that has a namespace: it remembers
/// the names of what it has composed without one (1.20.0: "an empty namespace may not be set when a resource name is provided").
const DEFINITION: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: CompositeResourceDefinition
metadata: {name: xnotes.shop.example.org}
spec:
  group: shop.example.org
  names: {kind: XNote, plural: xnotes}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {text: {type: string}}}
";
/// Native patch and transform, as Crossplane 2 does not know it any more.
pub const COMPOSITION: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: native-notes}
spec:
  compositeTypeRef: {apiVersion: shop.example.org/v1, kind: XNote}
  mode: Resources
  resources:
  - name: text
    base: {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, value: 7}
    patches: [{type: FromCompositeFieldPath, fromFieldPath: spec.text, toFieldPath: description}]
    readinessChecks: [{type: None}]
";
/// Lets Crossplane compose these objects.
const COMPOSES: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: composes, labels: {rbac.crossplane.io/aggregate-to-crossplane: 'true'}}
rules: [{apiGroups: [scheduling.k8s.io], resources: [priorityclasses], verbs: ['*']}]
";
/// The definition of the revisions of Compositions.
pub const REVISIONS: &str = "compositionrevisions.apiextensions.crossplane.io";

fn note(text: &str) -> String {
    format!("apiVersion: shop.example.org/v1\nkind: XNote\nmetadata: {{name: one}}\nspec: {{text: {text}}}\n")
}

/// What was composed for the note: its UID and its text.
fn composed(hub: &Hub) -> Option<(String, String)> {
    let label = "crossplane.io/composite=one";
    let list = hub.kubectl(&["get", "priorityclasses", "-l", label, "-o", "json"]);
    let list: Value = serde_json::from_str(&list).expect("kubectl prints JSON");
    let items = list["items"].as_array().expect("a list");
    assert!(items.len() < 2, "{items:#?}");
    let text = |it: &Value, pointer: &str| it.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    items.first().map(|it| (text(it, "/metadata/uid"), text(it, "/description")))
}

/// Brings a bundle of another version, and what the run says to it. `migrate` is what the step says of it.
fn bring(hub: &Hub, pin: Option<&Pin>, migrate: bool) -> Run {
    copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &hub.bundle());
    if let Some(pin) = pin {
        pin.put_into(&hub.bundle(), "hub.yaml", TODAY);
    }
    let step = hub.step("upgrade");
    let step = if migrate { step.replace("file: hub.yaml", "file: hub.yaml\n        migrate: true") } else { step };
    Run::of(started(hub.command(&hub.bundle(), "upgrade"), &step))
}

/// What runs as Crossplane.
#[track_caller]
fn runs(hub: &Hub, version: &str) {
    let image = format!(":v{version}");
    eventually("Crossplane runs", || {
        let path =
            "jsonpath={.items[*].spec.containers[0].image} {.items[*].status.conditions[?(@.type=='Ready')].status}";
        let pods = hub.kubectl(&["get", "pods", "-n", "crossplane-system", "-l", "app=crossplane", "-o", path]);
        pods.contains(&image) && pods.ends_with(" True")
    });
}

/// What upstream's own program of the last version that knows it makes of the Composition.
fn converted(folder: &Path) -> String {
    let (native, pipeline) = (folder.join("native.yaml"), folder.join("pipeline.yaml"));
    fs::write(&native, COMPOSITION).expect("written");
    let crank = TESTBED.older_bin().expect("a cache").join("crank-1.20");
    let args = ["beta", "convert", "pipeline-composition"];
    let output = Command::new(crank).args(args).arg(&native).arg("-o").arg(&pipeline).output().expect("crank starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::read_to_string(pipeline).expect("a Composition")
}

/// A native Composition stops the step to Crossplane 2 with its name, a minor that is left out stops any, and what was stored by a
/// Crossplane of long ago is to be migrated. With all of it done each step passes; what was composed is the same object
/// afterwards, and follows its note.
#[test]
#[ignore = "needs older versions"]
fn crossplane_goes_to_its_second_version_by_the_steps_that_upstream_allows() {
    let hub = Hub::with_crossplane();
    CROSSPLANE_1_20.put_into(&hub.bundle(), "hub.yaml", TODAY);
    hub.run("install").expect(0);
    runs(&hub, CROSSPLANE_1_20.version);
    hub.apply(COMPOSES);
    eventually("Crossplane takes the definition", || hub.refusal(DEFINITION).is_empty());
    hub.apply(DEFINITION);
    hub.apply(COMPOSITION);
    eventually("the note has a kind", || hub.refusal(&note("hello")).is_empty());
    hub.apply(&note("hello"));
    eventually("the note is composed", || composed(&hub).is_some_and(|(_, text)| text == "hello"));
    let (uid, _) = composed(&hub).expect("it is there");
    let commits = hub.commits();

    let run = bring(&hub, None, false).expect(3).says("one minor at a time");
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    bring(&hub, Some(&CROSSPLANE_2_0), false).expect(3).says("native-notes").says("XNote one");
    assert_eq!(hub.commits(), commits);
    runs(&hub, CROSSPLANE_1_20.version);

    let package = TESTBED.patch_and_transform().expect("pushed");
    hub.apply(&format!(
        "{{apiVersion: pkg.crossplane.io/v1, kind: Function, metadata: {{name: function-patch-and-transform}}, spec: {{package: \
         '{package}'}}}}"
    ));
    let function = "function.pkg.crossplane.io/function-patch-and-transform";
    hub.kubectl(&["wait", function, "--for=condition=Healthy", "--timeout=180s"]);
    let revision = || hub.kubectl(&["get", "xnote", "one", "-o", "jsonpath={.spec.compositionRevisionRef.name}"]);
    let native = revision();
    hub.apply(&converted(hub.folder.path()));
    eventually("the note follows the Composition", || revision() != native);

    // As on a cluster that is as old as 1.11, where revisions were stored so.
    let stored = r#"{"status": {"storedVersions": ["v1beta1", "v1"]}}"#;
    hub.kubectl(&["patch", "crd", REVISIONS, "--subresource=status", "--type=merge", "-p", stored]);
    bring(&hub, Some(&CROSSPLANE_2_0), false).expect(3).says(REVISIONS).says("migrate: true");
    assert_eq!(hub.commits(), commits);

    for (pin, version) in [(Some(&CROSSPLANE_2_0), CROSSPLANE_2_0.version), (None, TODAY)] {
        bring(&hub, pin, true).expect(0);
        runs(&hub, version);
        let text = format!("by-{}", version.replace('.', "-"));
        hub.apply(&note(&text));
        eventually("what was composed follows the note", || composed(&hub) == Some((uid.clone(), text.clone())));
    }
    let stored = hub.kubectl(&["get", "crd", REVISIONS, "-o", "jsonpath={.status.storedVersions}"]);
    assert_eq!(stored, r#"["v1"]"#);
}
