//! A small set of objects, such as a bootstrap has: a little of everything that needs no controller.

use serde_json::{Value, json};

/// A value that nobody may be shown.
pub const HIDDEN: &str = "a-value-of-a-secret-of-the-set";
const API: &str = "rbac.authorization.k8s.io/v1";

/// The set of one namespace, which is its first object.
#[derive(Clone)]
pub struct Set {
    /// The namespace.
    pub namespace: String,
    /// Its objects.
    pub objects: Vec<Value>,
}

impl Set {
    /// What is to be in this namespace.
    pub fn of(namespace: &str) -> Self {
        let namespaced = |api_version: &str, kind: &str, name: &str, rest: Value| {
            let mut object = json!({"apiVersion": api_version, "kind": kind,
                "metadata": {"name": name, "namespace": namespace, "labels": {"app": "set"}}});
            let fields = object.as_object_mut().expect("a map");
            fields.extend(rest.as_object().expect("a map").clone());
            object
        };
        let data = json!({"data": {"key": "value"}});
        let rules = json!({"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]});
        let subject = json!({"kind": "ServiceAccount", "name": "worker", "namespace": namespace});
        let binding = json!({"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "worker"},
            "subjects": [subject]});
        // Without a protocol and with a quantity that is a number, which the server writes otherwise.
        let service = json!({"spec": {"clusterIP": "None", "selector": {"app": "set"}, "ports": [{"port": 80}]}});
        let container = json!({"name": "worker", "image": "example.org/worker:1", "envFrom": [{"configMapRef": {"name": "a"}}],
            "resources": {"limits": {"cpu": 1, "memory": "1024Mi"}}});
        let pods = json!({"metadata": {"labels": {"app": "set"}},
            "spec": {"serviceAccountName": "worker", "containers": [container]}});
        let workload = json!({"spec": {"selector": {"matchLabels": {"app": "set"}}, "template": pods}});
        let objects = vec![
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": {"app": "set"}}}),
            namespaced("v1", "ConfigMap", "a", data.clone()),
            namespaced("v1", "ConfigMap", "b", data.clone()),
            namespaced("v1", "ConfigMap", "c", data),
            namespaced("v1", "Secret", "hidden", json!({"stringData": {"password": HIDDEN}})),
            namespaced("v1", "ServiceAccount", "worker", json!({})),
            namespaced("v1", "Service", "worker", service),
            namespaced(API, "Role", "worker", rules),
            namespaced(API, "RoleBinding", "worker", binding),
            namespaced("apps/v1", "Deployment", "worker", workload),
        ];
        Self { namespace: namespace.to_owned(), objects }
    }

    /// Another set in the same namespace, as a new version is.
    pub fn upgraded(&self) -> Self {
        let mut next = self.clone();
        next.object("ConfigMap", "b")["data"] = json!({"key": "another", "more": "value"});
        next.object("Deployment", "worker")["spec"]["template"]["spec"]["containers"][0]["image"] =
            "example.org/worker:2".into();
        next.with(json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {},
            "metadata": {"name": "d", "namespace": self.namespace}}))
    }

    /// With one more object.
    pub fn with(mut self, object: Value) -> Self {
        self.objects.push(object);
        self
    }

    /// An object, to change it.
    pub fn object(&mut self, kind: &str, name: &str) -> &mut Value {
        let mut all = self.objects.iter_mut();
        all.find(|it| it["kind"] == kind && it["metadata"]["name"] == name).expect("an object of the set")
    }

    /// Its objects, to be applied.
    pub fn all(&self) -> Vec<&Value> {
        self.objects.iter().collect()
    }
}
