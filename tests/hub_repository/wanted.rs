//! A repository that holds far more than a hub: only what is wanted of it is brought, by few requests.

use std::fs;
use std::path::Path;

use backstack::git::{Access, GitCredential};
use backstack::publish::{Renewal, publish, read_tree};
use backstack_testbed::Repository;
use secrecy::SecretString;

use super::publish::{Server, anything, rendered, soon};
use crate::hub::fixture::TESTBED;

/// Files of others, each of which no other compresses.
fn others(count: usize) -> impl FnOnce(&Path) {
    move |clone: &Path| {
        fs::create_dir_all(clone.join("others")).expect("a folder");
        for number in 0..count {
            let text = backstack::files::sha256(number.to_string().as_bytes()).repeat(30);
            fs::write(clone.join(format!("others/{number}")), text).expect("a file");
        }
    }
}

#[tokio::test]
async fn a_commit_is_the_same_whether_or_not_the_server_can_leave_files_out() {
    let (with, without) = (Server::new(), Server::new());
    without.git(&["--git-dir", "hub.git", "config", "uploadpack.allowFilter", "false"]);
    let mut tree = rendered();
    for server in [&with, &without] {
        server.publish(&tree).await.expect("published");
        server.edit(others(50));
    }
    tree.insert("root/new.yaml", "a: b\n").expect("free");
    let mut trees = Vec::new();
    for server in [&with, &without] {
        assert!(server.publish(&tree).await.expect("published").committed);
        assert!(!server.publish(&tree).await.expect("published").committed, "nothing is left to do");
        trees.push(read_tree(&server.access(), soon()).await.expect("read").expect("a hub").tree);
    }
    assert_eq!(trees[0], trees[1]);
    assert_eq!(with.tree(), without.tree());
    assert!(with.tree().contains("others/49"), "what is of others stays");
}

/// What somebody with a look at the whole hub asked for: how many requests, and how many bytes came.
async fn asked(repository: &Repository) -> (usize, usize) {
    let before = repository.requests().expect("a log").len();
    let writer = repository.writer();
    let credential = GitCredential {
        username: Some(writer.username.clone()),
        password: Some(SecretString::from(writer.password.clone())),
        ..GitCredential::default()
    };
    let access = Access::new(&repository.url(), "main", Some(credential));
    publish(&access, &rendered(), Renewal::Keep, "Render the hub", soon(), anything).await.expect("published");
    let requests = repository.requests().expect("a log").split_off(before);
    let bytes = |line: &String| line.rsplit(' ').next().and_then(|it| it.parse().ok()).unwrap_or(0_usize);
    (requests.len(), requests.iter().map(bytes).sum())
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn what_nobody_looks_at_is_not_brought() {
    let repository = TESTBED.repository().expect("a repository");
    asked(&repository).await;
    repository.commit(others(2000)).expect("committed");
    let (requests, whole) = asked(&repository).await;
    assert!(requests <= 3, "one fetch: {requests} requests");
    repository.allow_filters().expect("set");
    let (requests, wanted) = asked(&repository).await;
    assert!(requests <= 5, "one fetch, and one of what is wanted: {requests} requests");
    // The names of all files and of what is in them come in any case.
    assert!(wanted * 3 < whole, "{wanted} bytes of {whole}");
}
