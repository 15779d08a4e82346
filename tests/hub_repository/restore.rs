//! The way back of a hub whose commits have broken it: rendered files alone, whoever has changed them.

use std::fs;

use backstack::files::Tree;
use backstack::hub_repository::HubLock;
use backstack::publish::{Restored, read_commit, restore};
use backstack::render::hub::render;
use backstack::report::{Failure, Outcome};

use super::bead_edit::{bead, put};
use super::fixture::hub;
use super::publish::{Server, anything, rendered, soon};

const SERVER: &str = "argocd/deployment-argocd-server.yaml";
const NEW: &str = "argocd/configmap-new.yaml";

/// The same hub with another setting of Argo CD, and without a component.
fn later() -> Tree {
    let mut input = hub();
    input.hub.spec.components.remove(0);
    render(&input).expect("renders").tree
}

async fn back(server: &Server, to: &str) -> Outcome<Restored> {
    restore(&server.access(), to, "Bring it back", soon(), anything).await
}

#[tokio::test]
async fn what_was_rendered_or_edited_since_goes_back_and_what_people_have_added_stays() {
    let server = Server::new();
    let proven = server.publish(&rendered()).await.expect("published").revision;
    let before = server.tree();
    server.publish(&later()).await.expect("published");
    server.edit(|folder| {
        fs::write(folder.join(SERVER), "broken: by hand\n").expect("written");
        fs::write(folder.join(NEW), "of: people\n").expect("written");
        fs::remove_file(folder.join("root/root.yaml")).expect("there");
    });

    let Ok(Restored::Done(published)) = back(&server, &proven).await else { panic!("it is pushed") };
    assert!(published.committed);
    assert_eq!(server.show(NEW), "of: people\n");
    server.edit(|folder| fs::remove_file(folder.join(NEW)).expect("it stayed"));
    assert_eq!(server.tree(), before, "everything else is as it was proven");
    let again = back(&server, &proven).await;
    assert!(matches!(again, Ok(Restored::Done(it)) if !it.committed), "once is enough");
}

#[tokio::test]
async fn a_commit_is_read_as_it_was() {
    let server = Server::new();
    let proven = server.publish(&rendered()).await.expect("published").revision;
    server.edit(|folder| fs::write(folder.join("lock.yaml"), "no lock\n").expect("written"));
    let read = read_commit(&server.access(), &proven, soon()).await.expect("read").expect("it is there");
    assert_eq!(read.tree, rendered());
    let digest = |tree: &Tree| HubLock::in_tree(tree).expect("a lock").render_digest();
    assert_eq!(digest(&read.tree), digest(&rendered()));
    assert_eq!(read_commit(&server.access(), &"0".repeat(40), soon()).await.expect("asked"), None);

    // A lock that somebody has broken keeps nothing from going back.
    assert!(matches!(back(&server, &proven).await, Ok(Restored::Done(it)) if it.committed));
    assert_eq!(read_commit(&server.access(), &proven, soon()).await.expect("read").expect("there").tree, rendered());
}

#[tokio::test]
async fn a_branch_that_takes_no_push_has_the_commit_beside_it() {
    let server = Server::new();
    let proven = server.publish(&rendered()).await.expect("published").revision;
    server.publish(&later()).await.expect("published");
    let before = server.tree();
    server.hook("update", "[ \"$1\" != refs/heads/main ] || { echo 'main is protected'; exit 1; }");
    let Ok(Restored::Beside { branch, why }) = back(&server, &proven).await else { panic!("it is beside") };
    assert_eq!(branch, format!("backstack/recover-{}", &proven[..12]));
    assert!(why.details.iter().any(|it| it.contains("main is protected")), "{why:?}");
    assert_eq!(server.tree(), before);
    let beside = server.git(&["--git-dir", "hub.git", "ls-tree", "-r", "--name-only", &branch]);
    assert!(beside.contains("components/locked/values.yaml"), "{beside}");
    server.git(&["--git-dir", "hub.git", "branch", "-D", &branch]); // else the same second pushes the same commit
    server.hook("update", "echo 'nothing is taken'; exit 1");
    let failure = back(&server, &proven).await.expect_err("nothing takes it");
    assert!(failure.details.iter().any(|it| it.contains("nothing is taken")), "{failure:?}");
}

#[tokio::test]
async fn nothing_is_committed_that_the_guard_does_not_admit() {
    let server = Server::new();
    let proven = server.publish(&later()).await.expect("published").revision;
    server.publish(&rendered()).await.expect("published");
    let before = server.tree();
    let access = server.access();
    let seen = restore(&access, &proven, "Bring it back", soon(), async |leaving| {
        let names: Vec<&str> = leaving.applications.iter().map(|it| it.name.as_str()).collect();
        Err(Failure::refused(names.join(" ")))
    });
    assert_eq!(seen.await.expect_err("refused").message, "locked");
    assert_eq!(server.tree(), before);
}

#[tokio::test]
async fn beads_and_their_lines_in_files_of_the_hub_stay() {
    let server = Server::new();
    let proven = server.publish(&rendered()).await.expect("published").revision;
    let bare = server.tree();
    put(&server.access(), "x", &bead("x", "1", "  health: {e.org_Y: return 1}\n")).await.expect("published");
    let before = server.tree();
    assert_ne!(before, bare);
    server.edit(|folder| fs::write(folder.join(SERVER), "broken: by hand\n").expect("written"));
    assert!(matches!(back(&server, &proven).await, Ok(Restored::Done(it)) if it.changed.len() == 1));
    assert_eq!(server.tree(), before, "the bead is as it was");
}
