//! Asking Kubernetes to do it: a `StorageVersionMigration`, which the controller manager works at since 1.37.

use std::time::Duration;

use serde_json::{Value, json};

use super::plan::{Migration, other_versions};
use crate::engine::{Cluster, Fault, FaultKind, MIGRATION_MANAGER, growing_pauses};
use crate::object::{Identity, ObjectRef, items, str_at, uid};
use crate::pace::paced;
use crate::report::{Console, Failure, Outcome};

const API: &str = "storagemigration.k8s.io/v1";
const KIND: &str = "StorageVersionMigration";
/// How long it may take until somebody has seen one. The API server serves the kind; who works at it is a controller of
/// kube-controller-manager, and where that is off nobody ever says so.
const SEEN: Duration = Duration::from_secs(30);

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// All objects were written anew.
    Done,
    /// It was not done, for this reason: the rest is to be done by hand.
    NotDone(String),
}

/// Asks for it and waits, until the deadline. One of ours that an earlier run has left is followed, or made anew where it has
/// ended.
pub async fn ask_kubernetes(cluster: &Cluster, migration: &Migration, console: &Console) -> Outcome<Asked> {
    if !cluster.serves(API, KIND).await? {
        return Ok(Asked::NotDone(format!("this cluster does not serve {API}")));
    }
    let request = match begin(cluster, migration, console).await {
        Err(fault) if fault.kind == FaultKind::Forbidden => {
            return Ok(Asked::NotDone("the user may not make a StorageVersionMigration".to_owned()));
        }
        request => request?,
    };
    let mut asked = follow(cluster, migration, &request, console).await?;
    if asked == Asked::Done && !is_told(cluster, migration).await? {
        let why = "the CRD was changed after Kubernetes had begun, which may have written objects as before";
        asked = Asked::NotDone(why.to_owned());
    }
    // It has had its effect; one that may not be deleted is in nobody's way.
    let left = cluster.delete(&request.object, &request.uid).await.err();
    left.inspect(|fault| console.say(format!("warning: {} stays: {fault}", request.object)));
    Ok(asked)
}

/// The one that is under way, or a new one.
async fn begin(cluster: &Cluster, migration: &Migration, console: &Console) -> Result<Identity, Fault> {
    let name = ObjectRef::new(API, KIND, None, &format!("backstack.{}", migration.crd.object.name));
    if let Some(old) = cluster.get(&name).await? {
        let old_one = Identity::under(&name, &old);
        match ended(&old) {
            None => return Ok(old_one),
            Some(Ok(())) => {}
            Some(Err(why)) => console.say(format!("{name} had failed and is made anew: {why}")),
        }
        cluster.delete(&name, &old_one.uid).await?;
    }
    let wanted = json!({
        "apiVersion": API,
        "kind": KIND,
        "metadata": {"name": name.name},
        "spec": {"resource": {"group": migration.kind.group, "resource": migration.plural}},
    });
    let made = cluster.apply(&wanted, MIGRATION_MANAGER).await?;
    Ok(Identity::under(&name, &made))
}

async fn follow(cluster: &Cluster, migration: &Migration, request: &Identity, console: &Console) -> Outcome<Asked> {
    let (deadline, mut pauses) = (cluster.deadline(), growing_pauses());
    let seen = deadline.at_most(paced(SEEN));
    loop {
        let Some(live) = cluster.get(&request.object).await?.filter(|live| request.is(live)) else {
            return Ok(Asked::NotDone(format!("somebody has deleted {}", request.object)));
        };
        match ended(&live) {
            Some(Ok(())) if !is(&live, "Running") => return Ok(Asked::Done),
            Some(Err(why)) => return Ok(Asked::NotDone(format!("Kubernetes has failed at it: {why}"))),
            _ => {}
        }
        if !is_seen(&live) && seen.passed() && !is_another_one_running(cluster, migration, request).await? {
            return Ok(Asked::NotDone("nobody in this cluster works at StorageVersionMigrations".to_owned()));
        }
        let state = says(&live);
        if deadline.passed() {
            return Err(Failure::deadline(format!(
                "{} was not through within {} s",
                request.object,
                deadline.total().as_secs()
            ))
            .details([state])
            .hint("Kubernetes goes on with it; run again to follow it"));
        }
        let blocked_by = format!("{}: {state}", migration.crd.object.name);
        deadline.tell(console, "migrate", blocked_by);
        deadline.pause(pauses.next().unwrap_or_default()).await;
    }
}

/// Whether the CRD says that all is stored in the new version. Kubernetes writes that where the CRD is still the one with which it
/// has begun: one of an earlier run may have begun with another stored version.
async fn is_told(cluster: &Cluster, migration: &Migration) -> Result<bool, Fault> {
    let live = cluster.get(&migration.crd.object).await?;
    Ok(live.is_some_and(|live| other_versions(&live, &migration.to).is_empty()))
}

/// Whether it is through, and if it has failed, why.
fn ended(live: &Value) -> Option<Result<(), String>> {
    let failed = condition(live, "Failed").filter(|it| str_at(it, "/status") == "True");
    match failed {
        Some(condition) => Some(Err(str_at(condition, "/message").to_owned())),
        None => is(live, "Succeeded").then_some(Ok(())),
    }
}

/// Only one works at a kind at a time; the others have no condition until then.
async fn is_another_one_running(cluster: &Cluster, ours: &Migration, request: &Identity) -> Result<bool, Fault> {
    let all = ObjectRef::new(API, KIND, None, "");
    let of_the_same = |live: &Value| {
        str_at(live, "/spec/resource/resource") == ours.plural
            && str_at(live, "/spec/resource/group") == ours.kind.group
    };
    let running = cluster.list_with(&all, |live| {
        (of_the_same(&live) && is(&live, "Running") && uid(&live) != request.uid).then_some(())
    });
    Ok(!running.await?.is_empty())
}

fn is_seen(live: &Value) -> bool {
    items(live, "/status/conditions").next().is_some()
}

fn is(live: &Value, condition_type: &str) -> bool {
    condition(live, condition_type).is_some_and(|it| str_at(it, "/status") == "True")
}

fn condition<'v>(live: &'v Value, condition_type: &str) -> Option<&'v Value> {
    items(live, "/status/conditions").find(|it| str_at(it, "/type") == condition_type)
}

fn says(live: &Value) -> String {
    let running = condition(live, "Running").map(|it| str_at(it, "/message")).unwrap_or_default();
    if running.is_empty() {
        "nobody has begun with its StorageVersionMigration yet".to_owned()
    } else {
        running.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(conditions: &[(&str, &str, &str)]) -> Value {
        let conditions: Vec<Value> = conditions
            .iter()
            .map(|(kind, status, said)| json!({"type": kind, "status": status, "message": said}))
            .collect();
        json!({"status": {"conditions": conditions}})
    }

    #[test]
    fn it_is_through_when_it_says_so() {
        assert_eq!(ended(&json!({})), None);
        assert!(!is_seen(&json!({})));
        let running = with(&[("Running", "True", "1 of 9 objects")]);
        assert_eq!((ended(&running), says(&running).as_str()), (None, "1 of 9 objects"));
        assert_eq!(ended(&with(&[("Running", "False", ""), ("Succeeded", "True", "")])), Some(Ok(())));
        let failed = with(&[("Running", "False", ""), ("Failed", "True", "it is invalid")]);
        assert_eq!(ended(&failed), Some(Err("it is invalid".to_owned())));
    }
}
