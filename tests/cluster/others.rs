//! Clusters of others: found, never made, never destroyed.

use std::fs;

use serde_json::json;

use super::fixture::Bundle;
use crate::support::shared_api::SharedApi;

#[test]
#[ignore = "needs the testbed"]
fn a_cluster_that_was_there_is_adopted_and_left_standing_whatever_the_state_says() {
    let api = SharedApi::namespaced("adopted");
    let mut bundle = Bundle::new();
    // Looked up alone.
    bundle.copy_module("found");
    bundle.variables = json!({"kubeconfig": api.kubeconfig()});
    let step = |bundle: &Bundle, action: &str, more: &serde_json::Value| {
        bundle.step(action, more).replace(r#""secrets":{"token":{"env":"MODULE_TOKEN"}},"#, "")
    };
    let run = |bundle: &Bundle, action: &str, more: serde_json::Value| {
        crate::hub::fixture::Run::of(bundle.start(action, &step(bundle, action, &more)))
    };
    run(&bundle, "install", json!({})).expect(0).says("it is adopted").says("only looked up");
    assert_eq!(bundle.record()["origin"], "adopted");
    assert!(
        api.kubectl(&["get", "configmap", "-n", "kube-system", "-o", "name"])
            .lines()
            .all(|it| !it.contains("backstack"))
    );
    run(&bundle, "uninstall", json!({"onUninstall": "destroy"}))
        .expect(3)
        .says("this installation has not made the cluster");
    run(&bundle, "uninstall", json!({})).expect(0).says("left standing");
    run(&bundle, "status", json!({})).expect(0);

    // Its kubeconfig leads to another cluster than before: neither of them is taken for the other one.
    let bundle = Bundle::new();
    bundle.run("install").expect(0).says("has made the cluster");
    let config = bundle.where_it_is().join("config");
    let own = fs::read(&config).expect("a kubeconfig");
    fs::copy(api.kubeconfig(), &config).expect("written");
    for action in ["install", "status", "uninstall"] {
        bundle.run(action).expect(3).says("leads to another cluster");
    }
    fs::write(&config, own).expect("written");
    bundle.run("install").expect(0);
    assert_eq!(bundle.record()["origin"], "made");

    // A state with resources and no record: they were imported, or are of another installation.
    fs::remove_file(bundle.kept("cluster.json")).expect("removed");
    bundle.run("install").expect(0).says("it is adopted").says("before this installation began");
    bundle.run("uninstall").expect(0).says("left standing");
    bundle.run_with("uninstall", &json!({"onUninstall": "destroy"})).expect(3).says("it is not destroyed");
    assert!(bundle.exists() && bundle.resources().len() == 3);
}
