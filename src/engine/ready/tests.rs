use serde::Deserialize;
use serde_json::Value;

use super::{Readiness, readiness};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(rename = "case")]
    what: String,
    object: Value,
    #[serde(default)]
    ready: bool,
    pending: Option<String>,
    failed: Option<String>,
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("cases.json")).expect("a list of cases")
}

/// Demands what stands beside each object of a kind.
#[track_caller]
fn hold(kind: &str) {
    let cases: Vec<Case> = cases().into_iter().filter(|it| it.object["kind"] == kind).collect();
    assert!(!cases.is_empty(), "{kind}");
    for Case { what, object, ready, pending, failed } in cases {
        let expected = match (ready, pending, failed) {
            (true, None, None) => Readiness::Ready,
            (false, Some(why), None) => Readiness::Pending(why),
            (false, None, Some(why)) => Readiness::Failed(why),
            _ => panic!("{kind}, {what}: one of ready, pending and failed"),
        };
        assert_eq!(readiness(&object), expected, "{kind}, {what}");
    }
}

#[test]
fn a_deployment_is_ready_in_its_own_generation_and_fails_when_it_is_paused_or_past_its_deadline() {
    hold("Deployment");
}

#[test]
fn a_stateful_set_does_not_wait_for_what_people_update() {
    hold("StatefulSet");
}

#[test]
fn a_job_is_ready_when_it_is_done_and_a_pod_says_what_keeps_it() {
    hold("Job");
    hold("Pod");
}

#[test]
fn a_crd_without_conditions_is_pending_and_a_refused_name_is_a_failure() {
    hold("CustomResourceDefinition");
}

#[test]
fn a_kind_that_has_to_say_something_is_not_ready_before_it_has() {
    for kind in ["Provider", "ClusterPolicy", "APIService", "ApplicationSet"] {
        hold(kind);
    }
}

#[test]
fn what_is_not_known_is_as_it_says_itself() {
    hold("Bucket");
}

#[test]
fn every_case_holds() {
    let kinds: std::collections::BTreeSet<String> =
        cases().iter().filter_map(|it| it.object["kind"].as_str().map(str::to_owned)).collect();
    for kind in &kinds {
        hold(kind);
    }
    assert_eq!(readiness(&Value::Null), Readiness::Ready);
}
