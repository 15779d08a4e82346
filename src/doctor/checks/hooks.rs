//! Hooks of syncs that do not go, and those that go before Argo CD has seen how they ended.

use jiff::Timestamp;

use crate::doctor::code::HOOK_STUCK;
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::object::{ObjectRef, finalizers, is_being_deleted, items, str_at};
use crate::words::argo;

/// Jobs with a life of their own, and objects that wait for Argo CD's hook finalizer.
pub fn stuck(facts: &Facts) -> Vec<Finding> {
    let waiting =
        facts.objects.iter().filter(|it| it.has_hook_finalizer && it.is_being_deleted && it.object.kind != "Job");
    let says = "it is being deleted, and waits for Argo CD to be done with it as a hook";
    let mut found: Vec<Finding> = waiting.map(|it| Finding::new(HOOK_STUCK, Harm::Trouble, &it.object, says)).collect();

    for job in facts.hook_jobs.iter().flatten() {
        let object = ObjectRef::of(job);
        let is_held = finalizers(job).contains(&argo::HOOK_FINALIZER);
        if is_held && is_being_deleted(job) {
            found.push(Finding::new(HOOK_STUCK, Harm::Trouble, &object, says));
        } else if is_held && is_over(facts, job) {
            let says = "it has ended before the last sync did, and still waits for Argo CD";
            found.push(Finding::new(HOOK_STUCK, Harm::Trouble, &object, says));
        }
        if job.pointer("/spec/ttlSecondsAfterFinished").is_some() {
            let says = "it is a hook and removes itself: Argo CD may miss how it ended, and its log is lost";
            found.push(Finding::new(HOOK_STUCK, Harm::Note, &object, says));
        }
    }
    found
}

/// Whether a Job has ended, and every operation that could be its own has ended after it, in an hour without a new one.
fn is_over(facts: &Facts, job: &serde_json::Value) -> bool {
    let condition = |wanted: &str| {
        items(job, "/status/conditions").find(|it| str_at(it, "/type") == wanted && str_at(it, "/status") == "True")
    };
    let ended = ["Complete", "Failed"]
        .iter()
        .find_map(|it| str_at(condition(it)?, "/lastTransitionTime").parse::<Timestamp>().ok());
    let applications = facts.applications.iter().flatten();
    let is_running =
        |it: &serde_json::Value| matches!(str_at(it, "/status/operationState/phase"), "Running" | "Terminating");
    let finished = applications
        .clone()
        .filter_map(|it| str_at(it, "/status/operationState/finishedAt").parse::<Timestamp>().ok())
        .max();
    ended.zip(finished).is_some_and(|(ended, finished)| ended < finished) && !applications.clone().any(is_running)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_hook_is_stuck_when_it_waits_for_an_argo_cd_that_is_done() {
        let job = |metadata: Value, spec: Value, ended: Option<&str>| {
            let conditions: Vec<Value> = ended
                .map(|it| json!({"type": "Complete", "status": "True", "lastTransitionTime": it}))
                .into_iter()
                .collect();
            let mut job =
                json!({"kind": "Job", "metadata": metadata, "spec": spec, "status": {"conditions": conditions}});
            job["metadata"]["name"] = json!("migrate");
            job
        };
        let held = json!({"finalizers": [argo::HOOK_FINALIZER]});
        let going = json!({"finalizers": [argo::HOOK_FINALIZER], "deletionTimestamp": "2026-01-01T00:00:00Z"});
        for (job, count) in [
            (job(json!({}), json!({}), None), 0),
            (job(going, json!({}), None), 1),
            (job(held.clone(), json!({}), None), 0),
            (job(held.clone(), json!({}), Some("2026-01-01T00:00:00Z")), 1),
            (job(held, json!({}), Some("2026-01-03T00:00:00Z")), 0),
            (job(json!({}), json!({"ttlSecondsAfterFinished": 60}), None), 1),
        ] {
            let application =
                json!({"status": {"operationState": {"phase": "Succeeded", "finishedAt": "2026-01-02T00:00:00Z"}}});
            let facts = Facts { hook_jobs: Some(vec![job]), applications: Some(vec![application]), ..Facts::default() };
            assert_eq!(stuck(&facts).len(), count, "{facts:?}");
        }
    }
}
