//! A spoke whose API server is gone: it is named, hangs nothing, and goes.

use std::time::{Duration, Instant};

use super::beaded::bring;
use super::crowd::Crowd;
use super::fixture::{run, start};
use crate::hub::fixture::{Hub, Run, eventually};
use crate::hub::installed::Kind;
use crate::signals;

const BEADS: usize = 25;
/// What a sync on another spoke may take meanwhile.
const SOON: Duration = Duration::from_secs(150);

#[test]
#[ignore = "needs the testbed"]
fn a_dead_spoke_with_many_applications_is_named_holds_nobody_else_up_and_goes_when_it_is_left() {
    let hub = Hub::installed(Kind::Plain);
    let mut crowd = Crowd::of(2);
    crowd.register(&hub);
    let beads: Vec<String> = (0..BEADS).map(|number| format!("bead{number:02}")).collect();
    bring(&hub, &beads);
    let applications = |spoke: &str| {
        let label = format!("backstack.dev/spoke={spoke}");
        let path = r#"jsonpath={range .items[*]}{.metadata.name}={.status.sync.status}{"\n"}{end}"#;
        hub.kubectl(&["get", "applications", "-n", "argocd", "-l", &label, "-o", path])
    };
    let count = |spoke: &str, what: &str| applications(spoke).matches(what).count();
    eventually("everything is synced", || count("spoke00", "=Synced") + count("spoke01", "=Synced") == 2 * BEADS);
    drop(crowd.members.remove(0));

    // Interrupted when nothing comes there any more; then with the finalizers on.
    let interrupted = Run::watched(start(&hub, "uninstall", DELETE), "draining", |child| {
        signals::send("TERM", child);
    });
    assert_eq!(interrupted.code(), 143, "{}", interrupted.stderr);
    let draining = start(&hub, "uninstall", DELETE);
    eventually("all are being deleted", || {
        let path = "jsonpath={.items[*].metadata.deletionTimestamp}";
        let label = "backstack.dev/spoke=spoke00";
        hub.kubectl(&["get", "applications", "-n", "argocd", "-l", label, "-o", path]).split_whitespace().count()
            == BEADS
    });
    let asked = Instant::now();
    let sync = r#"{"operation": {"sync": {"syncOptions": ["ServerSideApply=true"]}}}"#;
    hub.kubectl(&["patch", "application", "spoke-spoke01.bead00", "-n", "argocd", "--type=merge", "-p", sync]);
    eventually("the other spoke is synced", || {
        let live = hub.object("application", "spoke-spoke01.bead00").expect("it is there");
        live.get("operation").is_none() && live["status"]["operationState"]["phase"] == "Succeeded"
    });
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
    let ended = Run::of(draining).expect(4).says("on spoke00").says("onUninstall: leave");
    assert_eq!(count("spoke00", "spoke-spoke00"), BEADS, "{}", ended.stderr);

    let begun = Instant::now();
    run(&hub, "uninstall", LEAVE).expect(0).says("spoke00 is not registered any more");
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert_eq!(applications("spoke00"), "");
    assert!(hub.object("secret", "spoke-spoke00").is_none());
    run(&hub, "uninstall", LEAVE).expect(0).says("is not registered");
    assert_eq!(count("spoke01", "=Synced"), BEADS, "the other one is as it was");
}

/// With what would be lost named.
const DELETE: &str = "name: spoke00, onUninstall: delete, mayRemove: ['Secret/*']";
const LEAVE: &str = "name: spoke00, onUninstall: leave";
