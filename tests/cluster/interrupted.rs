//! Runs that are ended in the middle: the next one goes on.

use serde_json::json;

use super::fixture::Bundle;
use crate::hub::fixture::{Run, TESTBED, eventually};
use crate::signals::send;

/// Sends a signal as soon as something is under way.
fn ended(bundle: &Bundle, action: &str, signal: &str, word: &str) -> Run {
    let child = bundle.start(action, &bundle.step(action, &json!({})));
    Run::watched(child, word, |child| send(signal, child))
}

#[test]
#[ignore = "needs the testbed"]
fn an_installation_that_is_ended_goes_on_and_so_does_its_removal() {
    let mut bundle = Bundle::new();
    let slow = json!({"create": "120s", "destroy": "0s"});
    bundle.set("network", slow.clone());
    let run = ended(&bundle, "install", "TERM", "apply ");
    assert_eq!(run.code(), 143, "{}", run.stderr);
    assert_eq!(
        (bundle.record()["phase"].as_str(), bundle.record()["fromNothing"].as_bool()),
        (Some("unfinished"), Some(true))
    );
    assert!(!bundle.exists() && !bundle.kubeconfig().exists());

    // What is asked to end when nobody is left to wait for it ends by itself, its state written.
    let run = ended(&bundle, "install", "KILL", "apply ");
    assert_eq!(run.status.code(), None);
    let lock = bundle.kept(".terraform.tfstate.lock.info");
    eventually("OpenTofu has ended", || !lock.exists());
    assert_eq!(bundle.record()["phase"], "making");
    bundle.run("uninstall").expect(3).says("a run was torn apart").says("mayRemove: [state]");

    bundle.set("network", json!({"create": "0s", "destroy": "120s"}));
    bundle.run("install").expect(0).says("a run was ended in the middle").says("has made the cluster");
    let uid = bundle.output("uid");
    assert_eq!((bundle.record()["origin"].as_str(), bundle.exists()), (Some("made"), true));

    // The cluster goes first, and then the network takes its time. A provider that is told to stop before it has begun goes
    // to the end of its work, so the signal waits until it has begun.
    let run = ended(&bundle, "uninstall", "TERM", "apply      destroys time_sleep.network");
    assert_eq!(run.code(), 143, "{}", run.stderr);
    assert_eq!((bundle.record()["phase"].as_str(), bundle.exists()), (Some("destroying"), false));
    assert_eq!(bundle.resources(), ["time_sleep.network"]);
    let run = ended(&bundle, "uninstall", "KILL", "apply ");
    assert_eq!(run.status.code(), None);
    eventually("OpenTofu has ended", || !lock.exists());

    // The steps of the bundle, from the first: a connection, the removal of the hub, the end of the cluster.
    bundle.set("network", json!({"create": "0s", "destroy": "0s"}));
    let hub = bundle.add_hub(&TESTBED.repository().expect("a repository"));
    for again in ["is being destroyed", "it was destroyed"] {
        bundle.run_with("uninstall", &json!({"connectOnly": true})).expect(0).says(again);
        Run::of(bundle.start("uninstall", &Bundle::step_of("uninstall", &hub))).expect(0).says("nothing to remove");
        let status = Run::of(bundle.start("status", &Bundle::step_of("status", &hub)));
        status.expect(1).says("the cluster of the kubeconfig").says("is gone");
        bundle.run("uninstall").expect(0);
        assert_eq!((bundle.resources().len(), bundle.record()["phase"].as_str()), (0, Some("destroyed")));
    }
    assert_eq!(bundle.record()["uid"].as_str(), Some(uid.as_str()));

    // A new life: nothing is left of the first one.
    bundle.run("install").expect(0).says("has made the cluster");
    assert_ne!(bundle.output("uid"), uid);
    bundle.run("uninstall").expect(0).says("the cluster answers no more");
}
