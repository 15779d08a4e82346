//! A program that is only asked to end does so by itself, however what has started it ends.

use std::fs;
use std::process::{Command, Stdio};

use super::fixture::until;
use crate::signals::{IN_TIME, send};
use crate::support::processes::{alive, descendants_of};

const BACKSTACK: &str = env!("CARGO_BIN_EXE_backstack");

/// A shell, below it a program that ends with it, and below that one that is only asked to end, which takes a moment for it.
fn below(folder: &std::path::Path) -> Command {
    let gentle = format!(
        "'{BACKSTACK}' attend-child-gently $$ sh -c \"trap 'echo asked' TERM; echo there; until [ -e go ]; do sleep 0.1; done; \
         echo done\" > said & wait"
    );
    fs::write(folder.join("mixin"), gentle).expect("written");
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("'{BACKSTACK}' attend-child $$ sh mixin & wait")]).current_dir(folder);
    shell.stdin(Stdio::null());
    shell
}

#[test]
fn it_outlives_those_that_are_ended_above_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = || fs::read_to_string(folder.path().join("said")).unwrap_or_default();
    let mut shell = below(folder.path()).spawn().expect("sh starts");
    until("it is there", IN_TIME, || said().contains("there"));
    let all = descendants_of(shell.id());
    let (spared, ended): (Vec<_>, Vec<_>) = all.into_iter().partition(|it| it.line.contains("trap"));
    assert_eq!((spared.len(), ended.is_empty()), (2, false), "{spared:#?} {ended:#?}");
    send("KILL", &shell);
    shell.wait().expect("killed");
    until("those above it are gone", IN_TIME, || alive(&ended).is_empty());
    until("it is asked", IN_TIME, || said().contains("asked"));
    assert_eq!(alive(&spared).len(), 2);
    fs::write(folder.path().join("go"), "").expect("written");
    until("it has ended", IN_TIME, || alive(&spared).is_empty());
    assert_eq!(said(), "there\nasked\ndone\n");
}
