//! From older manifests of Argo CD to those of today. Both are played by the program of today: the older ones are not to be
//! had.

use serde_json::Value;

use super::pins::{ARGOCD_3_5_1, ARGOCD_3_6_0, Pin, play_argocd};
use crate::hub::fixture::{Hub, copy_bundle};

const TODAY: &str = "3.6.1";
const SETS: &str = "applicationsets.argoproj.io";

/// A hub with the manifests of this version, installed and proven.
fn installed(pin: &Pin) -> Hub {
    let hub = Hub::plain();
    pin.put_into(&hub.bundle(), "hub.yaml", TODAY);
    play_argocd(&hub);
    hub.run("install").expect(0);
    assert_eq!(in_git(&hub), pin.version);
    hub
}

/// Brings the bundle of today.
fn upgrade(hub: &Hub) {
    copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &hub.bundle());
    hub.edit_document(|text| text.split("  components:").next().expect("the first part").to_owned());
    play_argocd(hub);
    hub.run("upgrade").expect(0);
    assert_eq!(in_git(hub), TODAY);
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
}

/// The version of Argo CD that the repository's lock says.
fn in_git(hub: &Hub) -> String {
    let lock = hub.files(&["lock.yaml"]);
    let (_, rest) = lock.split_once("name: argocd\n").expect("Argo CD is locked");
    let (_, rest) = rest.split_once("version: ").expect("a version");
    rest.lines().next().expect("a line").trim_matches([' ', '"']).to_owned()
}

fn uid(hub: &Hub, kind: &str, name: &str) -> String {
    hub.object(kind, name).expect("it is there")["metadata"]["uid"].as_str().expect("a UID").to_owned()
}

/// Whether the definition of `ApplicationSets` knows this generator.
fn knows_generator(hub: &Hub, name: &str) -> bool {
    let definition = hub.object("crd", SETS).expect("it is there");
    let path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/generators/items/properties";
    definition.pointer(path).expect("generators").get(name).is_some()
}

/// A patch of Argo CD differs in its images alone: every pod of it is made anew, and nothing else.
#[test]
#[ignore = "needs older versions"]
fn a_patch_of_argo_cd_is_a_commit_that_argo_cd_brings_by_itself() {
    let hub = installed(&ARGOCD_3_6_0);
    let (root, definition) = (uid(&hub, "application", "root"), uid(&hub, "crd", SETS));
    let before = hub.commits().len();
    upgrade(&hub);
    assert_eq!(hub.commits().len(), before + 1);
    assert_eq!((uid(&hub, "application", "root"), uid(&hub, "crd", SETS)), (root, definition));
    hub.run("upgrade").expect(0).says("no change");
}

/// A minor version brings fields that its definitions had not: they are there afterwards, and an Application of a user's is the
/// one that it was, with what it has made.
#[test]
#[ignore = "needs older versions"]
fn a_minor_version_of_argo_cd_brings_its_definitions() {
    let hub = installed(&ARGOCD_3_5_1);
    assert!(!knows_generator(&hub, "oci"), "3.5.1 has no such generator");
    let url = hub.repository.url();
    hub.commit(|folder| {
        std::fs::create_dir_all(folder.join("own")).expect("a folder");
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own, namespace: default}\n";
        std::fs::write(folder.join("own/own.yaml"), text).expect("written");
    });
    hub.apply(&format!(
        "{{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {{name: own, namespace: argocd}}, spec: {{project: \
         default, destination: {{server: 'https://kubernetes.default.svc', namespace: default}}, source: {{repoURL: '{url}', \
         path: own, targetRevision: main}}, syncPolicy: {{automated: {{}}}}}}}}"
    ));
    hub.eventually_synced("own", "the user's Application has made its object", || {
        !hub.kubectl(&["get", "configmap", "own", "-n", "default", "--ignore-not-found"]).is_empty()
    });
    let own = uid(&hub, "application", "own");
    let made = hub.kubectl(&["get", "configmap", "own", "-n", "default", "-o", "jsonpath={.metadata.uid}"]);
    upgrade(&hub);
    assert!(knows_generator(&hub, "oci"), "3.6.1 has it");
    assert_eq!(uid(&hub, "application", "own"), own);
    assert_eq!(hub.kubectl(&["get", "configmap", "own", "-n", "default", "-o", "jsonpath={.metadata.uid}"]), made);
}
