use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use backstack::files::{ChangeKind, FileChange, Tree};
use backstack::git::{Access, Published};
use backstack::hub_repository::HubLock;
use backstack::porter::read_relocation_map;
use backstack::publish::bead::HubRepository;
use backstack::publish::{Leaving, Renewal, can_push, plan, publish, read_tree};
use backstack::render::hub::{is_plain, render};
use backstack::report::Outcome;
use tempfile::TempDir;

use super::fixture::{COMPONENTS, hub, input};

/// A bare repository on this machine, as a server would have it.
pub struct Server(TempDir);

impl Server {
    pub fn new() -> Self {
        let server = Self(tempfile::tempdir().expect("a folder"));
        server.git(&["init", "--quiet", "--bare", "--initial-branch=main", "hub.git"]);
        // As those of forges; git's own does not unless it is told.
        server.git(&["--git-dir", "hub.git", "config", "uploadpack.allowFilter", "true"]);
        server
    }

    pub fn access(&self) -> Access {
        let url = format!("file://{}", self.0.path().join("hub.git").display());
        Access::new(&url, "main", None)
    }

    /// Where the bare repository is.
    pub fn folder(&self) -> PathBuf {
        self.0.path().join("hub.git")
    }

    pub async fn publish(&self, tree: &Tree) -> Outcome<Published> {
        publish(&self.access(), tree, Renewal::Keep, "Render the hub", soon(), anything).await
    }

    async fn renew(&self, tree: &Tree) -> Outcome<Published> {
        publish(&self.access(), tree, Renewal::Bring, "Renew the hub", soon(), anything).await
    }

    /// Commits as a person would: clone, change files, push.
    pub fn edit(&self, change: impl FnOnce(&Path)) {
        let clone = self.0.path().join("clone");
        self.git(&["clone", "--quiet", "hub.git", "clone"]);
        change(&clone);
        let at = ["-C", "clone", "-c", "user.name=person", "-c", "user.email=person@localhost"];
        self.git(&[&at[..], &["add", "--all"]].concat());
        self.git(&[&at[..], &["commit", "--quiet", "--message", "Edit"]].concat());
        self.git(&[&at[..], &["push", "--quiet", "origin", "HEAD:main"]].concat());
        fs::remove_dir_all(clone).expect("removable");
    }

    pub fn show(&self, path: &str) -> String {
        self.git(&["--git-dir", "hub.git", "show", &format!("main:{path}")])
    }

    /// Every file of the branch with its object.
    pub fn tree(&self) -> String {
        self.git(&["--git-dir", "hub.git", "ls-tree", "-r", "main"])
    }

    pub fn commits(&self) -> usize {
        self.git(&["--git-dir", "hub.git", "rev-list", "--all"]).lines().count()
    }

    pub fn hook(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt as _;
        let hook = self.0.path().join("hub.git/hooks").join(name);
        fs::create_dir_all(hook.parent().expect("a folder")).expect("writable");
        fs::write(&hook, format!("#!/bin/sh\n{script}\n")).expect("writable");
        fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).expect("ours");
    }

    pub fn git(&self, args: &[&str]) -> String {
        let run = Command::new("git")
            .args(args)
            .current_dir(self.0.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .output()
            .expect("git is on PATH");
        assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).expect("text")
    }
}

/// Whatever a commit takes away may go.
pub async fn anything(_: &Leaving) -> Outcome<Vec<String>> {
    Ok(Vec::new())
}

