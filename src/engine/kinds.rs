//! From kind to path: a table for the built-in kinds, the CRDs of the set in hand, discovery for the rest.
//!
//! No discovery is needed to install a hub, so a broken aggregated API elsewhere in the cluster disturbs nothing.

use std::collections::HashMap;

use serde_json::Value;

use crate::object::{ObjectRef, items, str_at, strings};
use crate::spec::{KNOWN_KINDS, KnownKind};

/// How the API server calls a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The plural in the path.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

/// The kinds known so far, by group and kind.
#[derive(Debug, Clone)]
pub struct Kinds(HashMap<(String, String), Resource>);

impl Default for Kinds {
    fn default() -> Self {
        let entry = |known: &KnownKind| {
            let resource = Resource { plural: known.plural.to_owned(), namespaced: known.namespaced };
            ((known.group.to_owned(), known.kind.to_owned()), resource)
        };
        Self(KNOWN_KINDS.iter().map(entry).collect())
    }
}

impl Kinds {
    /// What is known of the kind.
    #[must_use]
    pub fn get(&self, group: &str, kind: &str) -> Option<&Resource> {
        self.0.get(&(group.to_owned(), kind.to_owned()))
    }

    /// Learns the kind that a CRD defines.
    pub fn learn_crd(&mut self, crd: &Value) {
        let resource = Resource {
            plural: str_at(crd, "/spec/names/plural").to_owned(),
            namespaced: str_at(crd, "/spec/scope") == "Namespaced",
        };
        let key = (str_at(crd, "/spec/group").to_owned(), str_at(crd, "/spec/names/kind").to_owned());
        self.0.insert(key, resource);
    }

    /// Learns one kind, and gives its reference back.
    pub fn learn(&mut self, object: ObjectRef, resource: Resource) -> ObjectRef {
        self.0.insert((object.group.clone(), object.kind.clone()), resource);
        object
    }

    /// Learns the kinds of an `APIResourceList`, the discovery document of one group and version.
    pub fn learn_discovery(&mut self, group: &str, list: &Value) {
        for resource in items(list, "/resources") {
            let plural = str_at(resource, "/name");
            if plural.contains('/') {
                continue; // a subresource
            }
            let namespaced = resource.pointer("/namespaced").and_then(Value::as_bool).unwrap_or_default();
            let key = (group.to_owned(), str_at(resource, "/kind").to_owned());
            self.0.entry(key).or_insert(Resource { plural: plural.to_owned(), namespaced });
        }
    }
}

/// A kind as aggregated discovery tells of it.
#[derive(Debug, Clone)]
pub struct Served {
    /// Group, version and kind.
    pub kind: ObjectRef,
    /// How it is called in paths.
    pub resource: Resource,
    categories: Vec<String>,
    verbs: Vec<String>,
}

impl Served {
    /// Whether it is in one of the categories.
    #[must_use]
    pub fn is_in(&self, categories: &[&str]) -> bool {
        self.categories.iter().any(|it| categories.contains(&it.as_str()))
    }

    /// Whether it knows the verb.
    #[must_use]
    pub fn can(&self, verb: &str) -> bool {
        self.verbs.iter().any(|it| it == verb)
    }
}

/// The kinds of an `APIGroupDiscoveryList`, each in the first version of its group that has it.
#[must_use]
pub fn served(list: &Value) -> Vec<Served> {
    let mut found: Vec<Served> = Vec::new();
    for group in items(list, "/items") {
        let name = str_at(group, "/metadata/name");
        for version in items(group, "/versions") {
            let version_name = str_at(version, "/version");
            let api_version = if name.is_empty() { version_name.to_owned() } else { format!("{name}/{version_name}") };
            for resource in items(version, "/resources") {
                let kind = ObjectRef::new(&api_version, str_at(resource, "/responseKind/kind"), None, "");
                if !found.iter().any(|it| it.kind.group == kind.group && it.kind.kind == kind.kind) {
                    found.push(Served {
                        kind,
                        resource: Resource {
                            plural: str_at(resource, "/resource").to_owned(),
                            namespaced: str_at(resource, "/scope") == "Namespaced",
                        },
                        categories: strings(resource, "/categories").map(str::to_owned).collect(),
                        verbs: strings(resource, "/verbs").map(str::to_owned).collect(),
                    });
                }
            }
        }
    }
    found
}

/// The path of a collection.
#[must_use]
pub fn collection_path(object: &ObjectRef, resource: &Resource) -> String {
    let root = if object.group.is_empty() { "/api".to_owned() } else { format!("/apis/{}", object.group) };
    match object.namespace.as_deref().filter(|_| resource.namespaced) {
        Some(namespace) => format!("{root}/{}/namespaces/{namespace}/{}", object.version, resource.plural),
        None => format!("{root}/{}/{}", object.version, resource.plural),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_follow_group_and_scope() {
        let kinds = Kinds::default();
        let path =
            |object: &ObjectRef| collection_path(object, kinds.get(&object.group, &object.kind).expect("built in"));
        assert_eq!(path(&ObjectRef::new("v1", "Secret", Some("a"), "s")), "/api/v1/namespaces/a/secrets");
        assert_eq!(path(&ObjectRef::new("v1", "Namespace", None, "a")), "/api/v1/namespaces");
        assert_eq!(
            path(&ObjectRef::new("argoproj.io/v1alpha1", "Application", None, "")),
            "/apis/argoproj.io/v1alpha1/applications"
        );
    }

    #[test]
    fn a_served_kind_is_found_once_with_its_categories_and_verbs() {
        let resource = serde_json::json!({"resource": "buckets", "responseKind": {"kind": "Bucket"},
            "scope": "Cluster", "categories": ["crossplane", "managed"], "verbs": ["list"]});
        let list = serde_json::json!({"items": [{"metadata": {"name": "s3.example.org"}, "versions": [
            {"version": "v1", "resources": [resource]}, {"version": "v1beta1", "resources": [resource]}]}]});
        let found = served(&list);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind.api_version(), "s3.example.org/v1");
        assert!(found[0].is_in(&["managed"]) && !found[0].is_in(&["claim"]));
        assert!(found[0].can("list") && !found[0].can("delete"));
    }

    #[test]
    fn a_crd_teaches_its_kind() {
        let mut kinds = Kinds::default();
        kinds.learn_crd(&serde_json::json!({"spec": {
            "group": "backstack.dev", "scope": "Cluster", "names": {"kind": "Bead", "plural": "beads"}}}));
        assert_eq!(
            kinds.get("backstack.dev", "Bead"),
            Some(&Resource { plural: "beads".to_owned(), namespaced: false })
        );
    }
}
