//! What tests hold: the program as Porter calls it, and what came of it.

pub mod fake_api;
pub mod git_host;
pub mod images;
pub mod on_cluster;
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

use backstack::yaml;
use serde_json::{Value, json};
use tempfile::{NamedTempFile, TempDir};

/// The files that tests read.
pub fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of such a file.
pub fn text(path: &str) -> String {
    fs::read_to_string(data(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The first document of such a file, or of one elsewhere.
pub fn document(path: impl AsRef<Path>) -> Value {
    let name = path.as_ref().display().to_string();
    let all = yaml::manifests(&name, &text(&name)).unwrap_or_else(|failure| panic!("{}", failure.render()));
    all.into_iter().next().expect("a document")
}

/// The files below a folder, but for what folders of these names hold.
pub fn files_below(folder: &Path, skip: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if !path.is_dir() {
            found.push(path);
        } else if !skip.iter().any(|name| path.ends_with(name)) {
            found.extend(files_below(&path, skip));
        }
    }
    found
}

/// A file in a folder, with the folders that it stands in.
pub fn write(folder: &Path, name: &str, text: &str) {
    let file = folder.join(name);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

/// This kubeconfig with the token of an account in place of its user.
pub fn with_token(kubeconfig: &Path, token: &str) -> NamedTempFile {
    let text = fs::read(kubeconfig).expect("a kubeconfig");
    let mut kubeconfig: Value = serde_json::from_slice(&text).expect("the testbed writes JSON");
    kubeconfig["users"][0]["user"] = json!({"token": token.trim()});
    let file = NamedTempFile::new().expect("a file");
    fs::write(file.path(), kubeconfig.to_string()).expect("written");
    file
}

/// Demands that a command line is told to be wrong in these words, and that nothing is answered.
#[track_caller]
pub fn refused(line: &str, said: &str) {
    let run = Mixin::new(line).run();
    assert_eq!((run.code, run.stderr.contains(said)), (2, true), "{line}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{line}");
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

    /// It finds programs where this test does.
    pub fn with_path(self) -> Self {
        self.env("PATH", std::env::var_os("PATH").expect("a path"))
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
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }

    /// The same of a verb, which is as its schema says.
    #[track_caller]
    pub fn document(&self, verb: &str) -> Value {
        let document = self.json();
        let schema = serde_json::from_str(&text(&format!("docs/schemas/{verb}.schema.json"))).expect("a schema");
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        let mistakes = validator.iter_errors(&document).map(|it| format!("{}: {it}", it.instance_path()));
        assert_eq!(mistakes.collect::<Vec<_>>(), [""; 0], "{document:#}");
        document
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
