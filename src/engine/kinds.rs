//! From kind to path: a table for the built-in kinds, the CRDs of the set in hand, discovery for the rest. Pure.
//!
//! No discovery is needed to install a hub, so a broken aggregated API elsewhere in the cluster disturbs nothing.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde_json::Value;

use crate::object::{ObjectRef, items, name, str_at, strings};
use crate::words::{KNOWN_KINDS, KnownKind};

/// Groups that hold nothing which could be lost: their servers compute what they answer.
const COMPUTED: [&str; 3] = ["metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"];

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
pub struct Kinds {
    resources: HashMap<(String, String), Resource>,
    /// The groups in versions that servers beside the API server serve, once somebody has asked.
    beside: Option<BTreeSet<String>>,
    /// The `APIServices` without which a look goes on, `*` for all.
    may_overlook: BTreeSet<String>,
    /// Those of them without which one went on.
    overlooked: BTreeSet<String>,
    /// Whether one was waited for in vain.
    has_waited: bool,
}

impl Default for Kinds {
    fn default() -> Self {
        let entry = |known: &KnownKind| {
            let resource = Resource { plural: known.plural.to_owned(), namespaced: known.namespaced };
            ((known.group.to_owned(), known.kind.to_owned()), resource)
        };
        Self {
            resources: KNOWN_KINDS.iter().map(entry).collect(),
            beside: None,
            may_overlook: BTreeSet::new(),
            overlooked: BTreeSet::new(),
            has_waited: false,
        }
    }
}

impl Kinds {
    /// What is known of the kind.
    #[must_use]
    pub fn get(&self, group: &str, kind: &str) -> Option<&Resource> {
        self.resources.get(&(group.to_owned(), kind.to_owned()))
    }

    /// Learns the kind that a CRD defines.
    pub fn learn_crd(&mut self, crd: &Value) {
        let resource = Resource {
            plural: str_at(crd, "/spec/names/plural").to_owned(),
            namespaced: str_at(crd, "/spec/scope") == "Namespaced",
        };
        let key = (str_at(crd, "/spec/group").to_owned(), str_at(crd, "/spec/names/kind").to_owned());
        self.resources.insert(key, resource);
    }

    /// Learns one kind, and gives its reference back.
    pub fn learn(&mut self, object: ObjectRef, resource: Resource) -> ObjectRef {
        self.resources.insert((object.group.clone(), object.kind.clone()), resource);
        object
    }

    /// Whether a server beside the API server serves it, as far as that is known.
    #[must_use]
    pub fn is_beside(&self, object: &ObjectRef) -> Option<bool> {
        self.beside.as_ref().map(|all| all.contains(&object.api_version()))
    }

    /// Learns what servers beside the API server serve.
    pub fn learn_beside(&mut self, services: &[ApiService]) {
        self.beside = Some(services.iter().map(|it| it.api_version.clone()).collect());
    }

    /// Has looks go on without these `APIServices`.
    pub fn overlook(&mut self, services: impl IntoIterator<Item = String>) {
        self.may_overlook.extend(services);
    }

    /// Whether a look goes on without it.
    #[must_use]
    pub fn may_overlook(&self, unseen: &Unseen) -> bool {
        self.may_overlook.contains(&unseen.service) || self.may_overlook.contains("*")
    }

    /// A look goes on without it. Whether it is the first one.
    pub fn has_overlooked(&mut self, unseen: &Unseen) -> bool {
        self.overlooked.insert(unseen.service.clone())
    }

    /// Those without which a look went on.
    pub fn overlooked(&self) -> impl Iterator<Item = &str> {
        self.overlooked.iter().map(String::as_str)
    }

    /// Whether to wait for one: not a second time, when that was in vain.
    #[must_use]
    pub fn has_waited(&self) -> bool {
        self.has_waited
    }

    /// It was waited for one, in vain.
    pub fn have_waited(&mut self) {
        self.has_waited = true;
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
            self.resources.entry(key).or_insert(Resource { plural: plural.to_owned(), namespaced });
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

/// A part of the API that a server beside the API server serves, as its APIService tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiService {
    name: String,
    api_version: String,
    /// Why it cannot be used.
    trouble: Option<String>,
}

impl ApiService {
    /// What an APIService says; nothing when it is of the API server itself.
    #[must_use]
    pub fn of(live: &Value) -> Option<Self> {
        live.pointer("/spec/service").filter(|service| service.is_object())?;
        let available = items(live, "/status/conditions").find(|it| str_at(it, "/type") == "Available");
        let trouble = match available.map(|it| (str_at(it, "/status"), str_at(it, "/message"))) {
            Some(("True", _)) => None,
            Some((_, message)) => Some(message.to_owned()),
            None => Some("nobody has looked at it yet".to_owned()),
        };
        let api_version = format!("{}/{}", str_at(live, "/spec/group"), str_at(live, "/spec/version"));
        Some(Self { name: name(live).to_owned(), api_version, trouble })
    }
}

/// A part of the API of which nobody can say what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unseen {
    /// The name of its APIService, which is made of version and group.
    pub service: String,
    api_version: String,
    why: String,
}

impl Unseen {
    /// Its group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody knows what is in {}, since APIService {} {}", self.api_version, self.service, self.why)
    }
}

