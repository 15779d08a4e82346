//! A module is made ready: copied, initialized, and its state found where it is said to be.

use std::fs;
use std::time::Instant;

use serde::Deserialize;

use super::setup::Setup;
use super::state;
use super::workplace::OpenTofu;
use crate::report::{Console, Failure, Outcome};

/// Checksums of providers, written by the module's author.
const LOCK: &str = ".terraform.lock.hcl";
/// Where `init` remembers the backend.
const BACKEND: &str = ".terraform/terraform.tfstate";
/// The backend that is a file beside the module.
const LOCAL: &str = "local";

#[derive(Deserialize)]
struct Version {
    terraform_version: String,
}

#[derive(Deserialize)]
struct Remembered {
    backend: Option<Backend>,
}

#[derive(Deserialize)]
struct Backend {
    #[serde(rename = "type")]
    kind: String,
}

impl<'c> OpenTofu<'c> {
    /// Copies the module and initializes it; nothing of a cloud is asked or changed. Whatever runs is asked to end at the
    /// deadline.
    pub async fn prepare(setup: Setup, deadline: Instant, console: &'c Console) -> Outcome<Self> {
        let mut place = Self::lay_out(setup, deadline, console)?;
        if let Some(file) = &place.setup.state {
            state::check(file)?;
        }
        place.version = place.ask_version().await?;
        console.done("opentofu", format!("{} for {}", place.version, place.setup.module.display()));
        place.initialize().await?;
        Ok(place)
    }

    async fn ask_version(&self) -> Outcome<String> {
        let program = self.setup.program.display();
        let ended = self.ask(["version", "-json"]).await?;
        let version: Option<Version> = serde_json::from_slice(&ended.stdout).ok();
        version.map(|it| it.terraform_version).ok_or_else(|| {
            Failure::failed(format!("{program} does not say its version, as OpenTofu does ({})", ended.status))
                .details(ended.stderr.lines())
                .hint("the program has to be an OpenTofu that runs on this machine")
        })
    }

    async fn initialize(&self) -> Outcome<()> {
        // A module that pins its providers means it.
        let is_locked = self.module().join(LOCK).exists();
        let said = self.run("init", is_locked.then(|| "-lockfile=readonly".to_owned())).await?;
        // Known also where the backend does not answer.
        self.check_backend()?;
        said.outcome().map(drop)
    }

    fn check_backend(&self) -> Outcome<()> {
        let module = self.setup.module.display();
        match (&self.setup.state, self.backend()) {
            (Some(state), Some(kind)) => Err(Failure::usage(format!(
                "the module {module} names the backend `{kind}`, and its state is to be in {}",
                state.display()
            ))
            .hint("say that the backend has the state, or take the block out of the module")),
            (None, None) => Err(Failure::usage(format!("the module {module} names no backend to have its state"))
                .hint("name one in its block `terraform`, or say in which file the state is to be")),
            (None, Some(kind)) if kind == LOCAL => Err(Failure::usage(format!(
                "the module {module} names the backend `{LOCAL}`: its state would be gone with this run"
            ))
            .hint("name one that is elsewhere, or say in which file the state is to be, without a backend")),
            _ => Ok(()),
        }
    }

    /// The kind of backend that the module names.
    fn backend(&self) -> Option<String> {
        let text = fs::read(self.module().join(BACKEND)).ok()?;
        let known: Remembered = serde_json::from_slice(&text).ok()?;
        known.backend.map(|backend| backend.kind)
    }
}
