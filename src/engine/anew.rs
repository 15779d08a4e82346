//! Applying an object over one that is on its way out: that one is waited for, and the object is made anew.
//!
//! The API server takes a patch of what is being deleted, and it goes all the same, a namespace and a definition with all that is
//! in them. Nothing is stripped of its finalizers.

use serde_json::{Value, json};

use super::RECORD_MANAGER;
use super::cluster::Cluster;
use super::deadline::growing_pauses;
use super::fault::{Fault, FaultKind, absent};
use super::ready::readiness;
use crate::object::{Identity, ObjectRef, finalizers, is_being_deleted, items, str_at};

/// Of what a definition waits for no more are named.
const MOST_NAMED: usize = 5;

/// Applies an object so that it stays. Answers the metadata.
pub async fn apply_to_stay(cluster: &Cluster, object: &Value, manager: &str) -> Result<Value, Fault> {
    to_stay(cluster, object, async || cluster.apply(object, manager).await).await
}

/// Makes a namespace that is not there, or will not be soon, with these annotations. One that is there stays as it is.
pub async fn make_namespace(cluster: &Cluster, namespace: &str, annotations: &Value) -> Result<(), Fault> {
    let live = cluster.metadata(&ObjectRef::new("v1", "Namespace", None, namespace)).await?;
    if live.is_some_and(|live| !is_being_deleted(&live)) {
        return Ok(());
    }
    let made =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "annotations": annotations}});
    apply_to_stay(cluster, &made, RECORD_MANAGER).await.map(drop)
}

/// Does this with an object until what comes of it is not on its way out.
pub(super) async fn to_stay(
    cluster: &Cluster,
    object: &Value,
    apply: impl AsyncFn() -> Result<Value, Fault>,
) -> Result<Value, Fault> {
    loop {
        let applied = apply().await?;
        if !is_being_deleted(&applied) {
            return Ok(applied);
        }
        until_gone(cluster, object, &Identity::of(&applied)).await?;
    }
}

async fn until_gone(cluster: &Cluster, object: &Value, going: &Identity) -> Result<(), Fault> {
    let deadline = cluster.deadline();
    let mut pauses = growing_pauses();
    loop {
        let live = absent(cluster.get(&going.object).await)?.flatten();
        let Some(live) = live.filter(|live| going.is(live)) else { return Ok(()) };
        let why = readiness(&live).why().unwrap_or_default();
        if deadline.passed() {
            let left = if going.object.is_crd() { instances(cluster, object).await } else { String::new() };
            let fault = Fault::new(FaultKind::Going, &format!("apply {going}"), &format!("{why}{left}"));
            return Err(Fault { tried: Some(deadline.total()), ..fault });
        }
        cluster.tell_wait("apply", &format!("{going}: {why}, and is made anew when it is gone"));
        deadline.pause(pauses.next().unwrap_or_default()).await;
    }
}

/// The objects that a definition waits for.
async fn instances(cluster: &Cluster, definition: &Value) -> String {
    let text = |pointer: &str| str_at(definition, pointer);
    let Some(version) = items(definition, "/spec/versions").find(|it| it["served"] == true) else {
        return String::new();
    };
    let api_version = format!("{}/{}", text("/spec/group"), str_at(version, "/name"));
    let all = ObjectRef::new(&api_version, text("/spec/names/kind"), None, "");
    // It is only told: whoever may not list them knows as much as before.
    let Ok(left) = cluster.list_metadata(&all).await else { return String::new() };
    let named = left.iter().take(MOST_NAMED).map(|it| format!("{} [{}]", ObjectRef::of(it), finalizers(it).join(", ")));
    let named: Vec<String> = named.collect();
    if named.is_empty() { String::new() } else { format!("; left of it: {}", named.join(", ")) }
}