/// What cannot be seen in an `APIGroupDiscoveryList`: a group that is missing or stale holds no less than it did, unless it
/// never holds anything. Kubernetes 1.37.2 lists the version of a server that does not answer as `Stale`, with the kinds of its last
/// answer or, when it never gave one, without any (seen; kube-aggregator `handler_discovery.go`).
#[must_use]
pub fn unseen(list: &Value, services: &[ApiService]) -> Vec<Unseen> {
    let listed = |group: &Value, wanted: &dyn Fn(&Value) -> bool| -> Vec<String> {
        let versions = items(group, "/versions").filter(|it| wanted(it));
        versions.map(|it| format!("{}/{}", name(group), str_at(it, "/version"))).collect()
    };
    let all = |wanted: &dyn Fn(&Value) -> bool| -> BTreeSet<String> {
        items(list, "/items").flat_map(|group| listed(group, wanted)).collect()
    };
    let mut stale = all(&|version| str_at(version, "/freshness") == "Stale");
    let discovered = all(&|_| true);
    let mut found = Vec::new();
    for ApiService { name, api_version, trouble } in services {
        let is_stale = stale.remove(api_version);
        let why = match trouble {
            Some(why) => format!("is not available: {why}"),
            None if is_stale || !discovered.contains(api_version) => "was not heard of lately".to_owned(),
            None => continue,
        };
        found.push(Unseen { service: name.clone(), api_version: api_version.clone(), why });
    }
    found.extend(stale.into_iter().map(|api_version| {
        let (group, version) = api_version.split_once('/').unwrap_or_default();
        Unseen { service: format!("{version}.{group}"), why: "is stale".to_owned(), api_version }
    }));
    found.retain(|it| !COMPUTED.contains(&it.group()));
    found
}

/// The kinds of an `APIGroupDiscoveryList`, each in the first version of its group that has it; but for what is unseen, of
/// which the API server only remembers some.
#[must_use]
pub fn served(list: &Value, unseen: &[Unseen]) -> Vec<Served> {
    let mut found: Vec<Served> = Vec::new();
    for group in items(list, "/items") {
        let name = name(group);
        for version in items(group, "/versions") {
            let version_name = str_at(version, "/version");
            let api_version = if name.is_empty() { version_name.to_owned() } else { format!("{name}/{version_name}") };
            if unseen.iter().any(|it| it.api_version == api_version) {
                continue;
            }
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
    use serde_json::json;

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
        let resource = json!({"resource": "buckets", "responseKind": {"kind": "Bucket"},
            "scope": "Cluster", "categories": ["crossplane", "managed"], "verbs": ["list"]});
        let list = json!({"items": [{"metadata": {"name": "s3.example.org"}, "versions": [
            {"version": "v1", "resources": [resource]}, {"version": "v1beta1", "resources": [resource]}]}]});
        let found = served(&list, &[]);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].kind.api_version(), "s3.example.org/v1");
        assert!(found[0].is_in(&["managed"]) && !found[0].is_in(&["claim"]));
        assert!(found[0].can("list") && !found[0].can("delete"));
    }

    #[test]
    fn a_group_of_another_server_that_is_missing_stale_or_down_is_unknown() {
        let service = |name: &str, status: &str| {
            let (version, group) = name.split_once('.').expect("version and group");
            let live = json!({"metadata": {"name": name}, "spec": {"group": group, "version": version, "service": {}},
                "status": {"conditions": [{"type": "Available", "status": status, "message": "no endpoints"}]}});
            ApiService::of(&live).expect("it has a service")
        };
        let version = |freshness: &str| json!([{"version": "v1", "freshness": freshness, "resources": []}]);
        let list = json!({"items": [
            {"metadata": {"name": "well"}, "versions": version("Current")},
            {"metadata": {"name": "down"}, "versions": version("Stale")},
            {"metadata": {"name": "stale"}, "versions": version("Stale")},
            {"metadata": {"name": "custom.metrics.k8s.io"}, "versions": version("Stale")},
        ]});
        let services = [
            service("v1.well", "True"),
            service("v1.down", "False"),
            service("v1.missing", "True"),
            service("v1.metrics.k8s.io", "False"),
        ];
        let lines = |services: &[ApiService]| -> Vec<String> {
            unseen(&list, services).iter().map(ToString::to_string).collect()
        };
        assert_eq!(lines(&services[..1]).len(), 2, "by freshness alone");
        assert_eq!(
            lines(&services),
            [
                "nobody knows what is in down/v1, since APIService v1.down is not available: no endpoints",
                "nobody knows what is in missing/v1, since APIService v1.missing was not heard of lately",
                "nobody knows what is in stale/v1, since APIService v1.stale is stale",
            ]
        );
        assert_eq!(ApiService::of(&json!({"spec": {"group": "apps", "version": "v1"}})), None);
    }

    #[test]
    fn a_crd_teaches_its_kind() {
        let mut kinds = Kinds::default();
        kinds.learn_crd(&json!({"spec": {
            "group": "backstack.dev", "scope": "Cluster", "names": {"kind": "Bead", "plural": "beads"}}}));
        assert_eq!(
            kinds.get("backstack.dev", "Bead"),
            Some(&Resource { plural: "beads".to_owned(), namespaced: false })
        );
    }
}
