//! Where the cluster, or the user, has nobody to ask for it.

use std::fs;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::widgets::Widgets;
use crate::hub::fixture::eventually;
use crate::support::shared_api::SharedApi;

/// The kubeconfig of a user who may do just this: kubectl's `--verb` and `--resource`.
fn user_of(api: &SharedApi, name: &str, rules: &[(&str, &str)]) -> NamedTempFile {
    api.kubectl(&["create", "serviceaccount", name]);
    let role = format!("{}-{name}", api.namespace);
    let allowing = |(verbs, resource): &(&str, &str)| {
        let (plural, group) = resource.split_once('.').unwrap_or((resource, ""));
        json!({"apiGroups": [group], "resources": [plural], "verbs": verbs.split(',').collect::<Vec<_>>()})
    };
    let rules: Vec<Value> = rules.iter().map(allowing).collect();
    let kind =
        |kind: &str| json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": role}});
    let mut cluster_role = kind("ClusterRole");
    cluster_role["rules"] = json!(rules);
    let mut binding = kind("ClusterRoleBinding");
    binding["roleRef"] = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role});
    binding["subjects"] = json!([{"kind": "ServiceAccount", "namespace": api.namespace, "name": name}]);
    api.apply(&cluster_role.to_string());
    api.apply(&binding.to_string());

    let text = fs::read_to_string(api.kubeconfig()).expect("a kubeconfig");
    let mut kubeconfig: Value = serde_json::from_str(&text).expect("the testbed writes JSON");
    kubeconfig["users"][0]["user"] = json!({"token": api.kubectl(&["create", "token", name]).trim()});
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), kubeconfig.to_string()).expect("written");
    let user = format!("system:serviceaccount:{}:{name}", api.namespace);
    let asked = ["auth", "can-i", "get", "namespaces", "--as", &user];
    eventually("the role is known", || api.try_kubectl(&asked).status.success());
    file
}

/// A version that objects were stored in cannot leave the CRD. Each object is written anew, more of them than fit in a page;
/// one that is not valid any more is named, and then the CRD goes on saying that it is stored in both. Mended, all of them
/// are; the old version can go, everything can be read, and whoever owned fields in it still does.
#[test]
#[ignore = "needs the testbed"]
fn the_old_version_can_go_when_every_object_is_stored_in_the_new_one() {
    let api = SharedApi::namespaced("migrate");
    let widgets = Widgets::new(api.kubeconfig(), &api.namespace, &format!("{}.example", api.namespace));
    widgets.make(520);
    let pale = widgets.object("v1alpha1", "pale", &json!({"size": "small"}));
    widgets.try_apply(&pale, "setter").expect("v1alpha1 needs no color");
    widgets.define(&["v1alpha1", "v1"], "v1").expect("v1 is stored from now on");
    assert_eq!(widgets.stored(), json!(["v1alpha1", "v1"]));
    let refused = widgets.define(&["v1"], "v1").expect_err("objects are stored as v1alpha1");
    assert!(refused.contains("status.storedVersions"), "{refused}");

    let crds = "customresourcedefinitions.apiextensions.k8s.io";
    let resource = widgets.crd();
    let user = user_of(
        &api,
        "migrator",
        &[
            ("get", "namespaces"),
            ("get,list,patch", &resource),
            ("get", crds),
            ("patch", "customresourcedefinitions/status.apiextensions.k8s.io"),
        ],
    );
    let failure = widgets.migrate(user.path()).expect_err("one of them has no color");
    assert!(failure.message.starts_with("1 of 521 objects of widgets."), "{failure:?}");
    assert!(failure.details[0].starts_with(&format!("Widget {}/pale: ", api.namespace)), "{failure:?}");
    assert!(failure.details[0].contains("spec.color: Required value"), "{failure:?}");
    assert_eq!(widgets.stored(), json!(["v1alpha1", "v1"]), "one of them is not stored as v1");

    let mended = widgets.object("v1", "pale", &json!({"color": "white", "size": "small"}));
    widgets.try_apply(&mended, "setter").expect("it has a color");
    widgets.migrate(user.path()).expect("all of them can be stored");
    assert_eq!(widgets.stored(), json!(["v1"]));
    widgets.define(&["v1"], "v1").expect("nothing is stored as v1alpha1");
    let all = widgets.kubectl(&["get", &widgets.kind("v1"), "-o", "name"]);
    assert_eq!(all.lines().count(), 521, "each can be read");

    // Its size is still its owner's, who takes it out.
    let entry = widgets.get(&widgets.kind("v1"), "widget-7")["metadata"]["managedFields"][0].clone();
    assert_eq!((&entry["manager"], &entry["apiVersion"]), (&json!("setter"), &json!(format!("{}/v1", widgets.group))));
    let without = widgets.object("v1", "widget-7", &json!({"color": "red"}));
    widgets.try_apply(&without, "setter").expect("it is applied");
    assert_eq!(widgets.get(&widgets.kind("v1"), "widget-7")["spec"], json!({"color": "red"}));
    widgets.migrate(user.path()).expect("there is nothing left to do");
}

/// A migration that may not say that it is through is of no use, so it does not begin.
#[test]
#[ignore = "needs the testbed"]
fn what_the_user_may_not_do_is_named_before_an_object_is_written() {
    let api = SharedApi::namespaced("migrate");
    let widgets = Widgets::new(api.kubeconfig(), &api.namespace, &format!("{}.example", api.namespace));
    widgets.make(1);
    widgets.define(&["v1alpha1", "v1"], "v1").expect("v1 is stored from now on");
    let before = widgets.get(&widgets.kind("v1"), "widget-1");
    let crds = "customresourcedefinitions.apiextensions.k8s.io";
    let rules = [("get", "namespaces"), ("get,list", &*widgets.crd()), ("get", crds)];
    let failure = widgets.migrate(user_of(&api, "reader", &rules).path()).expect_err("it may only read");
    let group = &widgets.group;
    assert_eq!(
        failure.details,
        [
            "patch customresourcedefinitions.apiextensions.k8s.io/status cluster-wide".to_owned(),
            format!("patch widgets.{group} cluster-wide"),
        ]
    );
    assert_eq!(widgets.get(&widgets.kind("v1"), "widget-1"), before);
    assert_eq!(widgets.stored(), json!(["v1alpha1", "v1"]));
}
