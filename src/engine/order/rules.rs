//! Which object of a set needs which other. Pure.
//!
//! A reference by name is followed where the kind has one. Where what an object reads cannot be told from it, all of a kind is
//! taken to be needed: a needless wait costs a moment, a missing one a pod that fails.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::object::{ObjectRef, items, str_at};
use crate::words::{MAKING_PODS, argo};

const RBAC: &str = "rbac.authorization.k8s.io";
/// The kinds that a pod can name, each with the places of the names: below the pod's spec, and below each of its containers.
const NAMED_BY_PODS: [(&str, &[&str], &[&str]); 3] = [
    (
        "ConfigMap",
        &["/volumes/*/configMap/name", "/volumes/*/projected/sources/*/configMap/name"],
        &["/envFrom/*/configMapRef/name", "/env/*/valueFrom/configMapKeyRef/name"],
    ),
    (
        "Secret",
        &["/volumes/*/secret/secretName", "/volumes/*/projected/sources/*/secret/name", "/imagePullSecrets/*/name"],
        &["/envFrom/*/secretRef/name", "/env/*/valueFrom/secretKeyRef/name"],
    ),
    ("PersistentVolumeClaim", &["/volumes/*/persistentVolumeClaim/claimName"], &[]),
];
const CONTAINERS: [&str; 2] = ["/initContainers", "/containers"];

/// The places of what each object of a set needs.
pub fn needs(objects: &[&Value]) -> Vec<BTreeSet<usize>> {
    let set: Vec<Part<'_>> = objects.iter().map(|object| Part::of(object)).collect();
    let by_pods: BTreeSet<(&str, &str, &str)> = set.iter().flat_map(Part::names_in_place).collect();
    let of_one = |part: &Part<'_>| {
        let others = set.iter().enumerate().filter(|(_, other)| part.name != other.name);
        others.filter(|(_, other)| part.needs(other, &by_pods)).map(|(place, _)| place).collect()
    };
    set.iter().map(of_one).collect()
}

/// An object of the set.
struct Part<'o> {
    name: ObjectRef,
    object: &'o Value,
    pods: Option<Pods<'o>>,
}

/// What the pods of a workload are made with.
struct Pods<'o> {
    /// The name of their account.
    account: &'o str,
    /// What they name, by kind.
    names: BTreeSet<(&'static str, &'o str)>,
}

impl<'o> Part<'o> {
    fn of(object: &'o Value) -> Self {
        let name = ObjectRef::of(object);
        let makes = MAKING_PODS.iter().find(|(group, kind, _)| (*group, *kind) == (&name.group, &name.kind));
        let pod = makes.and_then(|(_, _, at)| object.pointer(at)?.get("spec"));
        Self { name, object, pods: pod.map(Pods::of) }
    }

    /// What its pods name, with the namespace.
    fn names_in_place(&self) -> impl Iterator<Item = (&str, &'static str, &'o str)> {
        let of = |pods: &Pods<'o>| pods.names.clone();
        self.pods.iter().flat_map(of).map(|(kind, name)| (self.namespace(), kind, name))
    }

    fn namespace(&self) -> &str {
        self.name.namespace.as_deref().unwrap_or_default()
    }

    fn is(&self, group: &str, kind: &str) -> bool {
        (self.name.group.as_str(), self.name.kind.as_str()) == (group, kind)
    }

    fn needs(&self, other: &Self, by_pods: &BTreeSet<(&str, &str, &str)>) -> bool {
        let is_its_namespace = other.is("", "Namespace") && other.name.name == self.namespace();
        is_its_namespace
            || other.defines(self)
            || match (self.name.group.as_str(), self.name.kind.as_str()) {
                (RBAC, "RoleBinding" | "ClusterRoleBinding") => self.binds(other),
                (argo::GROUP, argo::APPLICATION) => other.is(argo::GROUP, argo::PROJECT) && self.is_in_project(other),
                ("apiregistration.k8s.io", _) => other.serves(self),
                // A webhook that nobody answers for yet may refuse whatever comes after it.
                ("admissionregistration.k8s.io", _) => other.name.group != "admissionregistration.k8s.io",
                _ => self.pods.as_ref().is_some_and(|pods| pods.need(other, self.namespace(), by_pods)),
            }
    }

