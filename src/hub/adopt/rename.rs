//! An Application of others whose name the hub needs goes on under another one.
//!
//! Argo CD has no such move. So a second one is made of the same spec; when it has marked all that the first holds, the first goes
//! without a cascade. What is left with its mark would be pruned by the hub's Application of that name, so it loses it.

use serde_json::{Value, json};

use super::applications::{stand_still, take_away, unmark};
use crate::argocd::{Application, stays_when_pruned, sync_operation, tracked_by};
use crate::engine::installers::LAST_APPLIED;
use crate::engine::ownership::entries;
use crate::engine::{self, Cluster, Poll, RECORD_MANAGER, REQUEST_MANAGER};
use crate::object::{Identity, ObjectRef, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// What the other name ends with.
const SUFFIX: &str = "-before";

/// The name under which an Application goes on.
pub fn other_name(name: &str) -> String {
    format!("{name}{SUFFIX}")
}

/// Whether an Application is one that a run has made under such a name.
pub fn is_successor(live: &Value) -> bool {
    entries(live).iter().any(|it| str_at(it, "/manager") == RECORD_MANAGER)
}

/// Has the Application go on under its other name, and waits until everything it holds is held under that.
pub async fn rename(application: &Identity, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let Some(live) = cluster.get(&application.object).await?.filter(|live| application.is(live)) else { return Ok(()) };
    stand_still(application, cluster).await?;
    let old = application.object.name.as_str();
    let successor = argo::application(&other_name(old));
    if cluster.metadata(&successor).await?.is_none() {
        cluster.apply(&copy(&live, &successor.name), RECORD_MANAGER).await?;
    }
    let held: Vec<ObjectRef> = Application(live).in_git().collect();
    let deadline = cluster.deadline();
    let look = async || {
        let Some(standing) = first_of(old, &held, cluster).await? else { return Ok(Poll::Done(())) };
        let new = Application(cluster.get(&successor).await?.unwrap_or_default());
        ask_for_a_sync(&new, cluster).await?;
        let why = format!("{standing} to be marked by {}", successor.name);
        deadline.tell(console, "rename", &why);
        Ok(Poll::Blocked(format!("{why}; {}", new.trouble().unwrap_or_default())))
    };
    deadline.poll_patiently(&format!("{application} to go on as {}", successor.name), look).await?;
    let all: Vec<ObjectRef> =
        Application(cluster.get(&application.object).await?.unwrap_or_default()).resources().collect();
    unmark(&all, old, cluster).await?;
    take_away(application, cluster, console).await?;
    console.done("renamed", format!("{application} goes on as {successor}, with all that it holds"));
    Ok(())
}

/// The first of these objects that still bears the mark of an Application, and does not stay by itself.
async fn first_of(name: &str, held: &[ObjectRef], cluster: &Cluster) -> Outcome<Option<ObjectRef>> {
    for object in held {
        let Some(live) = engine::absent(cluster.get(object).await)?.flatten() else { continue };
        if tracked_by(&live) == Some(name) && !stays_when_pruned(&live) {
            return Ok(Some(object.clone()));
        }
    }
    Ok(None)
}

/// One that does not sync by itself is asked to, at the commit with which it was compared.
async fn ask_for_a_sync(application: &Application, cluster: &Cluster) -> Outcome<()> {
    let automated = application.0.pointer("/spec/syncPolicy/automated");
    let is_automated = automated.is_some_and(|it| it.get("enabled") != Some(&json!(false)));
    let compared: Vec<String> = application.compared_revisions().into_iter().map(str::to_owned).collect();
    let Some(revision) = compared.first().filter(|_| !is_automated && !application.is_operating()) else {
        return Ok(());
    };
    let this = Identity::of(&application.0);
    engine::absent(cluster.merge_patch_of(&this, &sync_operation(application, revision), REQUEST_MANAGER).await)?;
    Ok(())
}

/// The same Application under another name, without what Argo CD and kubectl have written beside it.
fn copy(live: &Value, name: &str) -> Value {
    let mut annotations = live.pointer("/metadata/annotations").cloned().unwrap_or(json!({}));
    if let Some(all) = annotations.as_object_mut() {
        all.retain(|key, _| {
            ![argo::TRACKING_ID, argo::REFRESH, argo::REFRESH_STAMP, argo::SKIP_RECONCILE, LAST_APPLIED]
                .contains(&key.as_str())
        });
    }
    json!({
        "apiVersion": argo::API,
        "kind": argo::APPLICATION,
        "metadata": {
            "name": name,
            "namespace": argo::NAMESPACE,
            "labels": live.pointer("/metadata/labels").cloned().unwrap_or(json!({})),
            "annotations": annotations,
            "finalizers": live.pointer("/metadata/finalizers").cloned().unwrap_or(json!([])),
        },
        "spec": live["spec"],
    })
}
