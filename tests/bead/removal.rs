//! A bead goes without a trace, in the right order, and not while something depends on it.

use super::fixture::Bead;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_bead_goes_after_those_that_depend_on_it_and_leaves_nothing() {
    let hub = Hub::installed(Kind::Plain);
    let first = Bead::new(&hub, "first");
    first.run("uninstall").expect(0).says("there is no bead first on this hub: nothing to remove");
    first.run("install").expect(0);
    let second = Bead::new(&hub, "second");
    second.edit("bead.yaml", |text| text.replacen("spec:\n", "spec:\n  dependsOn: [{bead: first}]\n", 1));
    second.run("install").expect(0);

    let head = hub.commits()[0].clone();
    first.run("uninstall").expect(3).says("bead second depends on it").says("nothing was removed").says("hint:");
    assert_eq!(hub.commits()[0], head, "nothing was committed");
    assert!(first.object("deployment", "first", "first").is_some());

    second
        .run("uninstall")
        .expect(0)
        .says("nothing of bead second is left")
        .says("Namespace second: others may use it");
    assert_eq!(second.object("deployment", "second", "second"), None);
    assert!(first.object("deployment", "first", "first").is_some());
    first.run("uninstall").expect(0);
    assert_eq!(first.object("deployment", "first", "first"), None);
    for kind in ["applications", "appprojects"] {
        let left = hub.kubectl(&["get", kind, "-n", "argocd", "-o", "name"]);
        assert!(!left.contains("bead-"), "{left}");
    }
    assert_eq!(hub.kubectl(&["get", "beads", "-o", "name"]), "");
    assert_eq!(hub.files(&["beads", "root/beads"]), "", "git");
    assert!(!hub.files(&["backstage"]).contains("first"), "git");
    assert!(!hub.files(&["README.md", "root", "argocd"]).contains("bead-first"), "git");

    // Everybody agrees that it never was there.
    first.run("uninstall").expect(0).says("nothing to remove");
    hub.run("verify").expect(0);
    hub.run("install").expect(0).says("no change");
    // And it comes back.
    first.run("install").expect(0);
    assert!(first.object("deployment", "first", "first").is_some());
}
