//! A bead that does not get healthy is its own trouble, not that of others.

use super::fixture::Bead;
use crate::hub::fixture::Hub;
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_bead_that_is_not_well_holds_up_no_other() {
    let hub = Hub::installed(Kind::Plain);
    let mut bad = Bead::new(&hub, "bad");
    bad.timeout = "25s";
    bad.edit("app/deployment.yaml", |text| text.replace("registry.k8s.io/pause:3.10", "127.0.0.1:1/gone:1"));
    bad.run("install").expect(4).says("bad");

    let good = Bead::new(&hub, "good");
    good.run("install").expect(0).says("warning: Application argocd/root is not well, which is not of this bead: ");
    good.run("verify").expect(0);
    good.edit("bead.yaml", |text| text.replace("version: 0.1.0", "version: 0.2.0"));
    good.edit("app/deployment.yaml", |text| text.replace("name: good\n  namespace", "name: better\n  namespace"));
    good.run("upgrade").expect(0);
    assert!(good.object("deployment", "good", "better").is_some());
    assert_eq!(good.object("deployment", "good", "good"), None, "pruned");
    assert_eq!(good.output("bead-state")["version"], "0.2.0");

    // Argo CD brings beads that depend on none before it brings those that do.
    let mut later = Bead::new(&hub, "later");
    // The sync that waits for the other bead is ended first, and the next one comes to it wave by wave.
    later.timeout = "90s";
    later.edit("bead.yaml", |text| text.replacen("spec:\n", "spec:\n  dependsOn: [{bead: good}]\n", 1));
    later.run("install").expect(4).says("bead-bad");

    bad.timeout = "8m";
    bad.edit("app/deployment.yaml", |text| text.replace("127.0.0.1:1/gone:1", "registry.k8s.io/pause:3.10"));
    bad.run("upgrade").expect(0);
    later.timeout = "8m";
    later.run("install").expect(0).says("no change");
    hub.run("verify").expect(0);
}
