//! What a key is refused for, over SSH.

use std::time::{Duration, Instant};

use backstack::git::Access;
use backstack::publish::can_push;
use serde_json::json;

use super::fixture::{Forged, wait};
use crate::support::sshd::new_key;

#[test]
#[ignore = "needs the testbed"]
fn a_deploy_key_writes_and_a_read_only_one_is_told_so() {
    let forged = Forged::new();
    let (writes, reads) = (forged.by_key(&forged.deploy_key(false)), forged.by_key(&forged.deploy_key(true)));
    forged.push(&writes).unwrap_or_else(|failure| panic!("{}", failure.render()));
    forged.is_told(&reads, "the credential may read and not write", "a deploy key is registered with write access");
    let may_push = |access: &Access| wait(can_push(access, Instant::now() + Duration::from_secs(60))).expect("asked");
    assert!(may_push(&writes) && !may_push(&reads));

    forged.protect(&json!({"enable_push": false}));
    forged.is_told(&writes, "the branch is protected", "let the account or deploy key that pushes through");
    forged.ask("PATCH", "", &json!({"archived": true}));
    forged.is_told(&writes, "nobody can write to the repository", "make it writable at the host");
}

#[test]
#[ignore = "needs the testbed"]
fn a_key_a_host_and_a_repository_that_are_not_known_are_told_apart() {
    let (forged, other) = (Forged::new(), Forged::new());
    let key = forged.deploy_key(false);
    let unknown = new_key(&["-t", "ed25519", "-N", ""]).0;
    forged.is_told(&forged.by_key(&unknown), "authentication failed", "or the SSH key");
    let unseen = "there is no such repository, or the credential may not see it";
    let elsewhere = Access { url: other.ssh(), ..forged.by_key(&key) };
    let denied = forged.push(&elsewhere).expect_err("a key of another repository");
    assert!(denied.render().contains(unseen) || denied.render().contains("not allowed"), "{}", denied.render());
    for path in ["nobody/hub.git", "hub.git"] {
        let missing = Access { url: format!("{}/{path}", forged.gitea.ssh), ..forged.by_key(&key) };
        forged.is_told(&missing, unseen, "correct the address");
    }

    let trusting = |known_hosts: String| {
        let mut access = forged.by_key(&key);
        access.credential.as_mut().expect("a key").known_hosts = Some(known_hosts);
        access
    };
    let line = forged.gitea.known_hosts.as_str();
    let another = new_key(&["-t", "ed25519", "-N", ""]).1;
    let host = line.split(' ').next().expect("a host");
    forged.is_told(
        &trusting(format!("{host} {another}")),
        "another host key than the one that is known",
        "find out why",
    );
    let nobody = line.replacen("127.0.0.1", "127.0.0.2", 1);
    forged.is_told(&trusting(nobody), "the host key of the server is not known", "`knownHosts`");
    forged.push(&forged.by_key(&key)).unwrap_or_else(|failure| panic!("{}", failure.render()));
}
