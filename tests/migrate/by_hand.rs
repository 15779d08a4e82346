//! Where the cluster, or the user, has nobody to ask for it.

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::widgets::Widgets;
use crate::hub::fixture::eventually;
use crate::support::shared_api::SharedApi;
use crate::support::with_token;

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

    let file = with_token(api.kubeconfig(), &api.kubectl(&["create", "token", name]));
    let user = format!("system:serviceaccount:{}:{name}", api.namespace);
    let asked = ["auth", "can-i", "get", "namespaces", "--as", &user];
    eventually("the role is known", || api.try_kubectl(&asked).status.success());
    file
}

/// A policy that denies whatever would change this object.
fn deny(api: &SharedApi, widgets: &Widgets, name: &str) -> String {
    let kind = |kind: &str, spec: Value| {
        let metadata = json!({"name": api.namespace});
        json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": metadata, "spec": spec})
    };
    let rules = json!([{"apiGroups": [widgets.group], "apiVersions": ["*"], "resources": ["widgets"],
        "operations": ["UPDATE"]}]);
    let validations = json!([{"expression": format!("object.metadata.name != '{name}'"), "message": "it is held"}]);
    let policy = json!({"matchConstraints": {"resourceRules": rules}, "validations": validations});
    api.apply(&kind("ValidatingAdmissionPolicy", policy).to_string());
    let binding = json!({"policyName": api.namespace, "validationActions": ["Deny"]});
    api.apply(&kind("ValidatingAdmissionPolicyBinding", binding).to_string());
    let change = ["label", "--overwrite", "--dry-run=server", &widgets.kind("v1"), name, "a=b"];
    eventually("the policy is known", || !api.try_kubectl(&change).status.success());
    format!("validatingadmissionpolicybinding/{}", api.namespace)
}

/// A version that objects were stored in cannot leave the CRD. Each object is written anew, more of them than fit in a page;
/// those that the API server does not take, since they are not valid any more or a policy denies it, are named, and the CRD
/// goes on saying that it is stored in both. Mended, all of them are; the old version can go, everything can be read, and
/// whoever owned fields in it still does.
#[test]
#[ignore = "needs the testbed"]
fn the_old_version_can_go_when_every_object_is_stored_in_the_new_one() {
    let api = SharedApi::namespaced("migrate");
    let widgets = Widgets::new(api.kubeconfig(), &api.namespace, &format!("{}.example", api.namespace));
    widgets.make(520);
    let bare = widgets.object("v1alpha1", "bare", &json!({"template": {"data": {"a": "b"}}}));
    widgets.try_apply(&bare, "setter").expect("of whatever kind");
    widgets.define(&["v1alpha1", "v1"], "v1").expect("v1 is stored from now on");
    assert_eq!(widgets.stored(), json!(["v1alpha1", "v1"]));
    let refused = widgets.define(&["v1"], "v1").expect_err("objects are stored as v1alpha1");
    assert!(refused.contains("status.storedVersions"), "{refused}");

    let (resource, crds) = (widgets.crd(), "customresourcedefinitions");
    let user = user_of(
        &api,
        "migrator",
        &[
            ("get", "namespaces"),
            ("get,list,patch", &resource),
            ("get", &format!("{crds}.apiextensions.k8s.io")),
            ("patch", &format!("{crds}/status.apiextensions.k8s.io")),
        ],
    );
    let denial = deny(&api, &widgets, "widget-300");
    let failure = widgets.migrate(user.path()).expect_err("two of them cannot be written");
    assert!(failure.message.contains("of 521 objects of widgets."), "{failure:?}");
    let named = |name: &str, why: &str| {
        let begin = format!("Widget {}/{name}: ", api.namespace);
        failure.details.iter().any(|line| line.starts_with(&begin) && line.contains(why))
    };
    assert!(named("bare", "spec.template.kind: Required value"), "{failure:?}");
    assert!(named("widget-300", "it is held"), "{failure:?}");
    assert_eq!(failure.details.len(), 2, "{failure:?}");
    assert_eq!(widgets.stored(), json!(["v1alpha1", "v1"]), "two of them are not stored as v1");

    let template = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": "b"}});
    let mended = widgets.object("v1", "bare", &json!({"template": template}));
    widgets.try_apply(&mended, "setter").expect("it has a kind");
    api.kubectl(&["delete", &denial]);
    let change = ["label", "--overwrite", "--dry-run=server", &widgets.kind("v1"), "widget-300", "a=b"];
    eventually("the policy is forgotten", || api.try_kubectl(&change).status.success());
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
