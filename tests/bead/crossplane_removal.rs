//! What is made through Crossplane outlives no removal that nobody meant, and goes the way that was named.

use std::fs;

use super::fixture::{Bead, TEXT, definition};
use super::four_parts::{RIGHTS, pinned};
use crate::hub::fixture::{Hub, Run, TESTBED, eventually, started};
use crate::hub::installed::Kind;

/// An API whose objects become these objects, their text the value of a field of each.
fn api(kind: &str, plural: &str, scope: &str, objects: &[(&str, &str)]) -> String {
    let definition = definition(kind, plural, "shop.example.org", scope, TEXT);
    let resources = objects.iter().enumerate().map(|(index, (field, object))| {
        format!(
            "      - name: text-{index}\n        copy: [{{from: spec.text, to: {field}}}]\n        object: {object}\n"
        )
    });
    let resources: String = resources.collect();
    format!(
        "{definition}---
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {{name: {plural}}}
spec:
  compositeTypeRef: {{apiVersion: shop.example.org/v1, kind: {kind}}}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {{name: function-testbed}}
    input:
      apiVersion: testbed.backstack.dev/v1
      kind: Compose
      resources:
{resources}"
    )
}

/// The ConfigMap of that name, in JSON.
fn setting(name: &str) -> String {
    format!(r#"{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "{name}", "namespace": "default"}}}}"#)
}

const CONFIGURATION: &str = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata: {name: shop}\n";
/// Lets Crossplane compose objects of the kind `ConfigMap`.
const COMPOSES: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: composes, labels: {rbac.crossplane.io/aggregate-to-crossplane: 'true'}}
rules: [{apiGroups: [''], resources: [configmaps], verbs: ['*']}]
";
const NOTE: &str =
    "apiVersion: shop.example.org/v1\nkind: Note\nmetadata: {name: one, namespace: default}\nspec: {text: hello}\n";
const BOARD: &str = "apiVersion: shop.example.org/v1\nkind: Board\nmetadata: {name: one}\nspec: {text: hello}\n";

/// What stands in a document between its version and the next part.
fn head(name: &str) -> String {
    format!(
        "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: {name}}}
spec:
  version: 1.0.0
  requires: {{crossplane: '>=2, <3'}}
  application: {{namespace: {name}, manifests: app}}
"
    )
}

/// A bead with a Configuration package: its kinds are not all named in its document.
fn shop(hub: &Hub) -> Bead<'_> {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, text) in [
        ("crossplane.yaml", CONFIGURATION.to_owned()),
        ("notes.yaml", api("Note", "notes", "Namespaced", &[("data.text", &setting("notes"))])),
        ("boards.yaml", api("Board", "boards", "Cluster", &[("data.text", &setting("boards"))])),
    ] {
        fs::write(folder.path().join(file), text).expect("written");
    }
    let function = pinned(&TESTBED.function().expect("pushed"));
    let configuration = pinned(&TESTBED.package(folder.path(), "shop:v1").expect("pushed"));
    let bead = Bead::new(hub, "shop").with("acceptPrivileges: true");
    bead.edit("app/deployment.yaml", |text| text.replace("\"${ parameters.replicas }\"", "1"));
    bead.edit("bead.yaml", |_| {
        head("shop")
            + &format!(
                "  crossplane:
    functions: [{{package: '{function}'}}]
    configurations: [{{package: '{configuration}'}}]
    apis: [{{group: shop.example.org, kind: Note, plural: notes}}]
"
            )
    });
    bead
}

