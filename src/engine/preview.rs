//! What an apply would change, asked of the API server itself. Nothing is written.

use std::cell::Cell;
use std::time::Duration;

use serde_json::{Map, Value};

use super::cluster::Cluster;
use super::fault::{Fault, FaultKind};
use super::foreign::{ForeignField, foreign_fields};
use super::settled::is_settled;
use crate::object::ObjectRef;
use crate::words::argo;

/// An object as an apply would leave it.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// What would happen to it.
    pub effect: Effect,
    /// Whether it is there today.
    pub is_live: bool,
    /// What others own of it then, and git does not hold.
    pub foreign: Vec<ForeignField>,
}

/// What would happen to an object.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// It is as it would be.
    Same,
    /// It is not there.
    Create,
    /// It would change: what people care about, before and after.
    Change(Box<(Value, Value)>),
    /// The API server would not take it.
    Refused(Fault),
}

/// How long one of many may take; the API server itself gives up after 34 s.
const PATIENCE: Duration = Duration::from_secs(40);
/// The same when one has got no answer: a webhook that does not answer one object answers none, and there may be hundreds.
const AFTER_SILENCE: Duration = Duration::from_secs(4);

/// Metadata that the API server keeps for itself.
const BOOKKEEPING: &[&str] = &["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid"];

/// Tries server-side apply of the object as `manager`. What is not there yet may have no namespace or kind either,
/// where these come with the same set.
pub async fn preview(cluster: &Cluster, object: &Value, manager: &str, force: bool) -> Result<Preview, Fault> {
    let live = cluster.get(&ObjectRef::of(object)).await?;
    tried(cluster, object, live, manager, force).await
}

/// The same of a live object that was read before, for whoever asks what would differ and not whether it would be let in: where the
/// object proves that nothing would, it is not tried. A definition takes the API server a second of CPU.
pub async fn difference(
    cluster: &Cluster,
    object: &Value,
    live: Option<Value>,
    manager: &str,
    force: bool,
) -> Result<Preview, Fault> {
    let is_same = |live: &Value| {
        // Where others have fields in it, the server may see what no set tells.
        is_settled(manager, object, live) && foreign_fields(&ObjectRef::of(object), live).is_empty()
    };
    if live.as_ref().is_some_and(is_same) {
        return Ok(Preview { effect: Effect::Same, is_live: true, foreign: Vec::new() });
    }
    tried(cluster, object, live, manager, force).await
}

async fn tried(
    cluster: &Cluster,
    object: &Value,
    live: Option<Value>,
    manager: &str,
    force: bool,
) -> Result<Preview, Fault> {
    let name = ObjectRef::of(object);
    let is_live = live.is_some();
    let effect = match (live, cluster.dry_run(object, manager, force).await) {
        (None, Ok(_)) => Effect::Create,
        (None, Err(fault)) if fault.kind == FaultKind::NotFound => Effect::Create,
        (Some(live), Ok(after)) => {
            let foreign = foreign_fields(&name, &after);
            let (before, after) = (comparable(live), comparable(after));
            let is_same = before == after;
            let effect = if is_same { Effect::Same } else { Effect::Change(Box::new((before, after))) };
            return Ok(Preview { effect, is_live, foreign });
        }
        (_, Err(fault)) if matches!(fault.kind, FaultKind::Owned | FaultKind::Invalid | FaultKind::Forbidden) => {
            Effect::Refused(fault)
        }
        (_, Err(fault)) => return Err(fault),
    };
    Ok(Preview { effect, is_live, foreign: Vec::new() })
}

/// The previews of many objects. A webhook that has let one of them wait in vain lets all of them, so that the others wait less.
pub struct Previews<'c> {
    cluster: &'c Cluster,
    is_silent: Cell<bool>,
}

impl<'c> Previews<'c> {
    /// None yet.
    #[must_use]
    pub fn on(cluster: &'c Cluster) -> Self {
        Self { cluster, is_silent: Cell::new(false) }
    }

