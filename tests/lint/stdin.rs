//! What lint looks at where nobody names a bundle: it goes by what is on stdin, and never waits for ever.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::fixture::{BUNDLE, bundle, with};
use crate::support::Mixin;

fn lint(folder: &Path, stdin: Stdio) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_backstack"));
    program.arg("lint").current_dir(folder).env_clear().env("BACKSTACK_PACE", "60").stdin(stdin);
    program.output().expect("started")
}

#[test]
fn without_a_word_on_stdin_the_folder_is_looked_at() {
    let folder = bundle(&with("timeout: 5m\n    outputs", "timeout: soon\n    outputs"));
    let empty = tempfile::NamedTempFile::new().expect("a file");
    for stdin in [Stdio::null(), File::open(empty.path()).expect("open").into()] {
        let output = lint(folder.path(), stdin);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stdout).contains("--> porter.yaml:23:14"), "{output:?}");
    }
    let closed = format!("{} lint <&-", env!("CARGO_BIN_EXE_backstack"));
    let output = Command::new("bash").args(["-c", &closed]).current_dir(folder.path()).output().expect("a shell");
    assert!(String::from_utf8_lossy(&output.stdout).contains("--> porter.yaml:23:14"), "{output:?}");
}

#[test]
fn whoever_opens_stdin_and_says_nothing_is_not_waited_for() {
    let folder = bundle(BUNDLE);
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    for said in ["", "actions: {install: [\n"] {
        writer.write_all(said.as_bytes()).expect("written");
        let output = lint(folder.path(), reader.try_clone().expect("a pipe").into());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(2), &b""[..]), "{told}");
        assert!(told.contains("stdin was opened, and has not ended in 30 s\nhint: name a folder"), "{told}");
    }
}

#[test]
fn what_is_no_text_is_nobodys_steps() {
    Mixin::new("lint").stdin(b"\xff".as_slice()).run().exits(2).says("stdin is not UTF-8");
}
