//! The real readers of YAML, `JSONPath`s and ranges of versions: the libraries with which kubectl, Argo CD, Helm, Porter and
//! Backstage read them.
//!
//! Those of Go are one small program (`peers/readers`), built on demand; Backstage's is in its own installation.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::build::{self, backstage};
use crate::paths::Cache;

macro_rules! file {
    ($name:literal) => {
        ($name, include_str!(concat!("../peers/readers/", $name)))
    };
}

const FILES: &[(&str, &str)] = &[file!("go.mod"), file!("go.sum"), file!("main.go"), file!("main.js")];

/// A text, and who is to read it: `kubernetes`, `porter` or `backstage`; `jsonpath` or `semver`.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// The reader.
    pub reader: &'static str,
    /// The text.
    pub text: String,
    /// What a `JSONPath` (an object) or a range of versions (a list of them) is asked of; else null.
    pub of: Value,
}

/// The documents, or values, that it found, or why it found none.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The documents.
    pub values: Option<Vec<Value>>,
    /// Its own words.
    #[serde(default)]
    pub error: String,
}

/// Asks the real readers, each kind of them once. The answers are in the order of the questions.
pub fn ask(questions: &[Question]) -> Result<Vec<Answer>> {
    let cache = Cache::locate()?;
    let dir = ensure(&cache)?;
    let backend = backstage::Backend::locate(&cache);
    backstage::Backend::ensure(&cache)?;
    let mut script = Command::new(backend.node());
    script.arg(dir.join("main.js")).env("NODE_PATH", backend.dir().join("node_modules"));
    let is_script = |question: &Question| question.reader == "backstage";
    let mut scripted = run(script, questions.iter().filter(|it| is_script(it)))?.into_iter();
    let mut built = run(Command::new(dir.join("readers")), questions.iter().filter(|it| !is_script(it)))?.into_iter();
    let answers = questions.iter().map(|it| if is_script(it) { scripted.next() } else { built.next() });
    answers.collect::<Option<_>>().context("a reader has not answered all questions")
}

fn run<'q>(mut command: Command, questions: impl Iterator<Item = &'q Question>) -> Result<Vec<Answer>> {
    let questions = serde_json::to_vec(&questions.collect::<Vec<_>>())?;
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start {}", command.get_program().display()))?;
    child.stdin.take().context("its stdin is a pipe")?.write_all(&questions)?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "{} has failed", command.get_program().display());
    serde_json::from_slice(&output.stdout).context("a reader does not answer in JSON")
}

/// Builds the program of Go's readers, beside the caches of the others, since its pins are its own.
fn ensure(cache: &Cache) -> Result<PathBuf> {
    let digest = FILES.iter().fold(Sha256::new(), |digest, (_, text)| digest.chain_update(text)).finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(digest);
    let dir = cache.beside(&format!("readers-{:08x}", u32::from_be_bytes([a, b, c, d])));
    if dir.exists() {
        return Ok(dir);
    }
    let _lock = build::lock(cache)?;
    if dir.exists() {
        return Ok(dir);
    }
    let unfinished = dir.with_extension("unfinished");
    build(&unfinished, cache)?;
    fs::rename(&unfinished, &dir).with_context(|| format!("failed to rename to {}", dir.display()))?;
    Ok(dir)
}

fn build(dir: &Path, cache: &Cache) -> Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("failed to create {}", dir.display()))?;
    for (name, text) in FILES {
        fs::write(dir.join(name), text).with_context(|| format!("failed to write {name}"))?;
    }
    let mut command = build::go(dir)?;
    command.args(["build", "-trimpath", "-o", "readers", "."]);
    build::run(&command, &cache.root().join("build-readers.log"), "building the readers", "built the readers")
}