/// A bead with a provider, and an API whose objects become a managed resource of it.
pub fn store(hub: &Hub) -> Bead<'_> {
    let object = format!(
        r#"{{"apiVersion": "kubernetes.m.crossplane.io/v1alpha1", "kind": "Object", "spec": {{"forProvider": {{"manifest": {}}},
          "providerConfigRef": {{"kind": "ClusterProviderConfig", "name": "store"}}}}}}"#,
        setting("pages")
    );
    let config = "apiVersion: kubernetes.m.crossplane.io/v1alpha1\nkind: ClusterProviderConfig\nmetadata: {name: store}\n\
        spec: {credentials: {source: InjectedIdentity}}\n";
    let objects = [("spec.forProvider.manifest.data.text", object.as_str()), ("data.text", &setting("beside"))];
    let page = api("Page", "pages", "Namespaced", &objects);
    let bead = Bead::new(hub, "store").with("acceptPrivileges: true");
    bead.edit("app/deployment.yaml", |text| text.replace("\"${ parameters.replicas }\"", "1"));
    bead.edit("apis/pages.yaml", |_| page);
    bead.edit("config/config.yaml", |_| config.to_owned());
    bead.edit("bead.yaml", |_| {
        head("store")
            + &format!(
                "  crossplane:
    providers: [{{package: '{}'}}]
    functions: [{{package: '{}'}}]
    definitions: apis
    providerConfigs: config
    apis: [{{group: shop.example.org, kind: Page, plural: pages}}]
  permissions:
    clusterResources:
    - {{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.shop.example.org'}}
    - {{group: apiextensions.crossplane.io, kind: Composition, name: pages}}
    - {{group: kubernetes.m.crossplane.io, kind: ClusterProviderConfig, name: store}}
  uninstall: {{cloudResources: Delete}}
",
                pinned(&TESTBED.provider_kubernetes().expect("pushed")),
                pinned(&TESTBED.function().expect("pushed"))
            )
    });
    bead
}

/// The removal is refused because of the only object of this kind, and nothing is changed by it.
#[track_caller]
fn stays_for(bead: &Bead, kind: &str, resource: &str) {
    let hub = bead.hub;
    let kinds =
        format!("{resource},applications.argoproj.io,xrd,configurations.pkg.crossplane.io,providers.pkg.crossplane.io");
    let path =
        "jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.uid} {.metadata.deletionTimestamp}{'\\n'}{end}";
    let now = || (hub.commits(), hub.kubectl(&["get", &kinds, "-A", "-o", path]));
    let before = now();
    bead.run("uninstall").expect(3).says(&format!("{kind} ")).says("nothing was removed").says("hint:");
    assert_eq!(now(), before);
}

#[test]
#[ignore = "needs the testbed"]
fn a_configuration_stays_while_there_is_a_composite_resource_of_either_scope() {
    let hub = Hub::installed(Kind::Crossplane);
    let crossplane = Bead::shipped(&hub, "crossplane");
    hub.apply(COMPOSES);
    let bead = shop(&hub);
    bead.run("install").expect(0);

    for (manifest, kind) in [(NOTE, "Note"), (BOARD, "Board")] {
        hub.apply(manifest);
        let plural = format!("{}s", kind.to_lowercase());
        let resource = format!("{plural}.shop.example.org");
        let composed = || {
            let name = ["get", "configmap", &plural, "-n", "default", "--ignore-not-found", "-o", "name"];
            !hub.kubectl(&name).is_empty()
        };
        eventually("it is composed", composed);
        stays_for(&bead, kind, &resource);
        assert!(composed());
        let place: &[&str] = if kind == "Note" { &["-n", "default"] } else { &[] };
        hub.kubectl(&[&["delete", &resource, "one", "--timeout=120s"], place].concat());
        eventually("what it stood for goes", || !composed());
    }
    // What is made after the guard has looked holds the definitions all the same.
    let removal = started(hub.command(&bead.bundle(), "uninstall"), &bead.step("uninstall"));
    let run = Run::watched(removal, "guard", |_| hub.apply(BOARD)).expect(3);
    run.says("Board one").says("hint:");
    hub.kubectl(&["get", "boards.shop.example.org", "one", "-o", "name"]);
    hub.kubectl(&["delete", "boards.shop.example.org", "one", "--timeout=120s"]);
    crossplane.run("uninstall").expect(3).says("Configuration").says("its kind belongs to the bead");
    bead.run("uninstall").expect(0).says("nothing of bead shop is left");
    gone(&hub);

    // Then Crossplane can go, and leaves no webhook that nobody answers.
    crossplane.run("uninstall").expect(0).says("nothing of bead crossplane is left");
    for kind in ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"] {
        let left = hub.kubectl(&["get", kind, "-o", "name"]);
        assert!(!left.contains("crossplane"), "{left}");
    }
    assert_eq!(hub.kubectl(&["get", "deployments", "-n", "crossplane-system", "-o", "name"]), "");
}

#[test]
#[ignore = "needs the testbed"]
fn a_provider_stays_until_its_resources_went_the_way_that_was_named() {
    let hub = Hub::installed(Kind::Crossplane);
    hub.apply(RIGHTS);
    let mut bead = store(&hub);
    for (way, stays) in [("Orphan", true), ("Delete", false)] {
        bead.run("install").expect(0);
        hub.apply(&NOTE.replace("Note", "Page"));
        hub.kubectl(&[
            "wait",
            "pages.shop.example.org/one",
            "-n",
            "default",
            "--for=condition=Ready",
            "--timeout=180s",
        ]);
        // One through the provider, one composed without it.
        let made = || hub.kubectl(&["get", "configmap", "-n", "default", "-o", "name"]);
        let count = || made().lines().filter(|line| line.ends_with("/pages") || line.ends_with("/beside")).count();
        assert_eq!(count(), 2);
        stays_for(&bead, "Page", "pages.shop.example.org");
        stays_for(&bead, "Object", "objects.kubernetes.m.crossplane.io");

        bead.settings = format!("acceptPrivileges: true\ncloudResources: {way}");
        bead.run("uninstall").expect(0).says("nothing of bead store is left");
        gone(&hub);
        assert_eq!(count(), if stays { 2 } else { 0 }, "{way}: {}", made());
        hub.kubectl(&["delete", "configmap", "pages", "beside", "-n", "default", "--ignore-not-found"]);
        bead.settings = "acceptPrivileges: true".to_owned();
    }
}

/// No package, no definition, no kind of theirs is left.
#[track_caller]
fn gone(hub: &Hub) {
    for package in ["providers", "functions", "configurations", "providerrevisions", "configurationrevisions"] {
        assert_eq!(hub.kubectl(&["get", &format!("{package}.pkg.crossplane.io"), "-o", "name"]), "", "{package}");
    }
    assert_eq!(hub.kubectl(&["get", "xrd", "-o", "name"]), "");
    let definitions = hub.kubectl(&["get", "crd", "-o", "name"]);
    assert!(!definitions.contains("shop.example.org") && !definitions.contains("kubernetes.m."), "{definitions}");
}
