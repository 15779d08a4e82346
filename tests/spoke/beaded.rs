//! Spokes with what a bead brings to them, each part written by hand: for whoever is about what happens afterwards.

use std::fs;
use std::process::{Child, Command};

use backstack_testbed::Gate;
use backstack_testbed::control::{self, Request, Response};
use serde_json::{Value, json};

use super::crowd::{Member, served};
use crate::hub::fixture::{Hub, Run, TESTBED, started};

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

/// Starts an action of a spoke's step, with more of it.
pub fn start(hub: &Hub, action: &str, spoke: &str, more: &str) -> Child {
    started(hub.command(&hub.bundle(), action), &step(action, spoke, more))
}

/// Runs it to its end.
pub fn run(hub: &Hub, action: &str, spoke: &str, more: &str) -> Run {
    Run::of(start(hub, action, spoke, more))
}

fn step(action: &str, spoke: &str, more: &str) -> String {
    format!(
        "{action}:\n  - backstack:\n      description: a spoke\n      spoke: {{name: {spoke}, {more}}}\n      timeout: 90s\n"
    )
}

/// A cluster with a node and pods.
pub struct Guest {
    name: String,
    /// It, as a hub meets it.
    pub member: Member,
}

impl Guest {
    /// Starts one.
    pub fn new(spoke: &str) -> Self {
        let name = format!("guest-{}", backstack_testbed::git::password().expect("random").to_lowercase());
        let request = Request::StartCluster { name: name.clone(), whole: true };
        let kubeconfig = match control::ask(&TESTBED.description().dir, &request).expect("the testbed answers") {
            Response::Kubeconfig(file) => file,
            other => panic!("{other:?}"),
        };
        let (port, config, kubeconfig) = served(kubeconfig);
        let gate = Gate::before(port).expect("a gate");
        Self { name, member: Member { name: spoke.to_owned(), gate, config, kubeconfig } }
    }
}

impl Member {
    /// Runs kubectl on it and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        let output = command.arg("--kubeconfig").arg(&self.kubeconfig).args(args).output().expect("kubectl starts");
        assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
    }

    /// What runs in a namespace: each object with its UID, and the version that it is in unless its status changes it.
    pub fn running(&self, namespace: &str) -> Value {
        let text = self.kubectl(&["get", "deployments,configmaps,secrets,pods", "-n", namespace, "-o", "json"]);
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
}

impl Drop for Guest {
    fn drop(&mut self) {
        _ = control::ask(&TESTBED.description().dir, &Request::StopCluster { name: self.name.clone() });
    }
}
