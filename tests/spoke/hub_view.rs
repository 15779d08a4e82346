//! What a hub says of its spokes: of many as cheaply as of none, and never that one answers which nobody has asked.

use std::process::Child;
use std::time::Instant;

use serde_json::Value;

use super::crowd::Crowd;
use super::fixture::start;
use crate::hub::fixture::{Hub, Run};
use crate::hub::installed::Kind;
use crate::support::relay::Relay;

const MANY: usize = 50;
/// What asking one spoke may cost the hub: it is read, asked, looked at until it has answered, and the time is noted.
const REQUESTS_OF_ONE: usize = 10;

/// How many requests an action makes of the hub.
fn requests(hub: &Hub, action: &str) -> usize {
    let relay = Relay::before(hub.kubectl_command(&[]));
    let begin = Instant::now();
    hub.run_with(action, &[], Some(relay.kubeconfig())).expect(0);
    relay.since(begin).len()
}

/// For the status, the Secrets of clusters come in the page in which all Secrets come. To verify is to ask each, of the hub.
#[test]
#[ignore = "needs the testbed"]
fn the_status_of_fifty_spokes_asks_none_of_them_and_to_verify_costs_a_few_requests_each() {
    let hub = Hub::installed(Kind::Plain);
    let (alone, alone_verified) = (requests(&hub, "status"), requests(&hub, "verify"));
    let crowd = Crowd::of(MANY);
    crowd.register(&hub);
    assert_eq!(requests(&hub, "status"), alone);
    assert!(crowd.members.iter().all(|it| it.gate.connections() == 0), "no spoke is asked");

    let status: Value = serde_json::from_str(&hub.answer_in_json("status")).expect("JSON");
    let spokes = status["spokes"].as_array().expect("a list");
    assert_eq!(spokes.len(), MANY, "{status:#}");
    assert_eq!((&spokes[0]["name"], &spokes[0]["state"]), (&"spoke00".into(), &"ready".into()));
    assert_eq!(spokes[0]["provenAt"], "2026-11-29T12:00:00Z");
    assert_eq!(status["status"], "Ready");

    crowd.probe(&hub);
    let begin = Instant::now();
    let verified = requests(&hub, "verify");
    let more = verified.saturating_sub(alone_verified);
    assert!(more <= MANY * REQUESTS_OF_ONE, "{verified} requests, {alone_verified} without spokes");
    println!(
        "{MANY} spokes verified in {:?}: {more} requests more than the {alone_verified} of the hub",
        begin.elapsed()
    );
    assert_eq!(requests(&hub, "status"), alone, "probes are no more requests either");
}

/// A spoke that died stays Synced and Healthy in Argo CD, so `verify` asks each for a sync; an upgrade asks none.
#[test]
#[ignore = "needs the testbed"]
fn a_spoke_that_died_is_named_by_verify_and_holds_up_no_upgrade() {
    let hub = Hub::installed(Kind::Plain);
    let mut crowd = Crowd::of(3);
    crowd.register(&hub);
    crowd.probe(&hub);
    hub.run("verify").expect(0).says("Argo CD comes to spoke00").says("Argo CD comes to spoke02");
    let proven = |name: &str| {
        let secret = hub.object("secret", &format!("spoke-{name}")).expect("a Secret");
        secret["metadata"]["annotations"]["backstack.dev/spoke-proven-at"].as_str().expect("a time").to_owned()
    };
    let before = proven("spoke01");
    assert_ne!(before, "2026-11-29T12:00:00Z", "the time of the proof is noted");

    let dead = crowd.members.remove(1);
    drop(dead.gate);
    hub.clear_outputs();
    let run = hub.run("verify").expect(1).says("does not come to a cluster that it knows\n  spoke01: ");
    assert!(!run.stderr.contains("\n  spoke00: "), "{}", run.stderr);
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("JSON");
    let state = |index: usize| (proof["spokes"][index]["spoke"].clone(), proof["spokes"][index]["state"].clone());
    assert_eq!(proof["holds"], true, "the handover is another matter");
    assert_eq!([state(0), state(1)], [("spoke00".into(), "holds".into()), ("spoke01".into(), "fails".into())]);
    assert_eq!(proven("spoke01"), before);
    hub.run("status").expect(0).says(&before);

    hub.edit_document(|text| {
        text.replacen("  argocd:\n", "  argocd:\n    config: {url: \"https://argocd.example.org\"}\n", 1)
    });
    let asked = || ["spoke00", "spoke01", "spoke02"].map(|name| last_sync(&hub, name));
    let before = (asked(), proven("spoke00"));
    hub.run("upgrade").expect(0);
    assert_eq!((asked(), proven("spoke00")), before, "an upgrade asks none");
}

/// The last sync of a spoke's probe, and what is asked for now.
fn last_sync(hub: &Hub, name: &str) -> (Value, Value) {
    let live = hub.object("application", &format!("spoke-{name}")).expect("a probe");
    (live["status"]["operationState"].clone(), live["operation"].clone())
}

/// All who ask a spoke share one probe. What only has the name of one may be anything, so it is not synced.
#[test]
#[ignore = "needs the testbed"]
fn each_of_several_gets_its_answer_and_what_is_no_probe_is_left_alone() {
    let hub = Hub::installed(Kind::Plain);
    let crowd = Crowd::of(2);
    crowd.register(&hub);
    crowd.probe(&hub);
    let askers: Vec<Child> = (0..4).map(|_| start(&hub, "verify", "name: spoke00")).collect();
    for asker in askers {
        Run::of(asker).expect(0).says("Argo CD came there at");
    }

    let of_a_person = r#"{"spec": {"project": "default"}}"#;
    hub.kubectl(&["patch", "application", "spoke-spoke01", "-n", "argocd", "--type=merge", "-p", of_a_person]);
    let before = last_sync(&hub, "spoke01");
    let run = hub.run("verify").expect(1);
    run.says("\n  spoke01: Application argocd/spoke-spoke01 is not its probe: its project is `default`");
    assert_eq!(last_sync(&hub, "spoke01"), before, "nothing is asked of it");
}
