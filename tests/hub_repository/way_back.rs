//! The way back in git: notes of what was proven, and the files of an earlier render brought back by a commit on top.

use std::fs;

use backstack::files::{ChangeKind, FileChange, Tree};
use backstack::git::{Note, Published, note_on, notes, write_note};
use backstack::publish::{
    BRINGS_BACK, Leaving, Past, Present, RENDERS, Renewal, past, plan_back, present, publish, publish_back,
};
use backstack::render::hub::render;
use backstack::report::Outcome;
use backstack::yaml::manifests;

use super::bead_edit::{bead, put};
use super::fixture::{hub, input};
use super::publish::{Server, anything, rendered, soon, upgraded};

/// What [`upgraded`] changes.
const CHANGED: &str = "components/folder/values.yaml";
/// What both render alike.
const ALIKE: &str = "components/locked/values.yaml";

impl Server {
    async fn renders(&self, tree: &Tree) -> String {
        let message = format!("{RENDERS}demo");
        let published = publish(&self.access(), tree, Renewal::Keep, &message, soon(), anything).await;
        published.unwrap_or_else(|failure| panic!("{}", failure.render())).revision
    }

    async fn past(&self, revision: &str) -> Past {
        past(&self.access(), revision, soon()).await.unwrap_or_else(|failure| panic!("{}", failure.render()))
    }

    async fn present(&self) -> Present {
        present(&self.access(), soon()).await.expect("readable").expect("a hub")
    }

    async fn goes_back(&self, revision: &str) -> Outcome<Published> {
        let past = self.past(revision).await;
        publish_back(&self.access(), &past, &format!("{BRINGS_BACK}demo"), soon(), anything).await
    }

    fn log(&self) -> String {
        self.git(&["--git-dir", "hub.git", "log", "--format=%s", "main"])
    }
}

/// The files of our render, as they are at the branch.
fn files(server: &Server) -> Tree {
    const LOCK: &str = "lock.yaml";
    let lock = manifests(LOCK, &server.show(LOCK)).expect("YAML").remove(0);
    let mut tree = Tree::default();
    for path in lock["files"].as_object().expect("files").keys().map(String::as_str).chain([LOCK]) {
        tree.insert(path, server.show(path)).expect("each once");
    }
    tree
}

#[tokio::test]
async fn what_was_rendered_comes_back_and_what_others_have_brought_since_stays() {
    let server = Server::new();
    let proven = server.renders(&rendered()).await;
    server.edit(|clone| fs::write(clone.join("NOTES.txt"), "mine\n").expect("writable"));
    let health = "  health: {e.org_Y: return 1}\n";
    put(&server.access(), "x", &bead("x", "1", health)).await.expect("published");
    server.renders(&upgraded()).await;
    server.edit(|clone| fs::write(clone.join("root/mine.yaml"), "kind: ConfigMap\n").expect("writable"));
    put(&server.access(), "y", &bead("y", "1", "")).await.expect("published");
    let (before, head) = (server.commits(), server.present().await.revision);

    let back = server.goes_back(&proven).await.expect("brought back");
    assert_eq!(server.commits(), before + 1, "one commit");
    assert_eq!(server.git(&["--git-dir", "hub.git", "rev-parse", "main^"]).trim(), head, "on top");
    let paths: Vec<&str> = back.changed.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, [CHANGED, "hub.yaml", "lock.yaml"]);
    assert_eq!(back.tree, files(&server));
    let present = server.present().await;
    assert_eq!(present.files, rendered(), "as it was rendered, but for the lines of beads");
    assert_eq!(present.render, server.past(&proven).await.render_digest());

    assert_eq!(server.show("NOTES.txt"), "mine\n");
    assert_eq!(server.show("root/mine.yaml"), "kind: ConfigMap\n");
    for bead in ["x", "y"] {
        assert!(server.show(&format!("beads/{bead}/bead.yaml")).contains("kind: Bead"));
        assert!(server.show("README.md").contains(&format!("| {bead} | 0.1.0 |")));
    }
    assert!(server.show("argocd/configmap-argocd-cm.yaml").contains("health.e.org_Y"));

    let again = server.goes_back(&proven).await.expect("nothing to do");
    assert!(!again.committed && again.revision == back.revision);
}

#[tokio::test]
async fn a_bundle_that_is_rendered_again_brings_the_newer_version_again() {
    let server = Server::new();
    let proven = server.renders(&rendered()).await;
    let newer = server.renders(&upgraded()).await;
    let back = server.goes_back(&proven).await.expect("brought back").revision;
    let last = server.present().await.last_render.expect("a render of ours");
    assert_eq!((last.revision, last.is_back, last.is_taken_back), (back, true, false));

    let again = server.renders(&upgraded()).await;
    assert_eq!(files(&server), upgraded());
    assert_eq!(server.present().await.history, [again.as_str(), &server.present().await.history[1], &newer, &proven]);
    assert_eq!(server.log().lines().next(), Some("Render hub demo"));
}

