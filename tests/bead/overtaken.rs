//! Others push to the hub repository while an installation waits for its own commit.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::fixture::Bead;
use crate::hub::fixture::{Hub, Run, started};

const OVERTAKEN: &str = "  pushed by somebody else meanwhile";

/// A change that is nobody's business but its author's.
fn add_a_note(hub: &Hub) -> String {
    hub.commit(|folder| fs::write(folder.join("NOTES.md"), "mine\n").expect("written"))
}

fn revert(folder: &Path) {
    let git = Command::new("git").arg("-C").arg(folder).args(["revert", "--no-commit", "HEAD"]).status();
    assert!(git.expect("git starts").success());
}

#[test]
#[ignore = "needs the testbed"]
fn an_installation_goes_on_with_what_others_push_on_top_of_it() {
    let hub = Hub::plain();
    let run = Run::watched(hub.start("install", &[], None), "commit", |_| drop(add_a_note(&hub))).expect(0);
    let head = hub.commits()[0].clone();
    assert_eq!(hub.commits().len(), 2);
    run.says(&format!("{head}{OVERTAKEN}"));
    assert_eq!(hub.output("revision"), head);
    let proof: Value = serde_json::from_str(&hub.output("proof")).expect("the proof is JSON");
    assert_eq!((&proof["holds"], proof["revision"].as_str()), (&true.into(), Some(head.as_str())), "{proof:#}");
    assert!(proof["canaryHealedMs"].is_u64(), "it is this run that hands the hub over: {proof:#}");

    // What was taken back is not committed again behind the back of who did it.
    let bead = Bead::new(&hub, "hello");
    let start = |bead: &Bead<'_>| started(hub.command(&bead.bundle(), "install"), &bead.step("install"));
    let run = Run::watched(start(&bead), "commit", |_| drop(hub.commit(revert))).expect(1);
    let revert = hub.commits()[0].clone();
    assert_eq!(hub.commits().len(), 4);
    run.says("does not hold any more what this run waits for").says(&revert).says("  root/apps/bead-hello.yaml");

    // It cannot arrive but by what the others push.
    let (image, no_image) = ("registry.k8s.io/pause:3.10", "127.0.0.1:1/gone:1");
    bead.edit("app/deployment.yaml", |text| text.replace(image, no_image));
    let run = Run::watched(start(&bead), "commit", |_| {
        hub.commit(|folder| {
            for file in fs::read_dir(folder.join("beads/hello/application")).expect("rendered") {
                let file = file.expect("a file").path();
                let text = fs::read_to_string(&file).expect("text");
                fs::write(&file, text.replace(no_image, image)).expect("written");
            }
        });
    });
    let head = hub.commits()[0].clone();
    run.expect(0).says(&format!("{head}{OVERTAKEN}"));
    assert_eq!(hub.output("bead-revision"), head);
    assert_eq!(bead.output("bead-state")["parts"][0]["revision"], head);

    // Without its Application the bead would be waited for in vain.
    hub.commit(|folder| fs::remove_file(folder.join("root/apps/bead-hello.yaml")).expect("it was there"));
    bead.run("install")
        .expect(3)
        .says("somebody has removed or moved files of bead hello")
        .says("root/apps/bead-hello.yaml");
}
