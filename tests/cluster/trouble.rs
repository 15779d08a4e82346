//! What may be wrong: with the state, with a provider, with the cluster.

use serde_json::json;

use super::fixture::Bundle;
use crate::hub::fixture::Run;

#[test]
#[ignore = "needs the testbed"]
fn a_provider_that_fails_in_the_middle_loses_nothing_of_what_was_made() {
    let mut bundle = Bundle::new();
    bundle.set("fails", true);
    let failed = bundle.run("install").expect(1).says("terraform_data.addon");
    assert!(bundle.exists() && !failed.stderr.contains("has made the cluster"), "{}", failed.stderr);
    assert_eq!(bundle.record()["phase"], "unfinished");
    assert!(bundle.output("facts").contains(&bundle.name), "what is known is handed back");
    bundle.set("fails", false);
    // The addon was made half, and is made anew.
    let named = json!({"mayRemove": ["terraform_data.addon"]});
    bundle.run_with("install", &named).expect(0).says("has made the cluster");
    assert_eq!(bundle.record()["origin"], "made");

    // A state that another run holds.
    let mut holding = Bundle::new();
    holding.set("network", json!({"create": "120s", "destroy": "0s"}));
    let child = holding.start("install", &holding.step("install", &json!({})));
    let held = Run::watched(child, "apply", |child| {
        let step = holding.step("upgrade", &json!({})).replace("150s", "12s");
        Run::of(holding.start("upgrade", &step)).expect(1).says("lock");
        crate::signals::send("TERM", child);
    });
    assert_eq!(held.code(), 143, "{}", held.stderr);
    holding.run("uninstall").expect(0).says("the state holds nothing");

    // The cluster behind the back of its module: nobody can look at it.
    bundle.end_cluster();
    let refused = bundle.run("uninstall").expect(3).says("does not answer").says("mayRemove: [cluster]");
    assert!(bundle.resources().len() == 3, "{}", refused.stderr);
    bundle.run_with("uninstall", &json!({"connectOnly": true})).expect(1).says("mayRemove: [cluster]");
    let named = json!({"mayRemove": ["cluster"]});
    let connect = json!({"mayRemove": ["cluster"], "connectOnly": true});
    bundle.run_with("uninstall", &connect).expect(0).says("the steps that follow take nothing off it");
    bundle.run_with("uninstall", &named).expect(0).says("which was not looked at");
    assert_eq!(bundle.resources(), [""; 0]);
}
