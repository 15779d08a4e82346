//! A real backend of Backstage that reads a repository of the testbed's git server.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::control::{self, Request, Response, Running};
use crate::loopback;
use crate::process::tail;
use crate::progress::say;

/// A backend with its catalog and scaffolder. It ends when this is dropped. All its methods block.
#[derive(Debug)]
pub struct Backstage {
    testbed: PathBuf,
    running: Running,
}

impl Backstage {
    /// Starts one whose only location is this one, in the testbed that runs in a directory. Blocks.
    pub(crate) fn start(testbed: &Path, location: String) -> Result<Self> {
        match control::ask(testbed, &Request::StartBackstage { location })? {
            Response::Backstage(running) => Ok(Self { testbed: testbed.to_owned(), running }),
            other => bail!("unexpected answer {other:?}"),
        }
    }

    /// The address of its API.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port)
    }

    /// The token that its API wants to see.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.running.token
    }

    /// Its log.
    #[must_use]
    pub fn log(&self) -> &Path {
        &self.running.log
    }

    /// All entities of the catalog.
    pub fn entities(&self) -> Result<Vec<Value>> {
        let entities = self.get("/api/catalog/entities")?;
        serde_json::from_value(entities).context("the catalog lists no entities")
    }

    /// What its API has at a path.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.ask("GET", path, None)
    }

    /// Posts a document to its API, and returns the answer.
    pub fn post(&self, path: &str, document: &Value) -> Result<Value> {
        self.ask("POST", path, Some(document))
    }

    fn ask(&self, method: &str, path: &str, document: Option<&Value>) -> Result<Value> {
        let body = document.map(serde_json::to_vec).transpose()?;
        let login = format!("Bearer {}", self.token());
        let answer = loopback::ask(self.running.port, method, path, &login, body.as_deref())
            .with_context(|| format!("Backstage; the end of its log:\n{}", tail(self.log(), 8)))?;
        serde_json::from_slice(&answer).with_context(|| format!("{method} {path} was answered with no JSON"))
    }
}

impl Drop for Backstage {
    fn drop(&mut self) {
        let request = Request::StopBackstage { port: self.running.port };
        if let Err(error) = control::ask(&self.testbed, &request) {
            // It ends with the testbed at the latest.
            say(&format!("Backstage was not stopped: {error:#}"));
        }
    }
}
