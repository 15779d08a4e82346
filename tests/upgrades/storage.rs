//! The migration that Kubernetes carries out itself.

use serde_json::json;

use crate::hub::fixture::{TESTBED, eventually, lease};
use crate::migrate::widgets::Widgets;
use crate::support::shared_api::SharedApi;

const MIGRATIONS: &str = "storageversionmigrations.storagemigration.k8s.io";

/// A cluster with a controller manager does it when it is asked; the request is taken away again. One that had failed before is
/// made anew.
#[test]
#[ignore = "needs older versions"]
fn kubernetes_itself_migrates_where_it_can() {
    let cluster = lease(TESTBED.lease());
    let widgets = Widgets::new(cluster.kubeconfig(), "default", "storage.example");
    widgets.make(600);
    widgets.define(&["v1alpha1", "v1"], "v1").expect("v1 is stored from now on");
    let name = format!("backstack.{}", widgets.crd());
    // Of what nobody serves: it fails after a minute.
    let failing = json!({"apiVersion": "storagemigration.k8s.io/v1", "kind": "StorageVersionMigration",
        "metadata": {"name": name}, "spec": {"resource": {"group": "storage.example", "resource": "gadgets"}}});
    widgets.try_apply(&failing, "test").expect("it is made");
    eventually("it has failed", || {
        let conditions = widgets.get(MIGRATIONS, &name)["status"]["conditions"].clone();
        let has_failed = |it: &serde_json::Value| it["type"] == "Failed" && it["status"] == "True";
        conditions.as_array().is_some_and(|all| all.iter().any(has_failed))
    });

    widgets.migrate(cluster.kubeconfig()).expect("they are migrated");
    assert_eq!(widgets.stored(), json!(["v1"]));
    let crd = widgets.get("crd", &widgets.crd());
    let conditions = crd["status"]["conditions"].as_array().expect("conditions");
    let migrating = conditions.iter().find(|it| it["type"] == "StorageMigrating").expect("Kubernetes has done it");
    assert_eq!(migrating["reason"], "MigrationSucceeded", "{migrating}");
    assert_eq!(widgets.kubectl(&["get", MIGRATIONS, "-o", "name"]), "", "the request is taken away");
    widgets.define(&["v1"], "v1").expect("nothing is stored as v1alpha1");
    let all = widgets.kubectl(&["get", &widgets.kind("v1"), "-o", "name"]);
    assert_eq!(all.lines().count(), 600, "each can be read");
}

/// An API server whose controller manager does not work at it takes the request and lets it lie. That is noticed, and it is done by
/// hand.
#[test]
#[ignore = "needs older versions"]
fn a_request_that_nobody_works_at_is_not_waited_for() {
    let api = SharedApi::namespaced("storage");
    let widgets = Widgets::new(api.kubeconfig(), &api.namespace, &format!("{}.example", api.namespace));
    widgets.make(3);
    widgets.define(&["v1alpha1", "v1"], "v1").expect("v1 is stored from now on");
    widgets.migrate(api.kubeconfig()).expect("they are migrated by hand");
    assert_eq!(widgets.stored(), json!(["v1"]));
    let left = widgets.kubectl(&["get", MIGRATIONS, "-o", "name"]);
    assert!(!left.contains(&widgets.crd()), "the request is taken away: {left}");
    widgets.define(&["v1"], "v1").expect("nothing is stored as v1alpha1");
}