#[tokio::test]
async fn what_people_have_taken_back_themselves_is_seen() {
    let server = Server::new();
    server.renders(&rendered()).await;
    let newer = server.renders(&upgraded()).await;
    assert!(!server.present().await.last_render.expect("ours").is_taken_back);
    server.edit(|clone| {
        let git = |args: &[&str]| {
            let at = ["-c", "user.name=person", "-c", "user.email=person@localhost"];
            let run = std::process::Command::new("git").args([&at, args].concat()).current_dir(clone).status();
            assert!(run.expect("git").success());
        };
        git(&["revert", "--no-commit", &newer]);
    });
    let last = server.present().await.last_render.expect("a render of ours");
    assert_eq!((last.revision, last.is_back, last.is_taken_back), (newer, false, true));
}

#[tokio::test]
async fn an_edit_of_what_both_have_rendered_alike_stays() {
    let server = Server::new();
    let proven = server.renders(&rendered()).await;
    server.renders(&upgraded()).await;
    server.edit(|clone| fs::write(clone.join(ALIKE), "edited: true\n").expect("writable"));
    let back = server.goes_back(&proven).await.expect("brought back");
    assert_eq!(back.tree.text(ALIKE).expect("there"), "edited: true\n");
    assert_eq!(server.show(ALIKE), "edited: true\n");
    assert_eq!(server.past(&proven).await.edits_since(&server.present().await), [ALIKE]);
}

#[tokio::test]
async fn an_edit_in_the_way_is_told_and_nothing_is_written() {
    let server = Server::new();
    let proven = server.renders(&rendered()).await;
    server.renders(&upgraded()).await;
    server.edit(|clone| fs::write(clone.join(CHANGED), "edited: true\n").expect("writable"));
    let before = server.tree();
    let failure = server.goes_back(&proven).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
    assert_eq!(failure.details, [format!("{CHANGED} was edited here and changed by the bundle")]);
    assert!(failure.hint.is_some_and(|hint| hint.contains(&format!("git checkout {proven} -- PATH"))));
    assert_eq!(server.tree(), before);

    // The remedy of the hint.
    let was = server.git(&["--git-dir", "hub.git", "show", &format!("{proven}:{CHANGED}")]);
    server.edit(|clone| fs::write(clone.join(CHANGED), was).expect("writable"));
    server.goes_back(&proven).await.expect("brought back");
    assert_eq!(files(&server), rendered());
}

#[tokio::test]
async fn an_edit_that_was_proven_comes_back_with_what_it_was_made_in() {
    let server = Server::new();
    server.renders(&rendered()).await;
    server.edit(|clone| fs::write(clone.join(CHANGED), "edited: true\n").expect("writable"));
    let proven = server.present().await.revision;
    // An upgrade that changes the file is refused until people have taken their edit back.
    let original = rendered().text(CHANGED).expect("rendered").to_owned();
    server.edit(|clone| fs::write(clone.join(CHANGED), original).expect("writable"));
    server.renders(&upgraded()).await;
    let back = server.goes_back(&proven).await.expect("brought back");
    assert_eq!(back.tree.text(CHANGED).expect("there"), "edited: true\n");
    assert_eq!(server.show(CHANGED), "edited: true\n");
}

#[tokio::test]
async fn what_only_the_newer_version_had_is_asked_for_before_it_goes() {
    let server = Server::new();
    let fewer = render(&input("version: 3.6.1", "[]")).expect("renders").tree;
    let proven = server.renders(&fewer).await;
    server.renders(&rendered()).await;
    let past = server.past(&proven).await;
    let goes = |leaving: &Leaving| leaving.applications.iter().map(|it| it.name.clone()).collect::<Vec<_>>();
    let refuse = async |leaving: &Leaving| -> Outcome<Vec<String>> {
        Err(backstack::report::Failure::refused(goes(leaving).join(" ")))
    };
    let failure = publish_back(&server.access(), &past, "x", soon(), refuse).await.expect_err("refused");
    assert_eq!(failure.message, "folder helm locked registry");
    let planned = plan_back(&server.access(), &past, soon()).await.expect("planned");
    assert_eq!(goes(&planned.leaving).join(" "), failure.message);
    assert_eq!(files(&server), rendered(), "nothing was written");

    let back = server.goes_back(&proven).await.expect("brought back");
    let gone = FileChange { kind: ChangeKind::Remove, path: "root/apps/helm.yaml".to_owned() };
    assert!(back.changed.contains(&gone), "{:?}", back.changed);
    assert_eq!(files(&server), fewer);
}

