//! What becomes of the resources outside of the cluster that Crossplane made through a bead, when a removal names it.

use serde_json::{Value, json};

use crate::engine::{self, Cluster, Deadline, Fault, ObjectRef, REQUEST_MANAGER, str_at};
use crate::guard::Outside;
use crate::report::{Console, Failure, Outcome};

/// With it Crossplane leaves a resource alone (Crossplane documentation, "Pause reconciliation").
const PAUSED: &str = "crossplane.io/paused";
/// All policies of a managed resource but `Delete` (Crossplane documentation, "Management policies").
const WITHOUT_DELETE: [&str; 4] = ["Observe", "Create", "Update", "LateInitialize"];

/// Deletes claims, then composite, then managed resources, and with them what is behind them.
pub async fn delete(cluster: &Cluster, console: &Console, outside: &Outside, deadline: Deadline) -> Outcome<()> {
    for (what, objects) in [
        ("claims", &outside.claims),
        ("composite resources", &outside.composites),
        ("managed resources", &outside.managed),
    ] {
        if !objects.is_empty() {
            let count = engine::remove(cluster, console, objects, deadline).await?;
            console.done("delete", format!("{count} {what}, with what is behind them"));
        }
    }
    Ok(())
}

/// Has Crossplane forget them and leave what is behind them where it is.
///
/// Composite resources are paused first: they would set the policies back. They go on when they are being deleted, since
/// then nothing is composed any more.
pub async fn orphan(cluster: &Cluster, console: &Console, outside: &Outside, deadline: Deadline) -> Outcome<()> {
    let composing: Vec<&ObjectRef> = outside.claims.iter().chain(&outside.composites).collect();
    for object in &composing {
        pause(cluster, object, Some("true")).await?;
    }
    for object in &outside.managed {
        keep_what_is_behind(cluster, object).await?;
    }
    for object in &composing {
        if let Some(live) = cluster.metadata(object).await? {
            cluster.delete(object, str_at(&live, "/metadata/uid")).await?;
            pause(cluster, object, None).await?;
        }
    }
    for objects in [&outside.claims, &outside.composites, &outside.managed] {
        engine::remove(cluster, console, objects, deadline).await?;
    }
    if !outside.managed.is_empty() {
        console.done("orphan", format!("{} managed resources; what is behind them stays", outside.managed.len()));
    }
    Ok(())
}

async fn pause(cluster: &Cluster, object: &ObjectRef, value: Option<&str>) -> Result<(), Fault> {
    let patch = json!({"metadata": {"annotations": {PAUSED: value}}});
    match cluster.merge_patch(object, &patch, REQUEST_MANAGER).await {
        Err(fault) if fault.kind != engine::FaultKind::NotFound => Err(fault),
        _ => Ok(()),
    }
}

/// Takes `Delete` out of the policies of a managed resource, and makes sure that it is out.
async fn keep_what_is_behind(cluster: &Cluster, object: &ObjectRef) -> Outcome<()> {
    let Some(live) = cluster.get(object).await? else { return Ok(()) };
    if !deletes(&live) {
        return Ok(());
    }
    let mut spec = json!({"managementPolicies": kept_policies(&live)});
    if live.pointer("/spec/deletionPolicy").is_some() {
        spec["deletionPolicy"] = "Orphan".into();
    }
    cluster.merge_patch(object, &json!({"spec": spec}), REQUEST_MANAGER).await?;
    match cluster.get(object).await? {
        Some(live) if deletes(&live) => Err(Failure::failed(format!(
            "{object} would still delete what is behind it: its policies do not change; nothing was deleted"
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
    let now = policies(live);
    if now.contains(&"*") { WITHOUT_DELETE.to_vec() } else { now.into_iter().filter(|it| *it != "Delete").collect() }
}

/// Whether the deletion of the object deletes what is behind it.
fn deletes(live: &Value) -> bool {
    let policies = policies(live);
    policies.contains(&"*") || policies.contains(&"Delete")
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
        assert!(deletes(&json!({"spec": {}})) && deletes(&with(json!(["Delete"]))));
        assert!(!deletes(&with(json!(["Observe"]))) && !deletes(&with(json!(WITHOUT_DELETE))));
    }
}
