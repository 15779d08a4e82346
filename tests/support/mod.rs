//! What tests hold: the program as Porter calls it, and what came of it.

pub mod fake_api;
pub mod git_host;
pub mod images;
pub mod page;
pub mod processes;
pub mod relay;
pub mod shared_api;
pub mod sshd;
pub mod terminal;
pub mod zip;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use tempfile::TempDir;

/// The files that tests read.
pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of such a file.
pub fn text(path: &str) -> String {
    fs::read_to_string(data(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Compares a checked-in file with what it should hold; `UPDATE=1` writes it instead.
#[track_caller]
pub fn assert_file(path: &str, expected: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(data(path), expected).expect("written");
    }
    let actual = fs::read_to_string(data(path)).unwrap_or_default();
    assert_eq!(actual, expected, "{path} is out of date; run the tests with UPDATE=1");
}

/// Whether a program is on PATH.
pub fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// Whether the real Porter is on PATH; where it is not, the terminal says which test is skipped.
pub fn porter_on_path(test: &str) -> bool {
    let is_there = is_on_path("porter");
    if !is_there {
        skipped(test, "`porter` is not on PATH; see https://porter.sh/install");
    }
    is_there
}

/// Says on the terminal that a test is skipped, and why.
pub fn skipped(test: &str, why: &str) {
    // Not by `eprintln!`, which the test runner keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

/// A call of the program: stdin, argv and environment; the environment is otherwise empty.
pub struct Mixin {
    command: Command,
    stdin: Vec<u8>,
    /// Removed when the call is over.
    root: TempDir,
}

/// A call that is under way.
pub struct Running {
    pub child: Child,
    feeder: JoinHandle<()>,
    root: TempDir,
}

/// What came of it.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Mixin {
    /// The program with these arguments, split at spaces as Porter does.
    pub fn new(line: &str) -> Self {
        let root = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        command.args(line.split_whitespace()).env_clear().env("BACKSTACK_ROOT", root.path()).current_dir(root.path());
        Self { command, stdin: Vec::new(), root }
    }

    pub fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub fn args<'a>(self, args: impl IntoIterator<Item = &'a str>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub fn run(self) -> Run {
        self.start().end()
    }

    /// Starts it and comes back at once.
    pub fn start(mut self) -> Running {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let feeder = std::thread::spawn(move || drop(stdin.write_all(&self.stdin)));
        Running { child, feeder, root: self.root }
    }
}

impl Running {
    /// Waits for its end.
    pub fn end(self) -> Run {
        let output = self.child.wait_with_output().expect("the program ends");
        self.feeder.join().expect("fed");
        drop(self.root);
        Run {
            code: output.status.code().expect("no signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl Run {
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Demands a text on stderr.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "`{text}` is not in:\n{}", self.stderr);
        self
    }

    /// stdout as JSON, and nothing else on it.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// A `$PORTER_HOME` with mixins that are shell scripts.
pub struct PorterHome(TempDir);

impl PorterHome {
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn mixin(self, name: &str, script: &str) -> Self {
        let runtime = self.path().join(format!("mixins/{name}/runtimes/{name}-runtime"));
        fs::create_dir_all(runtime.parent().expect("a folder")).expect("made");
        fs::write(&runtime, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&runtime, fs::Permissions::from_mode(0o770)).expect("executable");
        self
    }
}
