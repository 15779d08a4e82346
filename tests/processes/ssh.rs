//! An SSH key, held against a real sshd: it gets in, and it is never in a file.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use backstack::git::{Access, GitCredential};
use backstack::publish::{Renewal, publish};
use backstack::render::hub::render;
use backstack::report::Outcome;
use secrecy::SecretString;

use super::fixture::{Run, until};
use crate::hub_repository::fixture::hub;
use crate::hub_repository::publish::anything;
use crate::signals::{IN_TIME, end_of, send};
use crate::support::processes::{alive, descendants_of};
use crate::support::sshd::{Sshd, new_key};

/// The kinds of keys that `ssh-keygen` makes, in the forms that people have them in.
const KINDS: [&[&str]; 5] = [
    &["-t", "ed25519", "-N", ""],
    &["-t", "rsa", "-b", "2048", "-N", ""],
    &["-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""],
    &["-t", "ecdsa", "-b", "256", "-N", ""],
    &["-t", "ecdsa", "-b", "384", "-m", "PKCS8", "-N", ""],
];

fn access(server: &Sshd, key: &str, known_hosts: String) -> Access {
    let credential = GitCredential {
        ssh_private_key: Some(SecretString::from(key.to_owned())),
        known_hosts: Some(known_hosts),
        ..GitCredential::default()
    };
    Access::new(&server.url(), "main", Some(credential))
}

async fn push(access: &Access, file: &str) -> Outcome<()> {
    let mut tree = render(&hub()).expect("renders").tree;
    tree.insert(file, "new").expect("free");
    publish(access, &tree, Renewal::Keep, "Render the hub", Instant::now() + Duration::from_secs(60), anything)
        .await
        .map(drop)
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_key_of_every_kind_pushes() {
    let server = Sshd::new();
    let mut keys: Vec<String> = KINDS.iter().map(|kind| server.key(kind)).collect();
    // As Windows has it, and without the last line end, as a variable often has it.
    keys.extend([keys[0].replace('\n', "\r\n"), keys[0].trim_end().to_owned()]);
    for (index, key) in keys.iter().enumerate() {
        let pushed = push(&access(&server, key, server.known_hosts()), &format!("file-{index}")).await;
        pushed.unwrap_or_else(|failure| panic!("key {index}: {failure:?}\n{}", server.log()));
    }
    let mut count = Command::new("git");
    count.arg("--git-dir").arg(server.repository()).args(["rev-list", "--count", "main"]);
    let count = count.output().expect("git starts").stdout;
    assert_eq!(String::from_utf8_lossy(&count).trim(), keys.len().to_string());
}

#[tokio::test]
#[ignore = "needs the testbed"]
async fn a_key_that_does_not_get_in_is_told_with_the_remedy() {
    let server = Sshd::new();
    let good = server.key(KINDS[0]);
    let (unknown, _) = new_key(KINDS[0]);
    let (closed, _) = new_key(&["-t", "ed25519", "-N", "a passphrase"]);
    let other_host = server.known_hosts().replacen("127.0.0.1", "127.0.0.2", 1);
    for (key, known_hosts, expected) in [
        (unknown, server.known_hosts(), "authentication failed"),
        (closed, server.known_hosts(), "the SSH key of the repository cannot be used"),
        (good[..good.len() / 2].to_owned(), server.known_hosts(), "the SSH key of the repository cannot be used"),
        (good, other_host, "known"),
    ] {
        let failure = push(&access(&server, &key, known_hosts), "x").await.expect_err("refused");
        let said = failure.render();
        assert!(said.contains(expected) && failure.hint.is_some(), "{said}\n{}", server.log());
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
}

/// Whether a text has anything of the secret half of a key, which stands behind the public one.
fn is_secret(text: &str, key: &str) -> bool {
    let lines: Vec<&str> = key.lines().filter(|line| !line.starts_with('-')).collect();
    text.contains("PRIVATE KEY") || lines[lines.len() / 2 + 1..].iter().any(|line| text.contains(line))
}

/// The files below a folder, which may go meanwhile.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path().display().to_string()),
            _ => {}
        }
    }
    found
}

#[test]
#[ignore = "needs the testbed"]
fn the_key_is_in_no_file_at_any_time() {
    let (run, server) = (Run::new(), Sshd::new());
    let key = server.key(&["-t", "rsa", "-b", "2048", "-N", ""]);
    let mut call = run.command(&server.url());
    call.env("A_KEY", &key).env("A_HOST", server.known_hosts()).stderr(Stdio::piped());
    let mut child = call.spawn().expect("the program starts");
    while child.try_wait().expect("a child").is_none() {
        for file in files(run.temporary.path()) {
            let text = String::from_utf8_lossy(&fs::read(&file).unwrap_or_default()).into_owned();
            assert!(!is_secret(&text, &key), "{file}: {text}");
        }
    }
    let said = std::io::read_to_string(child.stderr.take().expect("a pipe")).expect("text");
    // The repository is empty: whoever is told that has got in.
    assert!(server.log().contains("Accepted publickey") || said.contains("branch"), "{said}\n{}", server.log());
    assert_eq!(run.left(), Vec::<String>::new());
}

#[test]
#[ignore = "needs the testbed"]
fn a_run_that_is_killed_takes_its_agent_along_and_leaves_no_key() {
    let (run, server) = (Run::new(), Sshd::forcing("sleep 86397"));
    let key = server.key(KINDS[0]);
    let mut call = run.command(&server.url());
    let mut child = call.env("A_KEY", &key).env("A_HOST", server.known_hosts()).spawn().expect("the program starts");
    until("the key has got in", IN_TIME, || server.log().contains("Accepted publickey"));
    let all = descendants_of(child.id());
    for program in ["git fetch", "ssh -o", "ssh-agent"] {
        assert!(all.iter().any(|it| it.line.contains(program)), "{program}: {all:#?}");
    }
    send("KILL", &child);
    end_of(&mut child);
    until("all is gone", Duration::from_secs(10), || alive(&all).is_empty());
    let left = files(run.temporary.path());
    assert!(left.iter().any(|file| file.ends_with("key.pub")), "the folder is left: {left:?}");
    for file in left {
        let text = String::from_utf8_lossy(&fs::read(&file).expect("readable")).into_owned();
        assert!(!is_secret(&text, &key), "{file}: {text}");
    }
}
