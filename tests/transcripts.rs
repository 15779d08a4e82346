//! What the offline verbs answer, to the byte: a transcript a case in `tests/transcripts`, one for each kind of outcome.
//!
//! ```text
//! # What it shows.
//! + backstack bead new hello          a preparation, of which only success is demanded
//! $ backstack lint hello              a command of a shell; lines that begin with `> ` belong to it
//! stdout:
//! | 0 errors, 0 warnings
//! exit: 0
//! ```
//!
//! A stream on which nothing came is left out. `UPDATE=1` writes what comes; read the difference as you would read a change of
//! code. Each runs in an empty folder, without stdin, terminal and environment, but for `$REPOSITORY`.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::{assert_file, data, text};

const FOLDER: &str = "tests/transcripts";

/// A test for each family of verbs.
macro_rules! families {
    ($($name:ident)*) => {
        const FAMILIES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { hold(stringify!($name)); })*
    };
}
families!(bead bundle claims hub lint mixin vendor);

#[test]
fn no_transcript_is_left_out() {
    assert_eq!(names(&data(FOLDER)), FAMILIES);
}

fn hold(family: &str) {
    let folder = format!("{FOLDER}/{family}");
    for name in names(&data(&folder)) {
        let path = format!("{folder}/{name}");
        assert_file(&path, &played(&text(&path)));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut names: Vec<String> = entries.map(|it| it.file_name().into_string().expect("text")).collect();
    names.sort();
    names
}

/// The transcript with what comes now.
fn played(transcript: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let mut told = String::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        let is_of_answer = ["stdout:", "stderr:", "exit: ", "|"].iter().any(|start| line.starts_with(start));
        if is_of_answer {
            continue; // comes anew
        }
        told = told + line + "\n";
        let Some(first) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("+ ")) else { continue };
        let mut command = first.to_owned();
        while let Some(more) = lines.next_if(|line| line.starts_with("> ") || *line == ">") {
            told = told + more + "\n";
            command = command + "\n" + more[1..].strip_prefix(' ').unwrap_or_default();
        }
        let output = run(&command, folder.path());
        if line.starts_with('+') {
            assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
        } else {
            told += &answer(&output, folder.path());
        }
    }
    told
}

fn run(command: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_backstack"));
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.parent().expect("a folder").display());
    let mut shell = Command::new("bash");
    shell.args(["-c", command]).current_dir(folder).env_clear().stdin(Stdio::null());
    let variables = [("PATH", path.as_str()), ("HOME", "/nonexistent"), ("LC_ALL", "C.UTF-8")];
    shell.envs(variables).env("REPOSITORY", env!("CARGO_MANIFEST_DIR")).output().expect("a shell")
}

/// With words for what another build says otherwise.
fn as_in_any_build(text: &str) -> String {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), backstack::env::COMMIT);
    let otherwise = [
        (env!("CARGO_PKG_REPOSITORY").to_owned(), "[REPOSITORY]"),
        (format!("backstack v{version} ({commit})"), "backstack v[VERSION] ([COMMIT])"),
        (
            format!("\"version\":\"v{version}\",\"commit\":\"{commit}\""),
            "\"version\":\"v[VERSION]\",\"commit\":\"[COMMIT]\"",
        ),
        (format!("\"semanticVersion\": \"{version}\""), "\"semanticVersion\": \"[VERSION]\""),
        (format!("\ntool: \"{version}\""), "\ntool: \"[VERSION]\""),
    ];
    otherwise.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

fn answer(output: &Output, folder: &Path) -> String {
    let mut told = String::new();
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = as_in_any_build(&String::from_utf8_lossy(bytes)).replace(&folder.display().to_string(), "[FOLDER]");
        if !text.is_empty() {
            let _ = writeln!(told, "{name}:");
        }
        for line in text.lines() {
            told = told + format!("| {line}").trim_end() + "\n";
        }
        if !text.is_empty() && !text.ends_with('\n') {
            told += "|(no line end)\n";
        }
    }
    let _ = writeln!(told, "exit: {}", output.status.code().expect("no signal"));
    told
}
