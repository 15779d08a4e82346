//! A hub on a cluster that the same bundle has made.

use serde_json::json;

use super::fixture::Bundle;
use crate::hub::fixture::{Run, TESTBED};

#[test]
#[ignore = "needs the testbed"]
fn a_cluster_goes_after_the_hub_on_it_and_not_before() {
    let mut bundle = Bundle::new();
    bundle.set("whole", true);
    let repository = TESTBED.repository().expect("a repository");
    let hub = bundle.add_hub(&repository);
    let on_hub = |action: &str| Run::of(bundle.start(action, &Bundle::step_of(action, &hub)));
    bundle.run("install").expect(0).says("has made the cluster");
    on_hub("install").expect(0);
    bundle.run("uninstall").expect(3).says("Application argocd/root: Argo CD works for it here; remove the hub first");

    bundle.run_with("uninstall", &json!({"connectOnly": true})).expect(0);
    on_hub("uninstall").expect(0).says("nothing of the hub is left");
    bundle.run("uninstall").expect(0).says("the cluster answers no more");
    assert!(!bundle.exists());
}
