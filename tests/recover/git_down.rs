//! The sample of every run: a bad image by a commit, and git that is not there.

use std::fs;

use super::fixture::{CONTROLLER, OF_PEOPLE, answer, commit, controller, is_held, is_let_go, recover};
use crate::hub::fixture::{Hub, eventually};
use crate::hub::installed::Kind;

#[test]
#[ignore = "needs the testbed"]
fn a_bad_image_is_taken_back_with_git_down_and_finished_when_it_is_up_again() {
    let hub = Hub::installed(Kind::Plain);
    let proven = hub.commits().remove(0);
    hub.commit(|folder| fs::write(folder.join(OF_PEOPLE), PEOPLE).expect("written"));
    let bad = commit(&hub, CONTROLLER, |text| text.replace("/argocd:v", "/argocd:v0.0.1-"));
    hub.eventually_synced("argocd", "the controller cannot be pulled any more", || {
        let pods = hub.kubectl(&[
            "get",
            "pods",
            "-n",
            "argocd",
            "-o",
            "jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}",
        ]);
        pods.contains("ImagePull")
    });

    hub.repository.hide().expect("git is down");
    let run = recover(&hub, "").expect(1).says("git cannot be reached").says("held, and the work is unfinished");
    let told = answer(&run);
    assert_eq!((&told["held"], &told["proven"]), (&true.into(), &proven.as_str().into()), "{}", run.stderr);
    assert!(!told["notLookedAt"].as_array().expect("a list").is_empty(), "{told}");
    is_held(&hub);
    eventually("the controller runs again", || controller(&hub)["status"]["readyReplicas"] == 1);
    hub.repository.show().expect("git is up");
    assert_eq!(hub.commits()[0], bad, "nothing was pushed");

    let run = recover(&hub, "").expect(0).says("is held for");
    is_let_go(&hub);
    assert_eq!(answer(&run)["proof"]["holds"], true);
    assert_eq!(hub.commits()[1], bad, "one commit on top");
    let files = hub.files(&["argocd"]);
    assert!(files.contains("of-people") && !files.contains("v0.0.1-"), "people's files stay, the bad image goes");
    let run = recover(&hub, "").expect(0).says("nothing is broken");
    assert_eq!(answer(&run)["held"], false);
}

const PEOPLE: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: of-people, namespace: argocd}\ndata: {a: b}\n";
