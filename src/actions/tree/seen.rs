//! What a tree is made of: Applications, each with the objects that it tracks, as Argo CD tells of them. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::argocd::Application;
use crate::argocd::application::named;
use crate::engine::one_line;
use crate::object::{ObjectRef, items, owners, str_at};
use crate::words::argo;

/// An Application as the tree shows it.
#[derive(Debug)]
pub struct Seen {
    /// What it is called.
    pub object: ObjectRef,
    /// As Argo CD says it.
    pub sync: String,
    /// As Argo CD says it.
    pub health: String,
    /// The commit, or the version, that it was compared with.
    pub revision: String,
    /// What is wrong with it.
    pub trouble: Option<String>,
    /// The `ApplicationSet` that makes it.
    pub made_by: Option<String>,
    /// The cluster that it deploys to, where that is another one.
    pub elsewhere: Option<String>,
    /// What it tracks.
    pub objects: Vec<Tracked>,
}

/// An object that an Application tracks.
#[derive(Debug)]
pub struct Tracked {
    /// What it is called.
    pub object: ObjectRef,
    /// `Synced`, `OutOfSync`, `Unknown`; nothing of a hook.
    pub sync: String,
    /// Its health, where Argo CD keeps it in the Application.
    pub health: Option<String>,
    /// What is wrong with it; several things with a semicolon in between.
    pub trouble: Option<String>,
}

impl Seen {
    /// What an Application says of itself.
    pub fn of(live: Value) -> Self {
        let it = Application(live);
        let failed = failures(&it.0);
        let set = owners(&it.0).find(|owner| str_at(owner, "/kind") == argo::APPLICATION_SET);
        Self {
            object: ObjectRef::of(&it.0),
            sync: it.sync().to_owned(),
            health: it.health().to_owned(),
            revision: it.compared_revisions().first().copied().unwrap_or_default().to_owned(),
            trouble: it.trouble().map(|why| one_line(&why)),
            made_by: set.map(|owner| str_at(owner, "/name").to_owned()),
            elsewhere: it.elsewhere().map(str::to_owned),
            objects: items(&it.0, "/status/resources").map(|told| Tracked::of(told, &failed)).collect(),
        }
    }

    /// Whether Argo CD says that everything in it is healthy: it keeps the health of each object apart, by default.
    pub fn is_healthy(&self) -> bool {
        self.health == "Healthy"
    }
}

impl Tracked {
    /// Adds what is wrong with it besides.
    pub fn add(&mut self, why: &str) {
        self.trouble = Some(self.trouble.take().map_or_else(|| why.to_owned(), |before| format!("{before}; {why}")));
    }

    fn of(told: &Value, failed: &BTreeMap<[String; 4], String>) -> Self {
        let text = |pointer: &str| str_at(told, pointer);
        let health = Some(text("/health/status")).filter(|it| !it.is_empty());
        let of_health = health.filter(|it| !matches!(*it, "Healthy" | "Suspended")).map(|it| {
            let why = one_line(text("/health/message"));
            if why.is_empty() { it.to_owned() } else { format!("{it}: {why}") }
        });
        let sync = text("/status");
        let of_sync = match sync {
            _ if told["requiresPruning"] == true => {
                Some("git holds it no longer, and nothing has pruned it".to_owned())
            }
            "" | "Synced" => None,
            other => Some(format!("is {other}")),
        };
        let all: Vec<String> = of_sync.into_iter().chain(failed.get(&key(told)).cloned()).chain(of_health).collect();
        Self {
            object: named(told),
            sync: sync.to_owned(),
            health: health.map(str::to_owned),
            trouble: Some(all.join("; ")).filter(|it| !it.is_empty()),
        }
    }
}

/// What failed in the last sync, by the object.
fn failures(application: &Value) -> BTreeMap<[String; 4], String> {
    let failed =
        |it: &&Value| str_at(it, "/status") == "SyncFailed" || matches!(str_at(it, "/hookPhase"), "Failed" | "Error");
    let synced = items(application, "/status/operationState/syncResult/resources").filter(failed);
    synced.map(|it| (key(it), format!("the last sync of it failed: {}", one_line(str_at(it, "/message"))))).collect()
}

fn key(told: &Value) -> [String; 4] {
    ["/group", "/kind", "/namespace", "/name"].map(|field| str_at(told, field).to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_with_an_object_is_all_that_argo_cd_says_of_it() {
        let told = |name: &str, more: &Value| {
            let mut it = json!({"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "n", "name": name, "status": "Synced"});
            it.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            it
        };
        let seen = Seen::of(json!({
        "apiVersion": argo::API, "kind": argo::APPLICATION, "metadata": {"name": "a", "namespace": "argocd"},
        "status": {
            "sync": {"status": "OutOfSync", "revision": "abc"}, "health": {"status": "Degraded"},
            "resources": [
                told("well", &json!({})),
                told("sick", &json!({"health": {"status": "Degraded", "message": "no\nquota"}})),
                told("off", &json!({"status": "OutOfSync"})),
                told("gone", &json!({"status": "OutOfSync", "requiresPruning": true})),
                told("failed", &json!({"status": "OutOfSync"})),
            ],
            "operationState": {"syncResult": {"resources": [
                told("failed", &json!({"status": "SyncFailed", "message": "denied"})), told("well", &json!({}))]}},
        }}));
        let troubles: Vec<Option<&str>> = seen.objects.iter().map(|it| it.trouble.as_deref()).collect();
        assert_eq!(
            troubles,
            [
                None,
                Some("Degraded: no quota"),
                Some("is OutOfSync"),
                Some("git holds it no longer, and nothing has pruned it"),
                Some("is OutOfSync; the last sync of it failed: denied"),
            ]
        );
        assert_eq!(seen.objects[0].object.to_string(), "Deployment n/well");
    }
}
