//! What an orphaning removal changes before it deletes, and how it was: written on each object with the change itself, so
//! that whatever run comes next can put it back.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::document::Bead;
use crate::engine::{Cluster, Fault, FaultKind};
use crate::guard::{ExternalResources, WAS};
use crate::object::{Identity, annotation, is_being_deleted};
use crate::report::{Console, Outcome};
use crate::run::exactly::patch;
use crate::words::crossplane::PAUSED;

/// The fields of a managed resource that say what its deletion deletes.
const POLICIES: [&str; 2] = ["managementPolicies", "deletionPolicy"];

/// How long a look may take that is beside what was asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// Pauses an object, and writes down how it was.
pub async fn pause(cluster: &Cluster, object: &Identity) -> Result<(), Fault> {
    let live = cluster.metadata(&object.object).await?.unwrap_or_default();
    let was = record(&live, || json!({"paused": annotation(&live, PAUSED)}));
    patch(cluster, object, json!({"metadata": {"annotations": {PAUSED: "true", WAS: was}}})).await
}

/// Gives a managed resource other policies, and writes down which it had.
pub async fn set_policies(cluster: &Cluster, object: &Identity, live: &Value, spec: &Value) -> Result<(), Fault> {
    let was =
        record(live, || POLICIES.iter().map(|field| ((*field).to_owned(), live["spec"][*field].clone())).collect());
    patch(cluster, object, json!({"metadata": {"annotations": {WAS: was}}, "spec": spec})).await
}

/// What is written down already is from before the first change.
fn record(live: &Value, now: impl FnOnce() -> Value) -> String {
    annotation(live, WAS).map_or_else(|| now().to_string(), str::to_owned)
}

/// Puts everything back that a removal has changed which was broken off, and says so. What people have paused stays so.
pub async fn put_back(bead: &Bead, cluster: &Cluster, console: &Console) -> Outcome<()> {
    put_back_all(&ExternalResources::if_any(cluster, bead).await?.changed, cluster, console).await
}

/// The same beside an installation, which does not hang on it: where nobody can look, that is said.
pub async fn put_back_what_is_seen(bead: &Bead, cluster: &Cluster, console: &Console) -> Outcome<()> {
    match ExternalResources::if_any(cluster, bead).await {
        Err(fault) if matches!(fault.kind, FaultKind::Unknown | FaultKind::Forbidden) => {
            console.say(format!("warning: {}", not_looked_at(&fault)));
            Ok(())
        }
        found => put_back_all(&found?.changed, cluster, console).await,
    }
}

async fn put_back_all(changed: &[Identity], cluster: &Cluster, console: &Console) -> Outcome<()> {
    // Policies first: nothing may be deleted by them before all of them are right.
    for object in changed.iter().rev() {
        let Some(live) = cluster.get(&object.object).await? else { continue };
        if let Some(before) = annotation(&live, WAS).and_then(|was| before(was, is_being_deleted(&live))) {
            patch(cluster, object, before).await?;
            console.done("put back", format!("{object}: as it was before a removal that was broken off"));
        }
    }
    Ok(())
}

/// What a removal has left changed, a line each. Whoever asks how a bead is gets the answer where nobody can look, too, and
/// is told that.
pub async fn left_changed(bead: &Bead, cluster: &Cluster, console: &Console) -> Result<Vec<String>, Fault> {
    match ExternalResources::if_any(&cluster.patient_for(PATIENCE), bead).await {
        Ok(outside) => {
            let why = "a removal that was broken off has changed its pause or its policies";
            Ok(outside.changed.iter().map(|object| format!("{object}: {why}")).collect())
        }
        // The last is our own patience, which is at its end.
        Err(fault) if matches!(fault.kind, FaultKind::Unknown | FaultKind::Forbidden) || fault.tried.is_some() => {
            console.say(not_looked_at(&fault));
            Ok(Vec::new())
        }
        Err(fault) => Err(fault),
    }
}

fn not_looked_at(fault: &Fault) -> String {
    format!("not looked at, whether a removal that was broken off has left something changed: {fault}")
}

/// The patch that puts an object back. One that is being deleted goes as it was told to: its policies stay.
fn before(was: &str, is_going: bool) -> Option<Value> {
    let was: Map<String, Value> = serde_json::from_str(was).ok()?;
    let mut patch = json!({"metadata": {"annotations": {WAS: null}}});
    if let Some(paused) = was.get("paused") {
        patch["metadata"]["annotations"][PAUSED] = paused.clone();
    }
    for field in POLICIES.into_iter().filter(|_| !is_going) {
        if let Some(policy) = was.get(field) {
            patch["spec"][field] = policy.clone();
        }
    }
    Some(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_down_first_is_what_is_put_back() {
        let live = json!({"metadata": {"annotations": {WAS: "first"}}});
        assert_eq!(record(&live, || json!("second")), "first");
        let put = before(r#"{"paused": null}"#, false).expect("a record");
        assert_eq!(put, json!({"metadata": {"annotations": {WAS: null, PAUSED: null}}}));
        let put = before(r#"{"paused": "true"}"#, false).expect("a record");
        assert_eq!(put["metadata"]["annotations"][PAUSED], "true", "people have paused it");
    }

    #[test]
    fn policies_are_put_back_while_nothing_deletes_by_them() {
        let was = r#"{"managementPolicies": ["*"], "deletionPolicy": null}"#;
        let spec = json!({"managementPolicies": ["*"], "deletionPolicy": null});
        assert_eq!(before(was, false).expect("a record")["spec"], spec);
        assert_eq!(before(was, true).expect("a record").get("spec"), None);
        assert_eq!(before("somebody wrote here", false), None);
    }
}
