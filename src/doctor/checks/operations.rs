//! Syncs that have failed for good, that hang, and Applications that somebody holds.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::doctor::application::{is_automated, is_true};
use crate::doctor::code::{HELD, OPERATION_STUCK, SYNC_NEVER_RETRIED};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::holders;
use crate::object::{ObjectRef, annotation, str_at, strings};
use crate::words::argo;

/// A sync that takes longer has a reason. By its default Argo CD ends none (`controller.sync.timeout.seconds`).
const LONG: SignedDuration = SignedDuration::from_hours(1);
/// The setting that bounds a sync.
const TIMEOUT: &str = "controller.sync.timeout.seconds";

/// Applications whose last sync has failed at the commit that is wanted.
pub fn never_retried(facts: &Facts) -> Vec<Finding> {
    let given_up = facts.applications.iter().flatten().filter(|it| is_given_up(it));
    given_up
        .map(|it| {
            let phase = str_at(it, "/status/operationState/phase");
            let message = str_at(it, "/status/operationState/message").lines().next().unwrap_or_default();
            let says =
                format!("the sync ended {phase} at the commit that is wanted, and is not tried again: {message}");
            Finding::new(SYNC_NEVER_RETRIED, Harm::Trouble, &ObjectRef::of(it), says)
        })
        .collect()
}

fn is_given_up(application: &Value) -> bool {
    let revisions = |at: &str| -> Vec<&str> {
        let part = application.pointer(at).unwrap_or(&Value::Null);
        let one = part.get("revision").and_then(Value::as_str).filter(|it| !it.is_empty());
        strings(part, "/revisions").chain(one).collect()
    };
    let synced = revisions("/status/operationState/syncResult");
    matches!(str_at(application, "/status/operationState/phase"), "Failed" | "Error")
        && str_at(application, "/status/sync/status") == "OutOfSync"
        && is_automated(application)
        && application.get("operation").is_none_or(Value::is_null)
        && !synced.is_empty()
        && synced == revisions("/status/sync")
}

/// Applications whose sync does not come to an end, or to a beginning.
pub fn stuck(facts: &Facts) -> Vec<Finding> {
    let is_bounded = facts.setting(TIMEOUT).is_some_and(|it| !["", "0"].contains(&it));
    let mut found = Vec::new();
    for it in facts.applications.iter().flatten() {
        let object = ObjectRef::of(it);
        let phase = str_at(it, "/status/operationState/phase");
        let started = str_at(it, "/status/operationState/startedAt").parse::<Timestamp>().ok();
        let since = started.map(|it| facts.now.duration_since(it)).filter(|it| *it > LONG);
        if let (Some(since), "Running" | "Terminating", false) = (since, phase, is_bounded) {
            let message = str_at(it, "/status/operationState/message").lines().next().unwrap_or_default();
            let says = format!("its sync is {phase} for {} h: {message}", since.as_hours());
            found.push(Finding::new(OPERATION_STUCK, Harm::Trouble, &object, says));
        } else if it.get("operation").is_some_and(Value::is_object) && is_skipped(it) {
            let says = "a sync was asked for, and Argo CD is told to leave it alone: nobody begins it";
            found.push(Finding::new(OPERATION_STUCK, Harm::Trouble, &object, says));
        }
    }
    found
}

/// Applications and clusters that Argo CD is told to leave alone, and its own Applications where they wait for people.
pub fn held(facts: &Facts) -> Vec<Finding> {
    let own = holders(facts);
    let mut found = Vec::new();
    for it in facts.applications.iter().flatten() {
        let object = ObjectRef::of(it);
        let automated = it.pointer("/spec/syncPolicy/automated");
        if is_skipped(it) {
            let says = "Argo CD is told to leave it alone: it is not compared, synced or deleted";
            found.push(Finding::new(HELD, Harm::Trouble, &object, says.to_owned() + &by_recovery(it)));
        } else if own.contains(&it) && automated.is_some_and(|it| it.get("enabled") == Some(&false.into())) {
            let says = "it deploys Argo CD itself, and its automated sync is switched off";
            found.push(Finding::new(HELD, Harm::Trouble, &object, says));
        } else if own.contains(&it) && !is_automated(it) {
            let says = "it deploys Argo CD itself, and is synced by hand only";
            found.push(Finding::new(HELD, Harm::Note, &object, says));
        }
    }
    for secret in facts.secrets.iter().flatten() {
        let is_cluster = secret.labels.get(argo::SECRET_TYPE).is_some_and(|it| it == argo::CLUSTER);
        if is_cluster && secret.annotations.get(argo::SKIP_RECONCILE).is_some_and(|it| is_true(it)) {
            let object = ObjectRef::new("v1", "Secret", Some(&facts.namespace), &secret.name);
            let says = format!("Argo CD is told to leave the cluster {} alone", secret.called);
            found.push(Finding::new(HELD, Harm::Trouble, &object, says));
        }
    }
    found
}