    /// The cluster with the time that one of them may take.
    #[must_use]
    pub fn patient(&self) -> Cluster {
        self.cluster.asked_once().patient_for(if self.is_silent.get() { AFTER_SILENCE } else { PATIENCE })
    }

    /// That of one object. Whoever is only busy or away is waited for as long as the whole run may.
    pub async fn of(&self, object: &Value, manager: &str, force: bool) -> Result<Preview, Fault> {
        self.by(async |cluster| preview(cluster, object, manager, force).await).await
    }

    /// The same by [`difference`].
    pub async fn difference(&self, object: &Value, manager: &str, force: bool) -> Result<Preview, Fault> {
        let name = ObjectRef::of(object);
        let look = async |cluster: &Cluster| {
            let live = cluster.get(&name).await?;
            difference(cluster, object, live, manager, force).await
        };
        self.by(look).await
    }

    async fn by(&self, look: impl AsyncFn(&Cluster) -> Result<Preview, Fault>) -> Result<Preview, Fault> {
        let tried = match look(&self.patient()).await {
            Err(fault) if fault.is_transient() && !is_of_a_webhook(&fault) => look(&self.cluster.asked_once()).await,
            tried => tried,
        };
        self.is_silent.set(self.is_silent.get() || tried.as_ref().is_err_and(is_of_a_webhook));
        tried
    }
}

/// Whether a webhook keeps the answer back, or something that nobody can tell from one.
fn is_of_a_webhook(fault: &Fault) -> bool {
    fault.kind == FaultKind::Webhook || fault.is_silence()
}

/// The object without what controllers and the API server write between two looks at it.
fn comparable(mut object: Value) -> Value {
    if let Some(all) = object.as_object_mut() {
        all.remove("status");
        all.remove("operation"); // of an Application: what Argo CD is doing
    }
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.retain(|key, _| !BOOKKEEPING.contains(&key.as_str()));
        if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
            for request in [argo::REFRESH, argo::REFRESH_STAMP] {
                annotations.remove(request); // one that is under way
            }
            if annotations.is_empty() {
                metadata.remove("annotations");
            }
        }
    }
    object
}

/// The dotted paths at which two values differ, the deepest that tell them apart.
#[must_use]
pub fn differing_fields(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(before, after, "", &mut found);
    found
}

fn compare(before: &Value, after: &Value, path: &str, found: &mut Vec<String>) {
    match (before, after) {
        _ if before == after => {}
        (Value::Object(old), Value::Object(new)) => {
            let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            let of = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
            old.keys().for_each(|key| compare(&old[key], &of(new, key), &below(key), found));
            let added = new.keys().filter(|key| !old.contains_key(*key));
            found.extend(added.map(|key| below(key)));
        }
        (Value::Array(old), Value::Array(new)) if old.len() == new.len() => {
            let pairs = old.iter().zip(new).enumerate();
            pairs.for_each(|(index, (old, new))| compare(old, new, &format!("{path}[{index}]"), found));
        }
        _ => found.push(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_the_server_keeps_for_itself_is_no_difference() {
        let live = json!({"metadata": {"name": "a", "uid": "1", "generation": 2, "managedFields": [],
            "annotations": {argo::REFRESH: "normal", argo::REFRESH_STAMP: "1"}}, "operation": {}, "status": {"phase": "x"}});
        assert_eq!(comparable(live), json!({"metadata": {"name": "a"}}));
    }

    #[test]
    fn fields_are_named_at_their_depth() {
        let before = json!({"data": {"a": "1", "b": "2"}, "spec": {"list": [{"x": 1}, {"x": 2}], "gone": 1}});
        let after = json!({"data": {"a": "1", "b": "3", "c": "4"}, "spec": {"list": [{"x": 1}, {"x": 3}]}});
        let mut fields = differing_fields(&before, &after);
        fields.sort();
        assert_eq!(fields, ["data.b", "data.c", "spec.gone", "spec.list[1].x"]);
        assert!(differing_fields(&before, &before).is_empty());
    }
}