/// All files of a bead at once.
pub fn all(files: &Tree) -> impl Fn(&HubRepository) -> Outcome<Tree> {
    |_| Ok(files.clone())
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

pub fn rendered() -> Tree {
    render(&hub()).expect("renders").tree
}

/// The same hub with another setting in one file.
pub fn upgraded() -> Tree {
    let mut input = hub();
    input.hub.spec.components[1].values.insert("new".to_owned(), true.into());
    render(&input).expect("renders").tree
}

const EDITED: &str = "components/locked/values.yaml";
const CHANGED_BY_UPGRADE: &str = "components/folder/values.yaml";

/// The branch is moved, and the server dies before it says so.
#[tokio::test]
async fn a_push_whose_answer_is_lost_is_found_done() {
    let server = Server::new();
    server.hook("reference-transaction", "[ \"$1\" != committed ] || kill -9 $PPID");
    let rendered = render(&hub()).expect("a hub").tree;
    let published = server.publish(&rendered).await.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert!(published.committed);
    assert_eq!(server.commits(), 1);
    assert_eq!(server.git(&["--git-dir", "hub.git", "rev-parse", "main"]).trim(), published.revision);
}

/// The same before it is moved: nothing says that it was taken, and it was not.
#[tokio::test]
async fn a_push_that_is_broken_off_is_a_failure() {
    let server = Server::new();
    server.hook("reference-transaction", "[ \"$1\" != prepared ] || kill -9 $PPID");
    let rendered = render(&hub()).expect("a hub").tree;
    let failure = server.publish(&rendered).await.expect_err("broken off");
    assert!(failure.message.contains("failed to push to"), "{}", failure.render());
    assert_eq!(server.commits(), 0);
}

#[tokio::test]
async fn the_first_publish_fills_an_empty_repository_and_the_second_does_nothing() {
    let (server, tree) = (Server::new(), rendered());
    assert_eq!(read_tree(&server.access(), soon()).await.expect("readable"), None);
    let first = server.publish(&tree).await.expect("published");
    assert!(first.committed);
    assert_eq!(first.changed.len(), tree.len());
    assert_eq!(first.tree, tree);
    let log = server.git(&["--git-dir", "hub.git", "log", "--format=%an <%ae> %cn%n%B", "main"]);
    assert!(log.starts_with("backstack <backstack@localhost> backstack\nRender the hub\n\nadd README.md\n"), "{log}");

    let second = server.publish(&tree).await.expect("published");
    assert!(!second.committed && second.changed.is_empty());
    assert_eq!((second.revision, second.tree.len()), (first.revision.clone(), tree.len()));
    assert_eq!(server.commits(), 1);

    // What Argo CD is made of, with the document and the lock; no values, charts and pages.
    let read = read_tree(&server.access(), soon()).await.expect("readable").expect("a hub");
    let is_read = |path: &str| is_plain(path) || ["hub.yaml", "lock.yaml"].contains(&path);
    let wanted: Vec<_> = tree.iter().filter(|(path, _)| is_read(path)).collect();
    assert!(read.revision == first.revision && read.tree.iter().eq(wanted.iter().copied()));
    assert!(wanted.len() < tree.len());
}

/// The same hub under another name.
fn called(name: &str) -> Tree {
    let mut input = input("version: 3.6.1", COMPONENTS);
    name.clone_into(&mut input.hub.metadata.name);
    render(&input).expect("renders").tree
}

#[tokio::test]
async fn another_hub_takes_the_place_of_none_and_a_commit_of_people_renames_one() {
    let server = Server::new();
    server.publish(&called("demo")).await.expect("published");
    for renewed in [server.publish(&called("other")).await, server.renew(&called("other")).await] {
        let failure = renewed.expect_err("refused");
        assert_eq!(failure.exit.code(), 3);
        assert!(
            failure.message.ends_with("holds hub demo, and the bundle is hub other; nothing was written"),
            "{failure}"
        );
    }
    let planned = plan(&server.access(), &called("other"), Renewal::Keep, soon()).await;
    assert_eq!(planned.expect_err("refused").exit.code(), 3, "who only looks is told as well");
    assert_eq!(server.commits(), 1);

    // An edit is none of another name, and has no effect.
    server.edit(|clone| change(&clone.join("hub.yaml"), "name: demo", "name: mine"));
    assert!(!server.publish(&called("demo")).await.expect("published").committed);
    server.edit(|clone| change(&clone.join("hub.yaml"), "name: mine", "name: other"));
    assert!(server.publish(&called("other")).await.expect("published").committed);
    assert!(server.show("README.md").contains("other"));
    assert_eq!(server.publish(&called("demo")).await.expect_err("refused").exit.code(), 3);
}

fn change(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).expect("there");
    assert!(text.contains(from), "{text}");
    fs::write(file, text.replace(from, to)).expect("writable");
}

#[tokio::test]
async fn foreign_files_are_left_alone() {
    let server = Server::new();
    server.edit(|clone| fs::write(clone.join("NOTES.txt"), "mine\n").expect("writable"));
    server.publish(&rendered()).await.expect("published");
    assert_eq!(server.show("NOTES.txt"), "mine\n");
    assert_eq!(server.commits(), 2);
}

