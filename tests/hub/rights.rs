//! The roles of docs/rbac.md on a real API server: who has them and no more installs a hub, proves it and removes it.

use std::time::Duration;

use backstack::engine::permissions::lacking_to_apply;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::fixture::Hub;
use crate::rbac::role_on_page;
use crate::support::on_cluster::on_cluster;
use crate::support::shared_api::SharedApi;
use crate::support::with_token;

/// The kubeconfig of an account that may nothing yet.
fn nobody_yet(hub: &Hub) -> NamedTempFile {
    hub.kubectl(&["create", "serviceaccount", "bound", "-n", "default"]);
    with_token(hub.cluster.kubeconfig(), &hub.kubectl(&["create", "token", "bound", "-n", "default", "--duration=2h"]))
}

/// Has the account have a role of the page.
fn give(hub: &Hub, part: &str, role: &str) {
    hub.apply(&role_on_page(part));
    let binding = ["create", "clusterrolebinding", role, "--serviceaccount=default:bound"];
    hub.kubectl(&[&binding[..], &[&format!("--clusterrole={role}")]].concat());
}

#[test]
#[ignore = "needs the testbed"]
fn the_roles_of_the_page_are_enough_to_install_and_to_remove() {
    let hub = Hub::plain();
    let kubeconfig = nobody_yet(&hub);
    let run = |action: &str| hub.run_with(action, &[], Some(kubeconfig.path()));

    give(&hub, "the role of an installation", "backstack-installer");
    run("install").expect(0);
    run("install").expect(0).says("no change");
    run("verify").expect(0);
    run("uninstall").expect(1).says("cannot list ").says("hint: bind a role with the named verb");

    hub.kubectl(&["delete", "clusterrolebinding", "backstack-installer"]);
    give(&hub, "the role of a removal", "backstack-remover");
    run("uninstall").expect(0).says("nothing of the hub is left");
}

/// A right in a namespace is none in the whole cluster, one in the whole cluster is one in each namespace, and one on some names is none
/// on all.
#[test]
#[ignore = "needs the testbed"]
fn what_the_rules_of_an_account_permit_is_what_it_may() {
    let api = SharedApi::namespaced("rules");
    let own = api.namespace.as_str();
    api.kubectl(&["create", "serviceaccount", "bound"]);
    let rule = |resource: &str, names: Value| json!({"apiGroups": [""], "resources": [resource], "verbs": ["get", "create", "patch"], "resourceNames": names});
    let account = json!([{"kind": "ServiceAccount", "name": "bound", "namespace": own}]);
    let rbac = "rbac.authorization.k8s.io/v1";
    // Which cluster it is says the namespace.
    let who_it_is =
        json!({"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"], "resourceNames": ["kube-system"]});
    let in_its = [rule("configmaps", json!([])), rule("namespaces", json!([])), rule("secrets", json!(["one"]))];
    for object in [
        json!({"apiVersion": rbac, "kind": "Role", "metadata": {"name": "in-its"}, "rules": in_its}),
        json!({"apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "in-its"}, "subjects": account,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "in-its"}}),
        json!({"apiVersion": rbac, "kind": "ClusterRole", "metadata": {"name": own},
            "rules": [rule("services", json!([])), who_it_is]}),
        json!({"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": own}, "subjects": account,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": own}}),
    ] {
        api.apply(&object.to_string());
    }
    let bound = with_token(api.kubeconfig(), &api.kubectl(&["create", "token", "bound"]));
    let object = |kind: &str, namespace: Option<&str>| json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "one", "namespace": namespace}});
    let objects = [
        object("ConfigMap", Some(own)),
        object("ConfigMap", Some("default")),
        object("Namespace", None),
        object("Secret", Some(own)),
        object("Service", Some(own)),
        object("Service", Some("default")),
    ];
    let lacking = on_cluster(bound.path(), Duration::from_secs(30), async |cluster| {
        lacking_to_apply(&cluster, &objects).await.expect("asked")
    });
    let places = [
        "configmaps in namespace default".to_owned(),
        "namespaces cluster-wide".to_owned(),
        format!("secrets in namespace {own}"),
    ];
    let of = |verb: &'static str| places.iter().map(move |place| format!("{verb} {place}"));
    assert_eq!(lacking, ["create", "get", "patch"].into_iter().flat_map(of).collect::<Vec<_>>());
}
