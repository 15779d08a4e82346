//! What leaves the group and the session of the program that has started it ends with the run all the same; what somebody else has
//! started goes on.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::Duration;

use tempfile::TempDir;

use super::fixture::{Run, Silent, script, until};
use crate::signals::{IN_TIME, end_of, process_ids_with, processes_with, send};

/// Nobody is there.
const NOWHERE: &str = "http://127.0.0.1:1/hub.git";

/// A `sleep` that this test alone knows.
fn sleep(number: u32) -> String {
    format!("sleep {}", 100_000_000 + 10 * std::process::id() + number)
}

/// A folder with a git that leaves something behind, with its streams, each time.
fn leaving(sleep: &str) -> (TempDir, PathBuf) {
    let place = tempfile::tempdir().expect("a folder");
    let note = place.path().join("note");
    script(
        &place.path().join("git"),
        &format!("#!/bin/sh\nsetsid {sleep} &\necho >>'{}'\nexec /usr/bin/git \"$@\"\n", note.display()),
    );
    (place, note)
}

fn start(run: &Run, url: &str, programs: &TempDir) -> Child {
    let mut call = run.command(url);
    call.env("PATH", format!("{}:/usr/bin:/bin", programs.path().display())).spawn().expect("the program starts")
}

fn is_gone(what: &str) {
    until(&format!("{what} is gone"), Duration::from_secs(10), || processes_with(what).is_empty());
}

#[test]
fn what_a_program_leaves_behind_ends_with_it() {
    let (run, sleep) = (Run::new(), sleep(0));
    let (programs, note) = leaving(&sleep);
    let (status, took) = end_of(&mut start(&run, NOWHERE, &programs));
    assert!(note.exists() && status.code() == Some(1), "{status}");
    assert!(took < IN_TIME, "{took:?}");
    is_gone(&sleep);
}

#[test]
fn what_has_left_its_session_ends_with_the_run() {
    let (run, server, sleep) = (Run::new(), Silent::new(), sleep(1));
    let (programs, _note) = leaving(&sleep);
    for signal in ["TERM", "INT", "KILL"] {
        let mut child = start(&run, &format!("http://127.0.0.1:{}/hub.git", server.port()), &programs);
        let _connection = server.asked();
        until("something is left", Duration::from_secs(10), || !processes_with(&sleep).is_empty());
        send(signal, &child);
        end_of(&mut child);
        is_gone(&sleep);
    }
}

/// Whoever becomes this program may have started something before, which has children, too, and is in our group.
#[test]
fn children_of_others_go_on() {
    let (run, sleeps) = (Run::new(), [sleep(2), sleep(3)]);
    let before = format!("{} >/dev/null 2>&1 & sh -c '{}; :' >/dev/null 2>&1 & :", sleeps[0], sleeps[1]);
    let server = Silent::new();
    let stuck = format!("http://127.0.0.1:{}/hub.git", server.port());
    for (url, signal) in [(NOWHERE, None), (stuck.as_str(), Some("TERM"))] {
        let mut child = run.through(&before, url).spawn().expect("sh starts");
        if let Some(signal) = signal {
            let _connection = server.asked();
            send(signal, &child);
        }
        end_of(&mut child);
        let left = sleeps.each_ref().map(|sleep| process_ids_with(sleep));
        left.iter().flatten().for_each(|id| drop(Command::new("kill").args(["-KILL", id]).status()));
        let went_on: Vec<usize> = left.iter().map(Vec::len).collect();
        assert_eq!(went_on, [1, 2], "one, and one with the shell that waits for it, after {signal:?}");
    }
    assert_eq!(fs::read_dir(run.temporary.path()).expect("readable").count(), 0);
}
