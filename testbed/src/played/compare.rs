//! An Application beside git: what differs, how it is, and what is told of it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use anyhow::Result;
use serde_json::{Value, json};

use super::health::Health;
use super::server::Server;
use super::world::{Key, World, key, text};

/// What came of a comparison.
pub struct Comparison {
    /// The commit, and nothing where it could not be found out.
    pub revision: String,
    /// `Synced`, `OutOfSync` or `Unknown`.
    pub sync: &'static str,
    /// What differs.
    pub differing: Vec<Key>,
    /// Whether git has anything at all.
    pub is_empty: bool,
    health: Health,
    resources: Vec<Value>,
    conditions: Vec<Value>,
}

/// What was tried before: an object in this version, and what git wants of it.
#[derive(Default)]
pub struct Trials(BTreeMap<(Key, String, u64), bool>);

impl Trials {
    /// Whether a live object is as git has it: an apply of it would change nothing, as with `ServerSideDiff=true`.
    async fn is_synced(&mut self, server: &Server, target: &Value, live: &Value) -> Result<bool> {
        let mut hasher = DefaultHasher::new();
        target.to_string().hash(&mut hasher);
        let known = (key(target), text(live, "/metadata/resourceVersion").to_owned(), hasher.finish());
        if let Some(is_synced) = self.0.get(&known) {
            return Ok(*is_synced);
        }
        let is_synced = content(&server.apply(target, true).await?) == content(live);
        self.0.insert(known, is_synced);
        Ok(is_synced)
    }
}

/// An object without what every write changes, and without what is nobody's wish: its status, and what Argo CD is asked for, which can
/// come between the two that are compared.
fn content(object: &Value) -> Value {
    let mut object = object.clone();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.retain(|field, _| !["managedFields", "resourceVersion", "generation"].contains(&field.as_str()));
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|name, _| ![super::REFRESH, super::STAMP].contains(&name.as_str()));
        }
        metadata.retain(|field, value| field != "annotations" || value.as_object().is_some_and(|it| !it.is_empty()));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|field, _| !["status", "operation"].contains(&field.as_str()));
    }
    object
}

impl Comparison {
    /// Compares what git has with what is there.
    pub async fn of(
        server: &Server,
        trials: &mut Trials,
        world: &World,
        application: &Value,
        (revision, targets): (&str, &[Value]),
    ) -> Result<Self> {
        let (mut resources, mut differing, mut health) = (Vec::new(), Vec::new(), Health::Healthy);
        for target in targets {
            let key = key(target);
            let live = world.get(&key);
            let is_synced = match live {
                Some(live) => trials.is_synced(server, target, live).await?,
                None => false,
            };
            let is = live.map_or(Some(Health::Missing), Health::of);
            // An Application is no part of its own health.
            let is_itself = text(target, "/kind") == "Application" && key.3 == text(application, "/metadata/name");
            health = health.max(is.filter(|_| !is_itself).unwrap_or(Health::Healthy));
            resources.push(entry(target, if is_synced { "Synced" } else { "OutOfSync" }, is));
            differing.extend((!is_synced).then_some(key));
        }
        for (key, live) in world.tracked(application) {
            if targets.iter().any(|target| super::world::key(target) == *key) {
                continue;
            }
            let mut superfluous = entry(live, "OutOfSync", Health::of(live));
            superfluous["requiresPruning"] = true.into();
            resources.push(superfluous);
            differing.push(key.clone());
        }
        resources.sort_by_key(|it| ["/group", "/kind", "/namespace", "/name"].map(|at| text(it, at).to_owned()));
        let sync = if differing.is_empty() { "Synced" } else { "OutOfSync" };
        let (revision, is_empty) = (revision.to_owned(), targets.is_empty());
        Ok(Self { revision, sync, differing, is_empty, health, resources, conditions: Vec::new() })
    }

    /// One that came to nothing: Argo CD then says `Healthy` all the same.
    pub fn failed(condition: &str, message: &str) -> Self {
        let conditions = vec![json!({"type": condition, "message": message})];
        let (revision, differing, resources) = (String::new(), Vec::new(), Vec::new());
        let health = Health::Healthy;
        Self { revision, sync: "Unknown", differing, is_empty: true, health, resources, conditions }
    }

    /// What the status of the Application is to be.
    pub fn status(&self, application: &Value) -> Value {
        let spec = |field: &str| application["spec"][field].clone();
        let conditions = Some(&self.conditions).filter(|all| !all.is_empty());
        json!({
            "sync": {"status": self.sync, "revision": self.revision,
                "comparedTo": {"source": spec("source"), "destination": spec("destination")}},
            "health": {"status": self.health.name()},
            "resources": self.resources,
            "conditions": conditions,
            "sourceType": "Directory",
            "controllerNamespace": super::NAMESPACE,
        })
    }
}

/// Whether the status of an Application says this already.
pub fn says(application: &Value, status: &Value) -> bool {
    let now = &application["status"];
    let part = |of: &Value, at: &str| of.pointer(at).cloned().unwrap_or_default();
    ["/sync", "/health/status", "/resources", "/conditions"].iter().all(|at| part(now, at) == part(status, at))
}

fn entry(object: &Value, status: &str, health: Option<Health>) -> Value {
    let (group, kind, namespace, name) = key(object);
    let api_version = text(object, "/apiVersion");
    let version = api_version.split_once('/').map_or(api_version, |(_, version)| version);
    let mut entry = json!({"version": version, "kind": kind, "name": name, "status": status});
    for (field, value) in [("group", group), ("namespace", namespace)] {
        if !value.is_empty() {
            entry[field] = value.into();
        }
    }
    if let Some(health) = health {
        entry["health"] = json!({"status": health.name()});
    }
    entry
}
