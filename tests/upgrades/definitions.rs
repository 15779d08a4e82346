//! The resource definitions of the Crossplane before its second version, and objects in them, on a real API server: what is found
//! before the second version comes, and what its definitions then do. No Crossplane runs.

use std::fs;
use std::path::Path;

use backstack::migrate::carry_out;
use backstack::object::ObjectRef;
use backstack::report::Console;
use backstack::upgrade::{Step, Weight, crds, legacy, pruned};
use backstack::yaml;
use serde_json::{Value, json};

use super::crossplane::{COMPOSITION, REVISIONS};
use super::pins::CROSSPLANE_1_20;
use crate::hub::fixture::{TESTBED, lease};
use crate::migrate::widgets::{Widgets, on};

const REVISION: &str = "compositionrevisions.v1.apiextensions.crossplane.io";
const COMPOSITIONS: &str = "compositions.apiextensions.crossplane.io";

/// The definition of this name in a folder of them.
fn definition(folder: &Path, name: &str) -> Value {
    let (plural, group) = name.split_once('.').expect("a group");
    let text = fs::read_to_string(folder.join(format!("{group}_{plural}.yaml"))).expect("a definition");
    json_of(&text)
}

fn json_of(text: &str) -> Value {
    let documents = yaml::manifests("a file", text).expect("YAML");
    documents.into_iter().next().expect("a document")
}

/// A composite resource by the Composition.
fn order_a_note(api: &Widgets) {
    let xnotes = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "xnotes.shop.example.org"},
        "spec": {"group": "shop.example.org", "scope": "Cluster",
            "names": {"kind": "XNote", "listKind": "XNoteList", "plural": "xnotes", "singular": "xnote"},
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object",
                "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}]}});
    api.try_apply(&xnotes, "test").expect("a kind");
    api.kubectl(&["wait", "crd/xnotes.shop.example.org", "--for=condition=Established", "--timeout=180s"]);
    let note = json!({"apiVersion": "shop.example.org/v1", "kind": "XNote", "metadata": {"name": "one"},
        "spec": {"compositionRef": {"name": "native-notes"}}});
    api.try_apply(&note, "test").expect("a note");
}

fn revision(version: &str, name: &str, spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["revision"] = json!(1);
    json!({"apiVersion": format!("apiextensions.crossplane.io/{version}"), "kind": "CompositionRevision",
        "metadata": {"name": name, "labels": {"crossplane.io/composition-name": "native-notes"}}, "spec": spec})
}

/// Everything that a step wants to see, and the notes.
fn seen(api: &Widgets, step: &Step) -> Vec<Value> {
    on(api.kubeconfig(), async |cluster| {
        let note = ObjectRef::new("shop.example.org/v1", "XNote", None, "");
        let mut all = Vec::new();
        for kind in legacy::kinds(step).into_iter().chain([note]) {
            all.extend(cluster.list(&kind).await.expect("a list"));
        }
        all
    })
}

/// Revisions that are stored as a Crossplane of long ago has stored them keep the definitions of the second version out. The gate
/// finds them by what is stored, and after the migration these definitions are taken, all of them. It finds the native
/// Composition with who uses it, too, and what would be lost of it; converted, nothing is found.
#[test]
#[ignore = "needs older versions"]
fn the_definitions_of_crossplane_2_are_taken_after_a_migration() {
    let cluster = lease(TESTBED.lease());
    let api = Widgets::beside(cluster.kubeconfig());
    let old = TESTBED.older_crossplane_module().expect("a module").join("cluster/crds");
    let new = TESTBED.crossplane_module().join("cluster/crds");
    let old_ones = old.display().to_string();
    api.kubectl(&["apply", "--server-side", "-f", &old_ones]);
    api.kubectl(&["wait", "crd", "--all", "--for=condition=Established", "--timeout=180s"]);
    let composition = json_of(COMPOSITION);
    api.try_apply(&composition, "test").expect("a native Composition");
    order_a_note(&api);
    let step = Step::of("crossplane", CROSSPLANE_1_20.version, "2.0.2").expect("a step");
    let found = legacy::findings(&step, &seen(&api, &step));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].code, found[0].weight), ("composition-native", Weight::Stops));
    assert_eq!(found[0].object.as_deref(), Some("Composition native-notes"));
    assert!(found[0].says.contains("XNote one"), "{found:#?}");

    let (live, next) = (definition(&old, COMPOSITIONS), definition(&new, COMPOSITIONS));
    let version = pruned::common_version(&live, &next).expect("v1");
    let schema = |crd| pruned::schema(crd, version).expect("a schema");
    let native = api.get(COMPOSITIONS, "native-notes");
    let lost = pruned::lost(&native, schema(&live), schema(&next));
    assert!(lost.iter().any(|field| field.starts_with("spec.resources")), "{lost:?}");

    // As on a cluster that is as old as 1.11, which stored revisions as v1beta1.
    let mut long_ago = definition(&old, REVISIONS);
    for version in long_ago["spec"]["versions"].as_array_mut().expect("versions") {
        version["storage"] = json!(version["name"] == "v1beta1");
    }
    api.try_apply(&long_ago, "kubectl").expect("v1beta1 is stored");
    for name in ["native-1", "native-2"] {
        api.try_apply(&revision("v1beta1", name, &composition["spec"]), "test").expect("a revision");
    }
    api.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &old_ones]);
    let next = definition(&new, REVISIONS);
    let refused = api.try_apply(&next, "kubectl").expect_err("revisions are stored as v1beta1");
    assert!(refused.contains("status.storedVersions"), "{refused}");
    let live = api.get("crd", REVISIONS);
    let found = crds::compare(&live, &next);
    assert!(found.iter().any(|it| it.weight == Weight::Migrates && it.code == "stored-version-doomed"), "{found:#?}");
    let migration = crds::migration(&live, &next).expect("it can be migrated");
    assert_eq!((migration.definition.as_str(), migration.to.as_str()), (REVISIONS, "v1"));
    on(api.kubeconfig(), async |cluster| {
        carry_out(&cluster, &migration.definition, &migration.to, &Console::new(false)).await.expect("migrated");
    });

    let pipeline = json!([{"step": "one", "functionRef": {"name": "function-patch-and-transform"}}]);
    let mut converted = composition;
    converted["spec"] = json!({"compositeTypeRef": converted["spec"]["compositeTypeRef"], "mode": "Pipeline",
        "pipeline": pipeline});
    api.try_apply(&converted, "test").expect("a Composition of today");
    assert_eq!(legacy::findings(&step, &seen(&api, &step)), []);

    api.kubectl(&["apply", "--server-side", "--force-conflicts", "-f", &new.display().to_string()]);
    assert_eq!(api.get("crd", REVISIONS)["status"]["storedVersions"], json!(["v1"]));
    let revisions = api.kubectl(&["get", REVISION, "-o", "name"]);
    assert_eq!(revisions.lines().count(), 2, "each can be read: {revisions}");
}
