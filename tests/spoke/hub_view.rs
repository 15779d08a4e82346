//! What a hub says of its spokes: of many as cheaply as of none, and never that one answers which nobody has asked.

use std::time::Instant;

use serde_json::Value;

use super::crowd::Crowd;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;
use crate::support::relay::Relay;

const MANY: usize = 50;

/// How many requests an action makes of the hub.
fn requests(hub: &Hub, action: &str) -> usize {
    let relay = Relay::before(hub.kubectl_command(&[]));
    let begin = Instant::now();
    hub.run_with(action, &[], Some(relay.kubeconfig())).expect(0);
    relay.since(begin).len()
}

/// The Secrets of clusters come in the page in which all Secrets come.
#[test]
#[ignore = "needs the testbed"]
fn the_status_of_fifty_spokes_asks_none_of_them_and_the_hub_no_more() {
    let hub = Hub::installed(Kind::Plain);
    let alone = requests(&hub, "status");
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
}