#[tokio::test]
async fn a_foreign_file_in_the_way_is_named_and_nothing_is_written() {
    let server = Server::new();
    server.edit(|clone| fs::write(clone.join("README.md"), "mine\n").expect("writable"));
    let failure = server.publish(&rendered()).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
    assert_eq!(failure.details, ["README.md was there before and is not ours"]);
    assert_eq!(server.commits(), 1);
}

const OF_SPOKES: [&str; 2] = ["root/projects/spokes.yaml", "spokes/probe/configmap.yaml"];

/// What a version rendered that knew no spokes.
fn before_spokes() -> Tree {
    let rendered = rendered();
    let mut lock = HubLock::read(rendered.get("lock.yaml").expect("rendered")).expect("a lock");
    lock.files.retain(|path, _| !OF_SPOKES.contains(&path.as_str()));
    let mut tree = Tree::default();
    for (path, bytes) in rendered.iter().filter(|(path, _)| *path != "lock.yaml" && !OF_SPOKES.contains(path)) {
        tree.insert(path, bytes).expect("free");
    }
    tree.insert_yaml("lock.yaml", &lock).expect("free");
    tree
}

#[tokio::test]
async fn what_an_earlier_version_did_not_render_comes_with_an_upgrade() {
    let server = Server::new();
    server.publish(&before_spokes()).await.expect("published");
    assert!(!server.publish(&rendered()).await.expect("published").committed, "it is only installed again");
    let paths = |published: &Published| -> Vec<String> { published.changed.iter().map(|it| it.path.clone()).collect() };
    let changed = server.publish(&upgraded()).await.expect("published");
    assert_eq!(paths(&changed), [CHANGED_BY_UPGRADE, "hub.yaml", "lock.yaml"], "what the bundle changes comes alone");
    let brought = server.renew(&upgraded()).await.expect("published");
    assert_eq!(paths(&brought), ["lock.yaml", OF_SPOKES[0], OF_SPOKES[1]]);
    assert!(!server.publish(&upgraded()).await.expect("published").committed);
    assert!(!server.renew(&upgraded()).await.expect("published").committed);
}

#[tokio::test]
async fn an_edit_is_kept_by_a_second_run_and_by_an_upgrade() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    server.edit(|clone| fs::write(clone.join(EDITED), "edited: true\n").expect("writable"));

    let again = server.publish(&rendered()).await.expect("published");
    assert!(!again.committed);
    assert_eq!(again.tree.text(EDITED).expect("there"), "edited: true\n");

    let upgrade = server.publish(&upgraded()).await.expect("published");
    let paths: Vec<&str> = upgrade.changed.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, [CHANGED_BY_UPGRADE, "hub.yaml", "lock.yaml"]);
    assert_eq!(server.show(EDITED), "edited: true\n");
    assert_eq!(upgrade.tree.text(EDITED).expect("there"), "edited: true\n");

    assert!(!server.publish(&upgraded()).await.expect("published").committed);
    assert_eq!(server.commits(), 3);
}

#[tokio::test]
async fn a_file_that_people_removed_stays_away() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    server.edit(|clone| fs::remove_file(clone.join("root/apps/helm.yaml")).expect("removable"));
    let again = server.publish(&rendered()).await.expect("published");
    assert!(!again.committed);
    assert_eq!(again.tree.get("root/apps/helm.yaml"), None);
}

#[tokio::test]
async fn an_edit_of_what_the_upgrade_changes_is_a_conflict() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    server.edit(|clone| fs::write(clone.join(CHANGED_BY_UPGRADE), "edited: true\n").expect("writable"));
    let failure = server.publish(&upgraded()).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
    assert_eq!(failure.details, [format!("{CHANGED_BY_UPGRADE} was edited here and changed by the bundle")]);
    assert_eq!(server.commits(), 2);
}

#[tokio::test]
async fn what_is_no_longer_rendered_is_removed() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    let fewer = render(&input("version: 3.6.1", "[]")).expect("renders").tree;
    let published = server.publish(&fewer).await.expect("published");
    let gone = FileChange { kind: ChangeKind::Remove, path: "root/apps/helm.yaml".to_owned() };
    assert!(published.changed.contains(&gone), "{:?}", published.changed);
    assert!(!server.git(&["--git-dir", "hub.git", "ls-tree", "-r", "--name-only", "main"]).contains("components/"));
}

