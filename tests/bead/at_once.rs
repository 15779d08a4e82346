//! Runs that do not know of each other, at the same time on one hub and one branch.

use super::fixture::Bead;
use crate::hub::fixture::{Hub, Run, started};
use crate::hub::installed::Kind;

/// Both at once; each reads its own end.
fn both(one: impl FnOnce() -> Run + Send, other: impl FnOnce() -> Run + Send) -> (Run, Run) {
    std::thread::scope(|scope| {
        let beside = scope.spawn(other);
        (one(), beside.join().expect("it ends"))
    })
}

fn ended(bead: &Bead<'_>, action: &str) -> Run {
    Run::of(started(bead.hub.command(&bead.bundle(), action), &bead.step(action)))
}

/// Whether git and the cluster hold the bead.
#[track_caller]
fn demand_there(bead: &Bead<'_>) {
    let name = bead.name;
    assert_ne!(bead.hub.files(&[&format!("root/apps/bead-{name}.yaml")]), "", "git holds {name}");
    assert!(bead.object("deployment", name, name).is_some(), "the cluster holds {name}");
    bead.run("verify").expect(0);
}

#[test]
#[ignore = "needs the testbed"]
fn runs_that_meet_on_one_hub_lose_nothing_of_each_other() {
    let hub = Hub::installed(Kind::Plain);
    // Of two upgrades to the same one commits, and both end with it.
    hub.edit_document(|text| {
        text.replacen("  argocd:\n", "  argocd:\n    config: {url: \"https://argocd.example.org\"}\n", 1)
    });
    let before = hub.commits().len();
    let upgrade = || hub.run("upgrade");
    let (one, other) = both(upgrade, upgrade);
    let head = hub.commits()[0].clone();
    for run in [one, other] {
        run.expect(0).says(&head);
    }
    assert_eq!(hub.commits().len(), before + 1);
    hub.run("install").expect(0).says("no change");

    // Each bead has its commits, and goes on with those of the other.
    let (first, second) = (Bead::new(&hub, "first"), Bead::new(&hub, "second"));
    let (one, other) = both(|| ended(&first, "install"), || ended(&second, "install"));
    one.expect(0);
    other.expect(0);
    demand_there(&first);
    demand_there(&second);

    // One goes while another one comes.
    let third = Bead::new(&hub, "third");
    let (gone, come) = both(|| ended(&first, "uninstall"), || ended(&third, "install"));
    gone.expect(0).says("nothing of bead first is left");
    come.expect(0);
    assert!(!hub.files(&["root", "beads"]).contains("bead-first"), "git");
    assert_eq!(first.object("deployment", "first", "first"), None);
    demand_there(&second);
    demand_there(&third);
    hub.run("verify").expect(0);
}
