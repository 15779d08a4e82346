//! What is there at one look, and whose it is.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use futures::future::try_join_all;
use serde_json::{Value, json};

use super::NAMESPACE;
use super::server::Server;

/// The annotation by which an object is known to be of an Application.
const TRACKING: &str = "argocd.argoproj.io/tracking-id";

/// Group, kind, namespace and name.
pub type Key = (String, String, String, String);

/// The objects of the kinds that are known.
pub struct World(BTreeMap<Key, Value>);

impl World {
    /// Looks at all objects of these kinds.
    pub async fn of(server: &Server, kinds: &BTreeSet<(String, String)>) -> Result<Self> {
        let lists = kinds.iter().map(|(api_version, kind)| server.list(api_version, kind));
        let lists = try_join_all(lists).await?;
        let objects = lists.into_iter().flatten().flat_map(|(items, _)| items);
        Ok(Self(objects.map(|it| (key(&it), it)).collect()))
    }

    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.0.get(key)
    }

    /// What an Application has deployed.
    pub fn tracked<'w>(&'w self, application: &'w Value) -> impl Iterator<Item = (&'w Key, &'w Value)> {
        self.0.iter().filter(|(_, live)| annotation(live, TRACKING) == tracking(application, live))
    }

    /// Objects of a kind in Argo CD's namespace.
    pub fn own(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.0.iter().filter(move |((_, it, namespace, _), _)| it == kind && namespace == NAMESPACE).map(|(_, it)| it)
    }
}

/// An object as an Application has it from git: in its namespace, with its mark.
pub fn targeted(application: &Value, object: &Value, is_namespaced: bool) -> Value {
    let mut object = object.clone();
    if is_namespaced && text(&object, "/metadata/namespace").is_empty() {
        object["metadata"]["namespace"] = text(application, "/spec/destination/namespace").into();
    }
    // Definitions have none (argo-cd `reposerver/repository/repository.go`).
    if text(&object, "/kind") != "CustomResourceDefinition" {
        let mark = tracking(application, &object);
        if !object["metadata"]["annotations"].is_object() {
            object["metadata"]["annotations"] = json!({});
        }
        object["metadata"]["annotations"][TRACKING] = mark.into();
    }
    object
}

/// The mark of an object of this Application (argo-cd `util/argo/resource_tracking.go`).
fn tracking(application: &Value, object: &Value) -> String {
    let (group, kind, namespace, name) = key(object);
    let namespace = if namespace.is_empty() { text(application, "/spec/destination/namespace") } else { &namespace };
    format!("{}:{group}/{kind}:{namespace}/{name}", text(application, "/metadata/name"))
}

pub fn key(object: &Value) -> Key {
    let group = text(object, "/apiVersion").split_once('/').map_or("", |(group, _)| group);
    let [kind, namespace, name] = ["/kind", "/metadata/namespace", "/metadata/name"].map(|at| text(object, at));
    (group.to_owned(), kind.to_owned(), namespace.to_owned(), name.to_owned())
}

pub fn text<'v>(object: &'v Value, at: &str) -> &'v str {
    object.pointer(at).and_then(Value::as_str).unwrap_or_default()
}

pub fn annotation<'v>(object: &'v Value, name: &str) -> &'v str {
    let annotations = object.pointer("/metadata/annotations");
    annotations.and_then(|it| it.get(name)).and_then(Value::as_str).unwrap_or_default()
}

/// Whether an object, or an Application for all of its own, has this sync option.
pub fn has_option(object: &Value, option: &str) -> bool {
    let own = annotation(object, "argocd.argoproj.io/sync-options").split(',').any(|it| it.trim() == option);
    own || strings(object, "/spec/syncPolicy/syncOptions").any(|it| it == option)
}

pub fn strings<'v>(object: &'v Value, at: &str) -> impl Iterator<Item = &'v str> {
    object.pointer(at).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

pub fn wave(object: &Value) -> i64 {
    annotation(object, "argocd.argoproj.io/sync-wave").parse().unwrap_or_default()
}

pub fn is_going(object: &Value) -> bool {
    object.pointer("/metadata/deletionTimestamp").is_some()
}
