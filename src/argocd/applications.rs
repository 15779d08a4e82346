//! All Applications of a cluster. There may be thousands, and of each there is little that anybody reads.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::application::Application;
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, str_at};
use crate::words::argo;

/// They are kept as text, without what nobody reads: as a value each would take ten times the room. One is made of it when
/// its turn comes.
#[derive(Debug, Default)]
pub struct Applications(Vec<Box<str>>);

impl Applications {
    /// Those of the cluster, in all namespaces.
    pub async fn of(cluster: &Cluster) -> Result<Self, Fault> {
        let take = |live| Some(text(live));
        Ok(Self(cluster.list_with(&argo::every(argo::APPLICATION), take).await?))
    }

    /// Each of them, one at a time.
    pub fn iter(&self) -> impl Iterator<Item = Application> {
        (0..self.0.len()).map(|index| self.at(index))
    }

    /// The one in this place.
    #[must_use]
    pub fn at(&self, index: usize) -> Application {
        // It was written by us.
        Application(serde_json::from_str(&self.0[index]).unwrap_or_default())
    }

    /// Those of a bead: the parent, whose name is given, and its parts.
    #[must_use]
    pub fn of_bead(&self, parent: &str) -> Vec<Application> {
        let of_bead = |it: &Application| it.name() == parent || str_at(&it.0, "/spec/project") == parent;
        self.iter().filter(of_bead).collect()
    }

    /// The places of the same for every bead, by the name of the parent, found in one pass. An Application of no bead has its own.
    #[must_use]
    pub fn places_by_bead(&self) -> BTreeMap<String, Vec<usize>> {
        let mut places: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (place, it) in self.iter().enumerate() {
            let (name, project) = (it.name(), str_at(&it.0, "/spec/project"));
            places.entry(name.to_owned()).or_default().push(place);
            if project != name {
                places.entry(project.to_owned()).or_default().push(place);
            }
        }
        places
    }
}

impl FromIterator<Value> for Applications {
    fn from_iter<T: IntoIterator<Item = Value>>(all: T) -> Self {
        Self(all.into_iter().map(text).collect())
    }
}

fn text(live: Value) -> Box<str> {
    slim(live).to_string().into_boxed_str()
}

/// What is read of a resource, compared or synced.
const OF_A_RESOURCE: [&str; 7] = ["group", "version", "kind", "namespace", "name", "status", "requiresPruning"];
/// What nobody reads of a source: values can be longer than all the rest.
const OF_TOOLS: [&str; 4] = ["helm", "kustomize", "directory", "plugin"];

/// An Application without its history and with what its methods read of resources and sources.
fn slim(mut live: Value) -> Value {
    let remove = |live: &mut Value, at: &str, keys: &[&str]| {
        if let Some(part) = live.pointer_mut(at).and_then(Value::as_object_mut) {
            part.retain(|key, _| !keys.contains(&key.as_str()));
        }
    };
    remove(&mut live, "/metadata", &["managedFields"]);
    remove(&mut live, "/metadata/annotations", &["kubectl.kubernetes.io/last-applied-configuration"]);
    remove(&mut live, "/status", &["history", "summary"]);
    remove(&mut live, "/status/operationState/operation/sync", &["source", "sources", "resources", "manifests"]);
    remove(&mut live, "/status/operationState/syncResult", &["source", "sources", "managedNamespaceMetadata"]);
    for of in ["/spec", "/status/sync/comparedTo"] {
        remove(&mut live, &format!("{of}/source"), &OF_TOOLS);
        for source in entries(&mut live, &format!("{of}/sources")) {
            source.retain(|key, _| !OF_TOOLS.contains(&key.as_str()));
        }
    }
    for compared in entries(&mut live, "/status/resources") {
        compared.retain(|key, _| OF_A_RESOURCE.contains(&key.as_str()));
    }
    if let Some(synced) = live.pointer_mut("/status/operationState/syncResult/resources").and_then(Value::as_array_mut)
    {
        synced.retain(|it| has_failed(it) || is_definition(it));
    }
    live
}

fn entries<'v>(live: &'v mut Value, at: &str) -> impl Iterator<Item = &'v mut Map<String, Value>> {
    let list = live.pointer_mut(at).and_then(Value::as_array_mut);
    list.into_iter().flatten().filter_map(Value::as_object_mut)
}

fn has_failed(resource: &Value) -> bool {
    str_at(resource, "/status") == "SyncFailed" || matches!(str_at(resource, "/hookPhase"), "Failed" | "Error")
}

fn is_definition(resource: &Value) -> bool {
    let api_version = format!("{}/{}", str_at(resource, "/group"), str_at(resource, "/version"));
    ObjectRef::new(&api_version, str_at(resource, "/kind"), None, "").is_crd()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_read_stays_and_the_rest_goes() {
        let object = |name: &str, status: &str| {
            json!({"group": "apps", "version": "v1", "kind": "Deployment",
            "namespace": "n", "name": name, "status": status})
        };
        let mut compared = object("a", "OutOfSync");
        compared["health"] = json!({"status": "Healthy"});
        let crd =
            json!({"group": "apiextensions.k8s.io", "version": "v1", "kind": "CustomResourceDefinition", "name": "c"});
        let source = json!({"repoURL": "r", "chart": "k", "targetRevision": "1", "helm": {"values": "long"}});
        let live = json!({
            "metadata": {"name": "x", "uid": "1", "managedFields": [{}], "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": "long", argo::TRACKING_ID: "t"}},
            "spec": {"project": "bead-x", "sources": [source]},
            "status": {"history": [{}], "summary": {}, "resources": [compared],
                "sync": {"status": "OutOfSync", "comparedTo": {"sources": [source]}},
                "operationState": {"phase": "Failed", "operation": {"sync": {"revision": "r", "source": {}}},
                    "syncResult": {"revision": "r", "resources": [object("a", "Synced"), object("b", "SyncFailed"), crd]}}},
        });
        let source = json!({"repoURL": "r", "chart": "k", "targetRevision": "1"});
        let all: Applications = [live].into_iter().collect();
        let kept: Vec<Application> = all.of_bead("bead-x");
        assert_eq!(
            kept[0].0,
            json!({
                "metadata": {"name": "x", "uid": "1", "annotations": {argo::TRACKING_ID: "t"}},
                "spec": {"project": "bead-x", "sources": [source]},
                "status": {"resources": [object("a", "OutOfSync")],
                    "sync": {"status": "OutOfSync", "comparedTo": {"sources": [source]}},
                    "operationState": {"phase": "Failed", "operation": {"sync": {"revision": "r"}},
                        "syncResult": {"revision": "r", "resources": [object("b", "SyncFailed"), crd]}}},
            })
        );
        assert!(all.of_bead("bead-y").is_empty());
        let places = [("bead-x".to_owned(), vec![0]), ("x".to_owned(), vec![0])];
        assert_eq!(all.places_by_bead(), places.into());
    }
}
