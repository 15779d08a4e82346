//! What becomes of the resources outside of the cluster that Crossplane made through a bead, when a removal names it.

use serde_json::{Value, json};

use super::was;
use crate::document::Bead;
use crate::engine::{self, Cluster, Fault};
use crate::guard::ExternalResources;
use crate::object::{Identity, str_at};
use crate::report::{Console, Failure, Outcome, counted};
use crate::run::exactly::patch;
use crate::words::crossplane::PAUSED;

/// All policies of a managed resource but `Delete` (Crossplane documentation, "Management policies").
const WITHOUT_DELETE: [&str; 4] = ["Observe", "Create", "Update", "LateInitialize"];

/// Deletes claims, then composite, then managed resources, and with them what is behind them.
pub async fn delete(cluster: &Cluster, console: &Console, outside: &ExternalResources) -> Outcome<()> {
    let mut kept = 0;
    for object in &outside.managed {
        kept += usize::from(cluster.get(&object.object).await?.is_some_and(|live| !deletes(&live)));
    }
    for (what, objects) in [
        ("claims", &outside.claims),
        ("composite resources", &outside.composites),
        ("managed resources", &outside.managed),
    ] {
        if !objects.is_empty() {
            let count = engine::remove(cluster, console, objects, cluster.deadline()).await?;
            console.done("delete", format!("{count} {what}, with what is behind them"));
        }
    }
    if kept > 0 {
        let why = "the policies of these had no `Delete`";
        console.done("stays", format!("what was behind {kept} managed resources: {why}"));
    }
    Ok(())
}

/// Has Crossplane forget what it made through the bead, and leaves all of it where it is.
///
/// Composite resources are paused first: they would set the policies of managed resources back, and compose more of them
/// (crossplane 2.1 looks at the pause, then at the deletion, and composes only then:
/// `internal/controller/apiextensions/composite/reconciler.go`).
/// They go before their claims, which would take what they own along, and go on when they are being deleted, since then
/// nothing is composed any more. What is changed is written down on each object, so that a run that comes after one that
/// was broken off either goes on, or puts it back.
pub async fn orphan(cluster: &Cluster, console: &Console, bead: &Bead) -> Outcome<()> {
    let outside = match prepare(cluster, bead).await {
        Ok(outside) => outside,
        Err(failure) => {
            // Why it failed is what counts; what cannot be put back now is written down.
            _ = was::put_back(bead, cluster, console).await;
            return Err(failure);
        }
    };
    for objects in [&outside.composites, &outside.claims] {
        for object in objects {
            cluster.delete_and_orphan(&object.object, &object.uid).await?;
            let_go(cluster, object).await?;
        }
        engine::remove(cluster, console, objects, cluster.deadline()).await?;
    }
    for object in &outside.managed {
        keep_what_is_behind(cluster, object).await?;
        cluster.delete(&object.object, &object.uid).await?;
        let_go(cluster, object).await?;
    }
    engine::remove(cluster, console, &outside.managed, cluster.deadline()).await?;
    let count = outside.iter().count();
    if count > 0 {
        console.done("orphan", format!("{}; what is behind stays", counted(count, "object")));
    }
    Ok(())
}

/// Crossplane does not even let go what is paused.
async fn let_go(cluster: &Cluster, object: &Identity) -> Result<(), Fault> {
    patch(cluster, object, json!({"metadata": {"annotations": {PAUSED: null}}})).await
}

/// Pauses everything that composes, until nothing new comes, and takes `Delete` out of what was composed.
async fn prepare(cluster: &Cluster, bead: &Bead) -> Outcome<ExternalResources> {
    let mut paused: Vec<Identity> = Vec::new();
    let outside = loop {
        let outside = ExternalResources::now(cluster, bead).await?;
        let composing = outside.claims.iter().chain(&outside.composites);
        let new: Vec<Identity> = composing.filter(|object| !paused.contains(object)).cloned().collect();
        if new.is_empty() {
            break outside;
        }
        for object in new {
            was::pause(cluster, &object).await?;
            paused.push(object);
        }
    };
    if let Some(object) = outside.of_others.first() {
        return Err(Failure::refused(format!("{object} is composed by others now; nothing was deleted"))
            .hint("take it out of their composite resource, then run again"));
    }
    for object in &outside.managed {
        keep_what_is_behind(cluster, object).await?;
    }
    Ok(outside)
}

/// Takes `Delete` out of the policies of a managed resource, and makes sure that it is out.
async fn keep_what_is_behind(cluster: &Cluster, object: &Identity) -> Outcome<()> {
    let Some(live) = cluster.get(&object.object).await?.filter(|live| object.is(live)) else { return Ok(()) };
    if !deletes(&live) && !policies(&live).is_empty() {
        return Ok(());
    }
    let mut spec = json!({"managementPolicies": kept_policies(&live)});
    if live.pointer("/spec/deletionPolicy").is_some() {
        spec["deletionPolicy"] = "Orphan".into();
    }
    was::set_policies(cluster, object, &live, &spec).await?;
    match cluster.get(&object.object).await? {
        Some(live) if object.is(&live) && deletes(&live) => Err(Failure::failed(format!(
            "{object} would still delete what is behind it: its policies do not change; it was not deleted"
        ))
        .hint("its provider or Crossplane has management policies switched off; set its deletionPolicy by hand")),
        _ => Ok(()),
    }
}

fn policies(live: &Value) -> Vec<&str> {
    let list = live.pointer("/spec/managementPolicies").and_then(Value::as_array);
    list.map_or(vec!["*"], |list| list.iter().filter_map(Value::as_str).collect())
}

fn kept_policies(live: &Value) -> Vec<&str> {
    match policies(live) {
        now if now.contains(&"*") => WITHOUT_DELETE.to_vec(),
        now if now.is_empty() => vec!["Observe"], // none at all is a pause
        now => now.into_iter().filter(|it| *it != "Delete").collect(),
    }
}

/// Whether the deletion of the object deletes what is behind it (crossplane-runtime `pkg/reconciler/managed/policies.go`).
fn deletes(live: &Value) -> bool {
    let policies = policies(live);
    let by_default = policies.contains(&"*") && str_at(live, "/spec/deletionPolicy") != "Orphan";
    by_default || policies.contains(&"Delete")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_but_delete_is_kept() {
        let with = |policies: Value| json!({"spec": {"managementPolicies": policies}});
        assert_eq!(kept_policies(&json!({"spec": {}})), WITHOUT_DELETE);
        assert_eq!(kept_policies(&with(json!(["*"]))), WITHOUT_DELETE);
        assert_eq!(kept_policies(&with(json!(["Observe", "Delete"]))), ["Observe"]);
        assert_eq!(kept_policies(&with(json!([]))), ["Observe"]);
        assert!(!deletes(&json!({"spec": {"managementPolicies": ["*"], "deletionPolicy": "Orphan"}})));
        assert!(deletes(&json!({"spec": {}})) && deletes(&with(json!(["Delete"]))));
        assert!(!deletes(&with(json!(["Observe"]))) && !deletes(&with(json!(WITHOUT_DELETE))));
    }
}
