//! The real Crossplane, its packages from the testbed's registry, and their programs.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Stdio};

use backstack_testbed::{Cluster, Testbed, testbed};

use crate::support::{TESTBED, apply, are_gone, family, install, kubectl, running, until};

const DEFINITION: &str = r"
apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: notes.example.org}
spec:
  scope: Namespaced
  group: example.org
  names: {kind: Note, plural: notes}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties: {spec: {type: object, required: [text], properties: {text: {type: string}}}}
";

const COMPOSITION: &str = r"
apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: notes}
spec:
  compositeTypeRef: {apiVersion: example.org/v1, kind: Note}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: function-testbed}
    input:
      apiVersion: testbed.backstack.dev/v1
      kind: Compose
      resources:
      - name: object
        copy: [{from: spec.text, to: spec.forProvider.manifest.data.text}]
        object:
          apiVersion: kubernetes.m.crossplane.io/v1alpha1
          kind: Object
          spec:
            providerConfigRef: {kind: ClusterProviderConfig, name: testbed}
            forProvider:
              manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: note, namespace: default}}
";

/// The provider works with the rights of its service account, which are few.
const RIGHTS: &str = r"
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: provider}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:serviceaccounts:crossplane-system'}]
---
apiVersion: kubernetes.m.crossplane.io/v1alpha1
kind: ClusterProviderConfig
metadata: {name: testbed}
spec: {credentials: {source: InjectedIdentity}}
";

#[tokio::test]
#[ignore = "needs the built peers"]
async fn packages_from_the_registry_compose_a_resource() {
    let testbed = &*TESTBED;
    let cluster = testbed.lease().await.expect("a cluster");
    start(testbed, &cluster);

    let folder = tempfile::tempdir().expect("a folder");
    let meta = "apiVersion: meta.pkg.crossplane.io/v1\nkind: Configuration\nmetadata: {name: notes}\n";
    for (file, text) in [("crossplane.yaml", meta), ("definition.yaml", DEFINITION), ("composition.yaml", COMPOSITION)]
    {
        fs::write(folder.path().join(file), text).expect("written");
    }
    let packages = [
        ("Configuration", "notes", testbed.package(folder.path(), "notes:v1")),
        ("Function", "function-testbed", testbed.function()),
        ("Provider", "provider-kubernetes", testbed.provider_kubernetes()),
    ];
    for (kind, name, package) in packages {
        let package = package.expect("pushed");
        let object = format!(
            "apiVersion: pkg.crossplane.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{package: '{package}'}}\n"
        );
        apply(testbed, &cluster, &object);
    }
    for package in ["configurations", "functions", "providers"] {
        let kind = format!("{package}.pkg.crossplane.io");
        kubectl(testbed, &cluster, &["wait", &kind, "--all", "--for=condition=Healthy", "--timeout=120s"]);
    }
    assert_eq!(running(&cluster), 4, "Crossplane, its RBAC manager, the function and the provider");

    apply(testbed, &cluster, RIGHTS);
    let note =
        "apiVersion: example.org/v1\nkind: Note\nmetadata: {name: one, namespace: default}\nspec: {text: hello}\n";
    apply(testbed, &cluster, note);
    kubectl(testbed, &cluster, &["wait", "notes.example.org/one", "--for=condition=Ready", "--timeout=120s"]);
    let text = kubectl(testbed, &cluster, &["get", "configmap", "note", "-o", "jsonpath={.data.text}"]);
    assert_eq!(String::from_utf8_lossy(&text.stdout), "hello");

    // A kind that its provider converts: the API server asks the provider's webhook.
    let old = r"
apiVersion: kubernetes.crossplane.io/v1alpha1
kind: Object
metadata: {name: old}
spec: {forProvider: {manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: default}}}}
";
    apply(testbed, &cluster, old);
    let new = kubectl(testbed, &cluster, &["get", "objects.v1alpha2.kubernetes.crossplane.io", "old", "-o", "name"]);
    assert_eq!(String::from_utf8_lossy(&new.stdout), "object.kubernetes.crossplane.io/old\n");

    // A test that fails leaves no process behind.
    let pids = family(&cluster);
    assert_eq!(pids.len(), 12, "four pods, each of a sandbox, its connections and the program");
    let failed = catch_unwind(AssertUnwindSafe(move || {
        let _cluster = cluster;
        panic!("as a failing test does");
    }));
    assert!(failed.is_err());
    assert!(are_gone(&pids), "{pids:?}");
}

#[tokio::test]
#[ignore = "needs the built peers"]
async fn programs_in_pods_end_with_a_killed_supervisor() {
    let dir = tempfile::tempdir().expect("a directory");
    let mut supervisor = Command::new(env!("CARGO_BIN_EXE_testbed"))
        .args(["serve", "--until-eof", "--temporary", "--dir"])
        .arg(dir.path())
        .stdin(Stdio::piped())
        .stderr(fs::File::create(dir.path().join("supervisor.log")).expect("a log"))
        .spawn()
        .expect("started");
    testbed::await_ready(dir.path(), &mut supervisor, |_| {}).expect("up");
    let testbed = Testbed::attach(dir.path()).expect("attached");
    let cluster = testbed.lease().await.expect("a cluster");
    start(&testbed, &cluster);
    let pids = family(&cluster);
    assert_eq!(pids.len(), 6, "two pods, each of a sandbox, its connections and the program");
    supervisor.kill().expect("killed");
    supervisor.wait().expect("ended");
    until("all programs are gone", || are_gone(&pids));
}

/// Crossplane from its own chart, which would take its image from the version in the source tree.
fn start(testbed: &Testbed, cluster: &Cluster) {
    let chart = testbed.crossplane_module().join("cluster/charts/crossplane");
    install(testbed, cluster, "crossplane", "crossplane-system", &chart, &["image.tag=v2.1.0"]);
    until("Crossplane runs", || running(cluster) == 2);
}
