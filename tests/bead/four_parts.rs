//! A bead with all four parts on the real Crossplane and the real Kyverno, which are beads themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use backstack_testbed::Testbed;
use serde_json::Value;

use super::fixture::{Bead, TEXT, definition};
use crate::hub::fixture::{Hub, TESTBED, eventually};
use crate::hub::installed::Kind;

pub const COMPOSITION: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: notes}
spec:
  compositeTypeRef: {apiVersion: whole.example.org/v1, kind: Note}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: FUNCTION}
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
            providerConfigRef: {kind: ClusterProviderConfig, name: whole}
            forProvider:
              manifest: {apiVersion: v1, kind: ConfigMap, metadata: {name: note, namespace: default}}
";
const CONFIG: &str = "apiVersion: kubernetes.m.crossplane.io/v1alpha1
kind: ClusterProviderConfig
metadata: {name: whole}
spec: {credentials: {source: InjectedIdentity}}
";
const POLICY: &str = "apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: whole-team}
spec:
  rules:
  - name: team
    match: {any: [{resources: {kinds: [Pod], namespaces: [default]}}]}
    validate:
      failureAction: Enforce
      message: a pod needs the label team
      pattern: {metadata: {labels: {team: '?*'}}}
";
pub const NOTE: &str = "apiVersion: whole.example.org/v1
kind: Note
metadata: {name: one, namespace: default}
spec: {text: hello}
";
pub const RIGHTS: &str = "apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: providers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: Group, apiGroup: rbac.authorization.k8s.io, name: 'system:serviceaccounts:crossplane-system'}]
";

/// A package of the testbed's registry with its digest.
pub fn pinned(package: &str) -> String {
    let (registry, rest) = package.split_once('/').expect("a registry");
    let (name, tag) = rest.rsplit_once(':').expect("a tag");
    let output = Command::new("curl")
        .args(["-sfI", "-H", "Accept: application/vnd.oci.image.manifest.v1+json"])
        .args(["-H", "Accept: application/vnd.docker.distribution.manifest.v2+json"])
        .args(["-H", "Accept: application/vnd.oci.image.index.v1+json"])
        .arg(format!("http://{registry}/v2/{name}/manifests/{tag}"))
        .output()
        .expect("curl starts");
    let head = String::from_utf8(output.stdout).expect("text");
    let digest = head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case("docker-content-digest").then(|| value.trim().to_owned())
    });
    format!("{package}@{}", digest.unwrap_or_else(|| panic!("no digest of {package}: {head}")))
}

/// The document, with the packages of the testbed's registry.
fn document(testbed: &Testbed) -> String {
    let (provider, function) = (testbed.provider_kubernetes(), testbed.function());
    format!(
        "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: whole}}
spec:
  version: 1.0.0
  requires: {{crossplane: '>=2, <3', kyverno: '>=1'}}
  parameters: [{{name: replicas, type: integer, default: 1, minimum: 0}}]
  application: {{namespace: whole, manifests: app}}
  crossplane:
    providers: [{{package: '{}'}}]
    functions: [{{package: '{}'}}]
    definitions: apis
    providerConfigs: config
    apis: [{{group: whole.example.org, kind: Note, plural: notes}}]
  kyverno: {{policies: policies}}
  backstage: {{entities: catalog}}
  permissions:
    clusterResources:
    - {{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.whole.example.org'}}
    - {{group: apiextensions.crossplane.io, kind: Composition, name: notes}}
    - {{group: kubernetes.m.crossplane.io, kind: ClusterProviderConfig, name: whole}}
    - {{group: kyverno.io, kind: ClusterPolicy, name: whole-*}}
",
        pinned(&provider.expect("pushed")),
        pinned(&function.expect("pushed"))
    )
}

const TEMPLATE: &str = "\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: whole}
spec: {type: resource, steps: [{action: 'debug:log', input: {message: '${{ parameters.name }}'}}]}
";

/// Makes a bundle that `backstack bead new` wrote into the bead, with every part in its folder.
pub fn write(bundle: &Path, testbed: &Testbed) {
    let document = document(testbed);
    let function = document.split("functions: [{package: '").nth(1).and_then(|it| it.split('@').next());
    let function = function.and_then(|it| it.rsplit_once(':')?.0.rsplit('/').next()).expect("a name");
    for (file, text) in [
        ("bead.yaml", document.clone()),
        ("apis/definition.yaml", definition("Note", "notes", "whole.example.org", "Namespaced", TEXT)),
        ("apis/composition.yaml", COMPOSITION.replace("FUNCTION", function)),
        ("config/config.yaml", CONFIG.to_owned()),
        ("policies/team.yaml", POLICY.to_owned()),
        ("catalog/catalog-info.yaml", TEMPLATE.to_owned()),
    ] {
        let path = bundle.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
        fs::write(path, text).expect("the file");
    }
}

/// The bead beside a hub.
pub fn bead(hub: &Hub) -> Bead<'_> {
    let bead = Bead::new(hub, "whole").with("acceptPrivileges: true");
    write(&bead.bundle(), &TESTBED);
    bead
}

#[test]
#[ignore = "needs the testbed"]
fn a_bead_with_all_four_parts_is_installed_and_changed() {
    let bare = Hub::installed(Kind::Plain);
    let run = bead(&bare).run("install").expect(3);
    run.says("requires Crossplane >=2, <3, and there is none on this cluster")
        .says("requires Kyverno >=1, and there is none on this cluster");
    drop(bare);

    let hub = Hub::installed(Kind::Whole);
    hub.apply(RIGHTS);
    let bead = bead(&hub);

    bead.run("install").expect(0);
    let state = bead.output("bead-state");
    let parts: Vec<&Value> = state["parts"].as_array().expect("parts").iter().collect();
    assert_eq!(parts.len(), 5, "{state:#}");
    assert!(parts.iter().all(|part| part["sync"] == "Synced" && part["health"] == "Healthy"), "{state:#}");
    assert!(hub.files(&["backstage"]).contains("${{ parameters.name }}"), "Backstage's own is left alone");

    // Its API works, is judged by Argo CD, and its policy decides.
    hub.apply(NOTE);
    hub.kubectl(&["wait", "notes.whole.example.org/one", "--for=condition=Ready", "--timeout=120s"]);
    let settings = hub.object("configmap", "argocd-cm").expect("there");
    assert!(settings["data"]["resource.customizations.health.whole.example.org_Note"].is_string());
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: bare, namespace: default}\nspec: {containers: [{name: a, image: any}]}\n";
    eventually("the policy decides", || hub.refusal(pod).contains("a pod needs the label team"));

    let head = hub.commits()[0].clone();
    bead.run("install").expect(0).says("no change");
    assert_eq!(hub.commits()[0], head);

    // A change of every part arrives; an API that goes does not.
    bead.edit("policies/team.yaml", |text| text.replace("the label team", "a team"));
    bead.edit("bead.yaml", |text| text.replace("1.0.0", "1.1.0"));
    bead.run("upgrade").expect(0);
    eventually("the policy is the new one", || hub.refusal(pod).contains("a pod needs a team"));
    bead.edit("apis/definition.yaml", |text| text.replace("notes.whole", "papers.whole"));
    bead.run("upgrade").expect(3).says("CompositeResourceDefinition notes.whole.example.org is not in this version");
    assert_eq!(hub.kubectl(&["get", "notes.whole.example.org", "-n", "default", "-o", "name"]).lines().count(), 1);
}
