//! The roles of docs/rbac.md on a real API server: who has them and no more installs a hub, proves it and removes it.

use tempfile::NamedTempFile;

use super::fixture::Hub;
use crate::rbac::role_on_page;
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
    run("uninstall").expect(1).says("cannot list namespaces").says("hint:");

    hub.kubectl(&["delete", "clusterrolebinding", "backstack-installer"]);
    give(&hub, "the role of a removal", "backstack-remover");
    run("uninstall").expect(0).says("nothing of the hub is left");
}
