//! SIGTERM in every phase, then the same action again: the hub ends as if nothing had happened.

use serde_json::Value;

use super::fixture::{Hub, managers};

#[test]
#[ignore = "needs the testbed"]
fn an_install_interrupted_in_every_phase_ends_in_the_same_state() {
    let hub = Hub::with_crossplane();
    for phase in ["cluster", "render", "commit", "apply", "sync", "release", "prove"] {
        hub.terminate_at("install", phase).expect(143).says("interrupted").says("run the same again");
    }
    hub.run("install").expect(0);
    assert_eq!(hub.commits().len(), 1, "one commit, however often it was tried");
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!(proof["holds"], true, "{proof:#}");
    assert!(proof["canaryHealedMs"].is_u64(), "the run that finishes the handover has probed it: {proof:#}");
    let root = hub.object("application", "root").expect("root");
    assert!(!managers(&root).contains(&"backstack".to_owned()));

    hub.terminate_at("uninstall", "freeze").expect(143);
    hub.run("install").expect(0); // a change of mind: automated sync is on again
    let root = hub.object("application", "root").expect("root");
    assert_eq!(root["spec"]["syncPolicy"]["automated"]["enabled"], true);

    for phase in ["guard", "freeze", "remove"] {
        hub.terminate_at("uninstall", phase).expect(143);
    }
    hub.run("uninstall").expect(0);
    assert!(hub.kubectl(&["get", "namespace", "argocd", "--ignore-not-found"]).is_empty());
}