#[tokio::test]
async fn the_hub_of_another_cluster_does_not_come_back() {
    let server = Server::new();
    let mut other = hub();
    other.resolved.cluster_uid = "uid-2".to_owned();
    let proven = server.renders(&render(&other).expect("renders").tree).await;
    server.edit(|clone| {
        let lock = clone.join("lock.yaml");
        let text = fs::read_to_string(&lock).expect("there").replace("uid-2", "uid-1");
        fs::write(lock, text).expect("writable");
    });
    server.renders(&rendered()).await;
    let failure = server.goes_back(&proven).await.expect_err("refused");
    assert!(failure.message.contains("the hub of another cluster"), "{failure}");
}

#[tokio::test]
async fn a_commit_without_a_hub_is_told() {
    let server = Server::new();
    server.edit(|clone| fs::write(clone.join("NOTES.txt"), "mine\n").expect("writable"));
    let before = server.git(&["--git-dir", "hub.git", "rev-parse", "main"]);
    server.renders(&rendered()).await;
    let failure = past(&server.access(), before.trim(), soon()).await.expect_err("no hub");
    assert!(failure.message.contains("holds no hub"), "{failure}");
    for name in ["0000000000000000000000000000000000000000", "main", "--all"] {
        let failure = past(&server.access(), name, soon()).await.expect_err("no commit");
        assert!(failure.message.contains(name), "{failure}");
    }
}

fn note(commit: &str, text: &str) -> Note {
    Note { commit: commit.to_owned(), text: text.to_owned() }
}

#[tokio::test]
async fn notes_are_beside_the_branch_and_read_by_git() {
    let server = Server::new();
    let access = server.access();
    let first = server.renders(&rendered()).await;
    assert_eq!(notes(&access, soon()).await.expect("readable"), []);
    let second = server.renders(&upgraded()).await;
    for (commit, text) in [(&first, "one\n"), (&second, "two\n")] {
        assert!(write_note(&access, &note(commit, text), soon()).await.expect("noted"));
        assert!(!write_note(&access, &note(commit, "other\n"), soon()).await.expect("there"), "a note is written once");
    }
    assert_eq!(notes(&access, soon()).await.expect("readable"), [note(&second, "two\n"), note(&first, "one\n")]);
    assert_eq!(note_on(&access, &first, soon()).await.expect("readable").as_deref(), Some("one\n"));
    assert_eq!(note_on(&access, "0", soon()).await.expect("readable"), None);
    assert_eq!(server.git(&["--git-dir", "hub.git", "notes", "--ref=backstack", "show", &first]), "one\n");
    assert_eq!(server.git(&["--git-dir", "hub.git", "rev-parse", "main"]).trim(), second, "the branch is where it was");
}

#[tokio::test]
async fn notes_on_commits_that_the_branch_has_left_do_not_count() {
    let server = Server::new();
    let access = server.access();
    let first = server.renders(&rendered()).await;
    let second = server.renders(&upgraded()).await;
    for commit in [&first, &second] {
        write_note(&access, &note(commit, "x"), soon()).await.expect("noted");
    }
    server.git(&["--git-dir", "hub.git", "update-ref", "refs/heads/main", &first]);
    assert_eq!(notes(&access, soon()).await.expect("readable"), [note(&first, "x")]);
}

#[tokio::test]
async fn a_note_that_git_itself_has_put_into_a_folder_is_found() {
    let server = Server::new();
    let access = server.access();
    let first = server.renders(&rendered()).await;
    let (folder, rest) = first.split_at(2);
    let script = format!(
        "blob=$(echo deep | git hash-object -w --stdin) && \
         inner=$(printf '100644 blob %s\\t{rest}\\n' $blob | git mktree) && \
         tree=$(printf '040000 tree %s\\t{folder}\\n' $inner | git mktree) && \
         git update-ref refs/notes/backstack $(git -c user.name=p -c user.email=p@p commit-tree -m x $tree)"
    );
    let made = std::process::Command::new("sh").args(["-c", &script]).current_dir(server.folder()).status();
    assert!(made.expect("sh").success());
    assert_eq!(note_on(&access, &first, soon()).await.expect("readable").as_deref(), Some("deep\n"));
    assert!(!write_note(&access, &note(&first, "x"), soon()).await.expect("there"));
}

#[tokio::test]
async fn a_server_that_takes_no_notes_is_told_with_its_words() {
    let server = Server::new();
    let first = server.renders(&rendered()).await;
    server.hook("update", "case $1 in refs/notes/*) echo 'no notes here' >&2; exit 1;; esac");
    let failure = write_note(&server.access(), &note(&first, "x"), soon()).await.expect_err("refused");
    assert!(failure.details.iter().any(|line| line.contains("no notes here")), "{:?}", failure.details);
    assert_eq!(notes(&server.access(), soon()).await.expect("readable"), []);
}