/// Which recovery holds an Application; nothing where it is none.
fn by_recovery(application: &Value) -> String {
    let Some(mark) = annotation(application, argo::HELD) else { return String::new() };
    let hold: Value = serde_json::from_str(mark).unwrap_or_default();
    format!("; `recover` has held it, for {} since {}: run it again", str_at(&hold, "/by"), str_at(&hold, "/since"))
}

fn is_skipped(application: &Value) -> bool {
    annotation(application, argo::SKIP_RECONCILE).is_some_and(is_true)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_sync_is_given_up_at_its_very_commit_only() {
        let status = |phase: &str, at: &str, sync: &str| {
            json!({"sync": {"status": sync, "revision": "b"},
                "operationState": {"phase": phase, "syncResult": {"revision": at}}})
        };
        let policy = json!({"syncPolicy": {"automated": {"selfHeal": true}}});
        for (spec, status, operation, given_up) in [
            (&policy, status("Failed", "b", "OutOfSync"), json!(null), true),
            (&policy, status("Error", "b", "OutOfSync"), json!(null), true),
            (&policy, status("Failed", "a", "OutOfSync"), json!(null), false),
            (&policy, status("Failed", "b", "Synced"), json!(null), false),
            (&policy, status("Succeeded", "b", "OutOfSync"), json!(null), false),
            (&policy, status("Failed", "b", "OutOfSync"), json!({"sync": {}}), false),
            (&json!({}), status("Failed", "b", "OutOfSync"), json!(null), false),
        ] {
            let application = json!({"spec": spec, "status": status, "operation": operation});
            assert_eq!(is_given_up(&application), given_up, "{application}");
        }
    }

    #[test]
    fn a_sync_hangs_after_an_hour_unless_it_is_bounded() {
        let running = |started: &str| json!({"metadata": {"name": "a"}, "status": {"operationState": {"phase": "Running", "startedAt": started}}});
        let mut skipped = json!({"metadata": {"name": "a", "annotations": {}}, "operation": {"sync": {}}});
        skipped["metadata"]["annotations"][argo::SKIP_RECONCILE] = json!("true");
        for (application, timeout, count) in [
            (running("2026-01-01T00:00:00Z"), None, 1),
            (running("2026-01-01T00:00:00Z"), Some("600"), 0),
            (running("2026-01-01T00:00:00Z"), Some("0"), 1),
            (running("2026-01-01T02:30:00Z"), None, 0),
            (skipped, Some("600"), 1),
        ] {
            let facts = Facts {
                now: "2026-01-01T03:00:00Z".parse().expect("a time"),
                applications: Some(vec![application]),
                settings: Some(timeout.map(|it| json!({"data": {TIMEOUT: it}})).into_iter().collect()),
                ..Facts::default()
            };
            assert_eq!(stuck(&facts).len(), count, "{facts:?}");
        }
    }

    #[test]
    fn a_hold_of_a_recovery_says_whose_it_is() {
        let mut application = json!({"metadata": {"name": "a", "annotations": {}}});
        application["metadata"]["annotations"][argo::SKIP_RECONCILE] = json!("true");
        assert_eq!(by_recovery(&application), "");
        application["metadata"]["annotations"][argo::HELD] = json!(r#"{"by":"me","since":"noon","to":"c"}"#);
        let facts = Facts { applications: Some(vec![application]), ..Facts::default() };
        let says = &held(&facts)[0].says;
        assert!(says.ends_with("`recover` has held it, for me since noon: run it again"), "{says}");
    }

    #[test]
    fn whatever_go_reads_as_true_holds() {
        for (value, count) in [("true", 1), ("True", 1), ("1", 1), ("yes", 0), ("false", 0)] {
            let mut application = json!({"metadata": {"name": "a", "annotations": {}}});
            application["metadata"]["annotations"][argo::SKIP_RECONCILE] = json!(value);
            let facts = Facts { applications: Some(vec![application]), ..Facts::default() };
            assert_eq!(held(&facts).len(), count, "{value}");
        }
    }
}
