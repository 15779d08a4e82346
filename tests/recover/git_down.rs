//! The sample of every run: a bad image by a commit, and git that is not there. It writes what people read in docs/recover.md
//! (`UPDATE=1`).

use std::fs;

use super::fixture::{CONTROLLER, OF_PEOPLE, PEOPLE, Way, commit, controller, is_held, is_let_go};
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_bad_image_is_taken_back_with_git_down_and_finished_when_it_is_up_again() {
    let hub = Hub::installed(Kind::Plain);
    hub.commit(|folder| fs::write(folder.join(OF_PEOPLE), PEOPLE).expect("written"));
    let bad = commit(&hub, CONTROLLER, |text| text.replace("/argocd:v", "/argocd:v0.0.1-"));
    hub.eventually_synced("argocd", "the controller cannot be pulled any more", || {
        let waiting = "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}";
        hub.kubectl(&["get", "pods", "-n", "argocd", "-o", waiting]).contains("ImagePull")
    });
    let mut way = Way::of(&hub);

    hub.repository.hide().expect("git is down");
    way.page.tell("A commit has given the controller an image that is not there, and the git server is down as well:");
    let run = way.play(1).says("git cannot be reached").says("held, and the work is unfinished");
    assert!(run.stderr.contains("not looked at: Argo CD runs exactly the pushed commit"), "{}", run.stderr);
    is_held(&hub);
    eventually("the controller runs again", || controller(&hub)["status"]["readyReplicas"] == 1);
    hub.repository.show().expect("git is up");
    assert_eq!(hub.commits()[0], bad, "nothing was pushed");

    way.page.tell(
        "Argo CD runs again, and leaves the hub alone. When the git server answers, the same command finishes it:",
    );
    way.play(0).says("is held for");
    is_let_go(&hub);
    assert_eq!(hub.commits()[1], bad, "one commit on top");
    let files = hub.files(&["argocd"]);
    assert!(files.contains("of-people") && !files.contains("v0.0.1-"), "people's files stay, the bad image goes");

    way.page.tell("Where nothing is broken, nothing is done:");
    way.play(0).says("nothing is broken");
    way.page.agrees_with_part_of("docs/recover.md");
}