#[tokio::test]
async fn a_push_that_comes_second_is_made_again_on_top() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    // The first push finds the branch moved by somebody else, whose commit keeps every file.
    server.hook(
        "pre-receive",
        "test -e raced && exit 0\ntouch raced\nunset GIT_QUARANTINE_PATH\n\
         new=$(GIT_AUTHOR_NAME=p GIT_AUTHOR_EMAIL=p@p GIT_COMMITTER_NAME=p GIT_COMMITTER_EMAIL=p@p \
         git commit-tree -p main -m raced main^{tree})\n\
         git update-ref refs/heads/main $new",
    );
    // The hook's objects must outlive the refused push.
    let published = server.publish(&upgraded()).await;
    let published = published.unwrap_or_else(|failure| panic!("{}", failure.render()));
    assert!(published.committed);
    let log = server.git(&["--git-dir", "hub.git", "log", "--format=%s", "main"]);
    assert_eq!(log, "Render the hub\nraced\nRender the hub\n");
}

#[tokio::test]
async fn a_hook_that_refuses_is_told_with_its_words() {
    let server = Server::new();
    server.hook("pre-receive", "echo 'only on Mondays' >&2\nexit 1");
    let failure = server.publish(&rendered()).await.expect_err("refused");
    assert!(failure.message.contains("refuses the commit"), "{failure}");
    assert!(failure.details.iter().any(|line| line.contains("only on Mondays")), "{:?}", failure.details);
}

#[tokio::test]
async fn the_hub_of_another_cluster_is_not_overwritten() {
    let server = Server::new();
    server.publish(&rendered()).await.expect("published");
    let mut other = hub();
    other.resolved.cluster_uid = "uid-2".to_owned();
    let failure = server.publish(&render(&other).expect("renders").tree).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
    assert!(failure.details.iter().any(|line| line.contains("uid-1")), "{:?}", failure.details);

    // The remedy of the hint.
    server.edit(|clone| {
        let lock = clone.join("lock.yaml");
        let text = fs::read_to_string(&lock).expect("there").replace("uid-1", "uid-2");
        fs::write(lock, text).expect("writable");
    });
    assert!(server.publish(&render(&other).expect("renders").tree).await.expect("published").committed);
}

#[tokio::test]
async fn a_lock_that_is_not_a_hubs_is_not_overwritten() {
    let server = Server::new();
    server.edit(|clone| fs::write(clone.join("lock.yaml"), "mine: 1\n").expect("writable"));
    let failure = server.publish(&rendered()).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
}

#[tokio::test]
async fn a_repository_that_is_not_there_is_named() {
    let missing = Access::new("file:///no/such/hub.git", "main", None);
    let failure = publish(&missing, &rendered(), Renewal::Keep, "x", soon(), anything).await.expect_err("not there");
    assert!(failure.message.contains("file:///no/such/hub.git: there is no such repository"), "{failure}");
}

#[tokio::test]
async fn trying_a_push_pushes_nothing() {
    let server = Server::new();
    assert!(can_push(&server.access(), soon()).await.expect("answered"));
    assert_eq!(server.commits(), 0);
}

#[tokio::test]
async fn images_do_not_go_back_to_where_they_were_published_unasked() {
    let server = Server::new();
    let image = "images: [{image: 'r.example.org/a:v1', values: {repository: image}}]";
    let components = format!("[{{name: a, namespace: a, chart: {{locked: thing}}, {image}}}]");
    let mut here = input("version: 3.6.1", &components);
    let mapping = r#"{"r.example.org/a:v1": "closed.example/a:v1"}"#;
    here.relocation = Some(read_relocation_map(mapping, "").expect("a map"));
    let copied = render(&here).expect("renders").tree;
    server.publish(&copied).await.expect("published");
    assert!(!server.publish(&copied).await.expect("published").committed, "a second run changes nothing");

    here.relocation = None;
    let back = render(&here).expect("renders").tree;
    let failure = server.publish(&back).await.expect_err("refused");
    assert_eq!(failure.exit.code(), 3);
    assert_eq!(failure.details, ["r.example.org/a:v1: is taken from closed.example/a:v1"]);
    assert_eq!(server.commits(), 1);

    let lock = server.show("lock.yaml");
    let (before, rest) = lock.split_once("images:\n").expect("the inventory");
    let (_, behind) = rest.split_once("files:\n").expect("the files");
    let cleared = format!("{before}files:\n{behind}");
    server.edit(|clone| fs::write(clone.join("lock.yaml"), cleared).expect("writable"));
    server.publish(&back).await.expect("asked for");
    assert_eq!(server.show("components/a/values.yaml"), "image: r.example.org/a:v1\n");
}