    /// Whether this is the definition of the other's kind.
    fn defines(&self, other: &Self) -> bool {
        let defined = (str_at(self.object, "/spec/group"), str_at(self.object, "/spec/names/kind"));
        self.name.is_crd() && defined == (&other.name.group, &other.name.kind)
    }

    /// Whether this is a binding of that role: the API server compares the rights of whoever binds with those of the role.
    fn binds(&self, role: &Self) -> bool {
        let kind = str_at(self.object, "/roleRef/kind");
        let is_in_reach = kind == "ClusterRole" || self.namespace() == role.namespace();
        is_in_reach && role.is(RBAC, kind) && role.name.name == str_at(self.object, "/roleRef/name")
    }

    /// Whether this is a binding that gives rights to the account, be it by a group.
    fn gives_rights_to(&self, account: &str, namespace: &str) -> bool {
        let is_binding = self.is(RBAC, "RoleBinding") || self.is(RBAC, "ClusterRoleBinding");
        is_binding
            && items(self.object, "/subjects").any(|it| {
                str_at(it, "/kind") != "ServiceAccount"
                    || (str_at(it, "/name"), str_at(it, "/namespace")) == (account, namespace)
            })
    }

    /// Without its project an Application is an error.
    fn is_in_project(&self, project: &Self) -> bool {
        str_at(self.object, "/spec/project") == project.name.name
    }

    /// Whether an aggregated API leads here. One that nobody answers for keeps every namespace from going.
    fn serves(&self, api: &Self) -> bool {
        let (namespace, service) =
            (str_at(api.object, "/spec/service/namespace"), str_at(api.object, "/spec/service/name"));
        let is_service = self.is("", "Service") && self.name.name == service;
        self.namespace() == namespace && !namespace.is_empty() && (is_service || self.pods.is_some())
    }
}

impl<'o> Pods<'o> {
    fn of(spec: &'o Value) -> Self {
        let account = match str_at(spec, "/serviceAccountName") {
            "" => "default",
            name => name,
        };
        let containers: Vec<&Value> = CONTAINERS.iter().flat_map(|at| items(spec, at)).collect();
        let mut names = BTreeSet::new();
        for (kind, of_pod, of_containers) in NAMED_BY_PODS {
            let in_pod = of_pod.iter().flat_map(|at| texts(spec, at));
            let in_containers = containers.iter().flat_map(|it| of_containers.iter().flat_map(|at| texts(it, at)));
            names.extend(in_pod.chain(in_containers).map(|name| (kind, name)));
        }
        Self { account, names }
    }

    /// Without its account, or the rights of it, a pod is tried less and less often.
    fn need(&self, other: &Part<'_>, namespace: &str, by_pods: &BTreeSet<(&str, &str, &str)>) -> bool {
        if other.gives_rights_to(self.account, namespace) {
            return true;
        }
        let (kind, name) = (other.name.kind.as_str(), other.name.name.as_str());
        if other.namespace() != namespace || namespace.is_empty() || other.pods.is_some() {
            return false;
        }
        match (other.name.group.as_str(), kind) {
            ("", "ServiceAccount") => name == self.account,
            // What no pod names their programs may read by themselves.
            ("", "ConfigMap" | "Secret" | "PersistentVolumeClaim") => {
                self.names.contains(&(kind, name)) || !by_pods.contains(&(namespace, kind, name))
            }
            // Variables of Services, bounds and networks are those of the moment in which a pod begins.
            ("" | "networking.k8s.io", _) => true,
            _ => false,
        }
    }
}

/// The texts at a pointer in which `*` is each item of a list.
fn texts<'v>(value: &'v Value, pointer: &str) -> Vec<&'v str> {
    match pointer.split_once("/*") {
        None => Some(str_at(value, pointer)).into_iter().filter(|it| !it.is_empty()).collect(),
        Some((list, rest)) => items(value, list).flat_map(|item| texts(item, rest)).collect(),
    }
}
