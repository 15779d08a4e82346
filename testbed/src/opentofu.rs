//! OpenTofu, and a mirror that has its provider `time`: what `tofu init` needs where there is no network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::build::{self, recipe};
use crate::paths::Cache;

/// A module that asks for the provider.
const MODULE: &str = "terraform {\n  required_providers {\n    time = { source = \"hashicorp/time\" }\n  }\n}\n";

/// The program, and what it installs providers from.
#[derive(Clone, Debug)]
pub struct OpenTofu {
    /// The program.
    pub program: PathBuf,
    /// A folder for `filesystem_mirror`.
    pub mirror: PathBuf,
}

#[derive(Deserialize)]
struct Version {
    platform: String,
}

impl OpenTofu {
    /// Finds it; builds it first when it has to. Blocks.
    pub fn ensure() -> Result<Self> {
        let cache = Cache::locate()?;
        build::ensure(&cache, &[&recipe::OPENTOFU, &recipe::PROVIDERS])?;
        let found = Self { program: cache.bin("tofu"), mirror: cache.root().join("mirror") };
        let _lock = build::lock(&cache)?;
        found.fill_mirror(&cache.bin("terraform-provider-time"))?;
        Ok(found)
    }

    fn fill_mirror(&self, provider: &Path) -> Result<()> {
        let version = recipe::pinned(recipe::TIME_PROVIDER_MODULE).context("the provider is not pinned")?;
        let number = version.trim_start_matches('v');
        let Version { platform } = serde_json::from_str(&self.says(&["version", "-json"])?)?;
        let folder = self.mirror.join(self.address()?).join(number).join(platform);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        match fs::hard_link(provider, folder.join(format!("terraform-provider-time_{version}"))) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(error).context("failed to fill the mirror")
            }
            _ => Ok(()),
        }
    }

    /// Where the provider comes from, as OpenTofu itself completes the name.
    fn address(&self) -> Result<String> {
        let tree = self.says(&["providers", "-no-color"])?;
        let found = tree.split_once("provider[").and_then(|(_, rest)| rest.split_once(']'));
        found.map(|(address, _)| address.to_owned()).with_context(|| format!("no provider in: {tree}"))
    }

    fn says(&self, args: &[&str]) -> Result<String> {
        let module = tempfile::tempdir().context("failed to make a folder")?;
        fs::write(module.path().join("main.tf"), MODULE)?;
        let mut command = Command::new(&self.program);
        let output =
            command.args(args).current_dir(module.path()).env_clear().output().context("failed to start tofu")?;
        ensure!(output.status.success(), "tofu has failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}
