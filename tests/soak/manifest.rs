//! An Argo CD of a few objects: one of each sort that a handover treats in its own way, with definitions that say nothing of
//! fields, since each request that is not made is two points fewer.

use std::fs;

use serde_json::{Value, json};

use super::hub::TESTBED;

const NAMESPACE: &str = "argocd";

/// The manifest as a bundle pins it: documents in JSON, which are YAML.
pub fn small() -> String {
    let definitions = [
        definition("Application", "applications"),
        definition("ApplicationSet", "applicationsets"),
        definition("AppProject", "appprojects"),
    ];
    let settings = ["argocd-cm", "argocd-cmd-params-cm", "argocd-rbac-cm"]
        .map(|name| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": of(name)}));
    let rest = [
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": of("argocd-application-controller")}),
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": of("argocd-secret"), "type": "Opaque"}),
        json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": of("argocd-application-controller"),
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]}),
        workload("Deployment", "argocd-repo-server"),
        workload("StatefulSet", "argocd-application-controller"),
    ];
    let all: Vec<String> = definitions.iter().chain(&settings).chain(&rest).map(Value::to_string).collect();
    all.join("\n---\n") + "\n"
}

/// Upstream's own.
pub fn whole() -> String {
    fs::read_to_string(TESTBED.argocd_module().join("manifests/install.yaml")).expect("the manifest")
}

fn of(name: &str) -> Value {
    json!({"name": name, "labels": {"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "argocd"}})
}

fn definition(kind: &str, plural: &str) -> Value {
    let fields = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": of(&format!("{plural}.argoproj.io")),
        "spec": {"group": "argoproj.io", "scope": "Namespaced", "names": {"kind": kind, "plural": plural},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {"openAPIV3Schema": fields}}]}})
}

fn workload(kind: &str, name: &str) -> Value {
    let labels = json!({"app.kubernetes.io/name": name});
    let mut workload = json!({"apiVersion": "apps/v1", "kind": kind, "metadata": of(name),
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": "quay.io/argoproj/argocd:v3.6.1"}]}}}});
    workload["metadata"]["namespace"] = NAMESPACE.into();
    if kind == "StatefulSet" {
        workload["spec"]["serviceName"] = name.into();
    }
    workload
}
