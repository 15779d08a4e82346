//! What a bead brings to spokes, written by hand: for whoever is about what becomes of it.

use std::fs;

use serde_json::{Value, json};

use crate::hub::fixture::Hub;

/// What the bead brings: a workload, and what would be lost with more than itself. The namespace is the Application's.
const CONTENT: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: registry.example.org/web:1}]}
---
{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {greeting: hello}}
---
{apiVersion: v1, kind: Secret, metadata: {name: creds}, stringData: {password: planted-on-a-spoke}}
";

/// What makes an Application of every spoke that is ready.
const SET: &str = "
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: spokes-BEAD, namespace: argocd}
spec:
  goTemplate: true
  goTemplateOptions: [missingkey=error]
  syncPolicy: {applicationsSync: create-update, preserveResourcesOnDeletion: true}
  generators:
    - clusters: {selector: {matchExpressions: [{key: backstack.dev/spoke-state, operator: In, values: [ready]}]}}
  template:
    metadata:
      name: 'spoke-{{ index .metadata.labels \"backstack.dev/spoke\" }}.BEAD'
      labels: {backstack.dev/spoke: '{{ index .metadata.labels \"backstack.dev/spoke\" }}'}
    spec:
      project: spokes-BEAD
      source: {repoURL: 'ADDRESS', path: spokes-content, targetRevision: main}
      destination: {name: '{{ .name }}', namespace: BEAD}
      syncPolicy:
        automated: {selfHeal: true, prune: true}
        syncOptions: [CreateNamespace=true, ServerSideApply=true]
";

const PROJECT: &str = "
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {name: spokes-BEAD, namespace: argocd}
spec:
  sourceRepos: ['*']
  destinations: [{server: '!https://kubernetes.default.svc', namespace: '*'}]
  clusterResourceWhitelist: [{group: '', kind: Namespace}]
";

/// Has a bead come to every spoke of the hub that is ready.
pub fn bring(hub: &Hub, beads: &[String]) {
    hub.commit(|folder| {
        fs::create_dir_all(folder.join("spokes-content")).expect("a folder");
        fs::write(folder.join("spokes-content/web.yaml"), CONTENT).expect("written");
    });
    let of = |bead: &String| [PROJECT, SET].join("---").replace("BEAD", bead).replace("ADDRESS", &hub.repository.url());
    hub.apply(&beads.iter().map(of).collect::<Vec<_>>().join("---"));
}

/// What runs in a namespace of a spoke: each object with its UID, its versions, and how often it was restarted.
pub fn running(kubectl: impl Fn(&[&str]) -> String, namespace: &str) -> Value {
    let text = kubectl(&["get", "deployments,configmaps,secrets,pods", "-n", namespace, "-o", "json"]);
    let list: Value = serde_json::from_str(&text).expect("kubectl prints JSON");
    let of = |it: &Value| {
        let at = |at: &str| it.pointer(at).cloned().unwrap_or_default();
        json!([
            at("/kind"),
            at("/metadata/name"),
            at("/metadata/uid"),
            at("/metadata/generation"),
            at("/metadata/resourceVersion"),
            at("/status/containerStatuses/0/restartCount")
        ])
    };
    list["items"].as_array().expect("a list").iter().map(of).collect()
}
