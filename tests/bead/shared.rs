//! An object has one holder: a bead takes over nothing of another, and its removal takes nothing of another along.

use super::fixture::Bead;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

/// A role that does nothing.
fn role(name: &str) -> String {
    format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: []\n")
}

/// The document of a bead that may write roles of these names.
fn document(name: &str, application: &str, roles: &[&str]) -> String {
    let allowed =
        |role: &&str| format!("    - {{group: rbac.authorization.k8s.io, kind: ClusterRole, name: '{role}'}}\n");
    format!(
        "apiVersion: backstack.dev/v1alpha1
kind: Bead
metadata: {{name: {name}}}
spec:
  version: 0.1.0
  application: {{namespace: {name}, {application}}}
  permissions:
    clusterResources:
{}",
        roles.iter().map(allowed).collect::<String>()
    )
}

#[test]
#[ignore = "needs the testbed"]
fn what_another_bead_holds_is_neither_taken_over_nor_removed() {
    let hub = Hub::installed(Kind::Plain);
    let (role_of, accepted) = (|| hub.object("clusterrole", "shared"), "acceptPrivileges: true");
    hub.apply(&role("alone"));
    let first = Bead::new(&hub, "first").with(accepted);
    first.edit("app/deployment.yaml", |_| format!("{}---\n{}", role("shared"), role("alone")));
    first.edit("bead.yaml", |_| document("first", "manifests: app", &["shared", "alone"]));
    let said = "warning: ClusterRole alone is there already: the bead takes it over, and its removal deletes it";
    first.run("install").expect(0).says(said);
    assert!(!first.run("upgrade").expect(0).stderr.contains(said), "it is the bead's own now");
    let before = role_of().expect("there");

    // Manifests are seen beforehand, and so is what the permissions name.
    let second = Bead::new(&hub, "second").with(accepted);
    let commits = hub.commits();
    second.edit("app/deployment.yaml", |_| role("shared"));
    second.edit("bead.yaml", |_| document("second", "manifests: app", &["*"]));
    second.run("diff").expect(3).says("ClusterRole shared belongs to the Application bead-first-application");
    second.run("install").expect(3).says("ClusterRole shared belongs to the Application bead-first-application");
    second.lock_chart("roles", &[("role", &role("shared")), ("own", &role("own"))]);
    second.edit("bead.yaml", |_| document("second", "chart: {locked: roles}", &["shared"]));
    second.run("install").expect(3).says("and `permissions` of the bead name it");
    assert_eq!(hub.commits(), commits, "nothing was changed");

    // What only Argo CD sees it does not take, and nobody waits for the deadline.
    second.edit("bead.yaml", |_| document("second", "chart: {locked: roles}", &["*"]));
    second.run("install").expect(1).says("Shared resource found").says("ClusterRole/shared").says("hint:");
    let unchanged = |why: &str| {
        let now = role_of().expect(why);
        assert_eq!(now["metadata"], before["metadata"], "{why}");
    };
    unchanged("the install of the second");
    second.run("uninstall").expect(0);
    unchanged("the removal of the second");
    first.run("verify").expect(0);

    // What a version neither brings nor may bring any more goes all the same.
    first.edit("app/deployment.yaml", |_| role("shared"));
    first.edit("bead.yaml", |_| document("first", "manifests: app", &["shared"]));
    let commits = hub.commits().len();
    first.run("upgrade").expect(0);
    assert_eq!(hub.commits().len(), commits + 2, "pruned first, forbidden then");
    assert_eq!(hub.object("clusterrole", "alone"), None);
    unchanged("the upgrade of the first");
    first.run("uninstall").expect(0);
    assert_eq!(role_of(), None);
}
