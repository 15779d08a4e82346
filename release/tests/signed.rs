//! A signed release, verified as README tells people to.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use backstack_release::layout::Release;
use jiff::Timestamp;

/// Whether a program ends well in a folder.
fn succeeds(folder: &Path, program: &str, args: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command.status().unwrap_or_else(|error| panic!("{program}: {error}")).success()
}

#[test]
#[ignore = "needs minisign"]
fn what_was_signed_is_verified_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    for name in ["ours", "theirs"] {
        let (public, secret) = (format!("{name}.pub"), format!("{name}.key"));
        assert!(succeeds(home, "minisign", &["-G", "-W", "-f", "-p", &public, "-s", &secret]));
    }
    let dist = home.join("dist");
    let release = Release { dist: &dist, version: "v1.2.3", date: Timestamp::UNIX_EPOCH };
    release.clear().expect("made");
    release.add_program("linux-amd64", b"a program").expect("added");
    release.add_digests().expect("added");
    release.sign(&home.join("ours.key")).expect("signed");

    let files = dist.join("mixins/backstack/v1.2.3");
    let verified = |key: &str| {
        let key = home.join(key);
        succeeds(&files, "minisign", &["-Vm", "SHA256SUMS", "-p", key.to_str().expect("text")])
            && succeeds(&files, "sha256sum", &["--check", "--strict", "SHA256SUMS"])
    };
    assert!(verified("ours.pub"));
    assert!(!verified("theirs.pub"), "by another key");
    let before = fs::read(files.join("SHA256SUMS.minisig")).expect("the signature");
    release.sign(&home.join("ours.key")).expect("signed again");
    assert_eq!(fs::read(files.join("SHA256SUMS.minisig")).expect("the signature"), before, "the same in every run");

    fs::write(files.join("backstack-linux-amd64"), "another program").expect("written");
    assert!(!verified("ours.pub"), "another program");
    let digests = release.add_digests();
    digests.expect("written anew");
    assert!(!verified("ours.pub"), "with digests of its own");
    let failure = release.sign(&home.join("none.key")).expect_err("there is no such key");
    assert!(format!("{failure:#}").contains("none.key"), "{failure:#}");
}
