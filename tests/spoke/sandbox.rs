//! A bead whose composite API makes a kubeconfig of what it is given: what a provider makes of a cluster, without the cluster.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::bead::fixture::Bead;
use crate::bead::four_parts::pinned;
use crate::hub::fixture::{Hub, TESTBED};

const DEFINITION: &str = "apiVersion: apiextensions.crossplane.io/v2
kind: CompositeResourceDefinition
metadata: {name: PLURAL.demo.example.org}
spec:
  scope: Namespaced
  group: demo.example.org
  names: {kind: KIND, plural: PLURAL}
  versions:
  - name: v1
    served: true
    referenceable: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, required: [kubeconfig], properties: {kubeconfig: {type: string}}}
";
const COMPOSITION: &str = "apiVersion: apiextensions.crossplane.io/v1
kind: Composition
metadata: {name: PLURAL}
spec:
  compositeTypeRef: {apiVersion: demo.example.org/v1, kind: KIND}
  mode: Pipeline
  pipeline:
  - step: compose
    functionRef: {name: FUNCTION}
    input:
      apiVersion: testbed.backstack.dev/v1
      kind: Compose
      resources:
      - name: kubeconfig
        copy: [{from: spec.kubeconfig, to: data.kubeconfig}, {from: metadata.name, to: metadata.name}]
        object: {apiVersion: v1, kind: Secret}
";

/// Its APIs: one whose objects a step accepts, and one whose objects are ready at once.
const APIS: [(&str, &str); 2] = [("Sandbox", "sandboxes"), ("Instant", "instants")];

/// The bead beside a hub.
pub fn sandboxes(hub: &Hub) -> Bead<'_> {
    let bead = Bead::new(hub, "sandbox");
    let function = pinned(&TESTBED.function().expect("pushed"));
    let tagged = function.split('@').next().expect("a tag");
    let name = tagged.rsplit_once(':').and_then(|it| it.0.rsplit('/').next()).expect("a name");
    bead.edit("bead.yaml", |_| {
        format!(
            "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: sandbox}}
spec:
  version: 1.0.0
  requires: {{crossplane: '>=2, <3', kyverno: '>=1.19'}}
  parameters: [{{name: replicas, type: integer, default: 1, minimum: 0}}]
  application: {{namespace: sandbox, manifests: app}}
  crossplane:
    functions: [{{package: '{function}'}}]
    definitions: apis
    apis:
    - group: demo.example.org
      kind: Sandbox
      plural: sandboxes
      spoke: {{labels: {{env: test}}, labelsOfObject: [ring]}}
    - {{group: demo.example.org, kind: Instant, plural: instants, spoke: {{atOnce: true}}}}
  permissions:
    clusterResources:
    - {{group: apiextensions.crossplane.io, kind: CompositeResourceDefinition, name: '*.demo.example.org'}}
    - {{group: apiextensions.crossplane.io, kind: Composition, name: '*'}}
"
        )
    });
    for (kind, plural) in APIS {
        let of = |text: &str| text.replace("KIND", kind).replace("PLURAL", plural).replace("FUNCTION", name);
        bead.edit(&format!("apis/{plural}.yaml"), |_| format!("{}---\n{}", of(DEFINITION), of(COMPOSITION)));
    }
    bead
}

/// What is ordered: a cluster that this kubeconfig leads to.
pub fn sandbox(name: &str, kubeconfig: &Value) -> String {
    json!({
        "apiVersion": "demo.example.org/v1",
        "kind": "Sandbox",
        "metadata": {"name": name, "namespace": "team-a", "labels": {"ring": "canary"}},
        "spec": {"kubeconfig": STANDARD.encode(kubeconfig.to_string())},
    })
    .to_string()
}

/// A kubeconfig with another address and another user.
pub fn leading_to(kubeconfig: &Value, server: &str, user: &Value) -> Value {
    let mut other = kubeconfig.clone();
    other["clusters"][0]["cluster"]["server"] = server.into();
    other["users"][0]["user"] = user.clone();
    other
}
