//! OpenTofu, and mirrors of its providers: what `tofu init` needs where there is no network.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use crate::build::recipe::Lock;
use crate::build::{self, recipe};
use crate::paths::Cache;

/// A provider that is built from its Go module.
struct Provider {
    /// Its name in the cache and in a mirror.
    program: &'static str,
    /// What a module calls it.
    source: &'static str,
    /// Its Go module.
    module: &'static str,
    lock: &'static Lock,
}

static TIME: Provider = Provider {
    program: "terraform-provider-time",
    source: "hashicorp/time",
    module: recipe::TIME_PROVIDER_MODULE,
    lock: &recipe::PROVIDERS,
};
static OPENSTACK: Provider = Provider {
    program: "terraform-provider-openstack",
    source: "terraform-provider-openstack/openstack",
    module: recipe::OPENSTACK_PROVIDER_MODULE,
    lock: &recipe::OPENSTACK,
};

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
    /// Finds it, with the provider `time`; builds both first when it has to. Blocks.
    pub fn ensure() -> Result<Self> {
        Self::with(&TIME, "mirror")
    }

    /// The same with the provider of `OpenStack`.
    pub fn ensure_for_openstack() -> Result<Self> {
        Self::with(&OPENSTACK, "mirror-openstack")
    }

    fn with(provider: &Provider, mirror: &str) -> Result<Self> {
        let cache = Cache::locate()?;
        build::ensure(&cache, &[&recipe::OPENTOFU, provider.lock])?;
        let found = Self { program: cache.bin("tofu"), mirror: cache.root().join(mirror) };
        let _lock = build::lock(&cache)?;
        found.fill_mirror(provider, &cache.bin(provider.program))?;
        Ok(found)
    }

    fn fill_mirror(&self, provider: &Provider, program: &Path) -> Result<()> {
        let version = recipe::pinned(provider.module).context("the provider is not pinned")?;
        let number = version.trim_start_matches('v');
        let Version { platform } = serde_json::from_str(&self.says(provider, &["version", "-json"])?)?;
        let folder = self.mirror.join(self.address(provider)?).join(number).join(platform);
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        match fs::hard_link(program, folder.join(format!("{}_{version}", provider.program))) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(error).context("failed to fill the mirror")
            }
            _ => Ok(()),
        }
    }

    /// Where the provider comes from, as OpenTofu itself completes the name.
    fn address(&self, provider: &Provider) -> Result<String> {
        let tree = self.says(provider, &["providers", "-no-color"])?;
        let found = tree.split_once("provider[").and_then(|(_, rest)| rest.split_once(']'));
        found.map(|(address, _)| address.to_owned()).with_context(|| format!("no provider in: {tree}"))
    }

    /// What it says in a module that asks for the provider.
    fn says(&self, provider: &Provider, args: &[&str]) -> Result<String> {
        let module = tempfile::tempdir().context("failed to make a folder")?;
        let wanted = format!("one = {{ source = \"{}\" }}", provider.source);
        let text = format!("terraform {{\n  required_providers {{\n    {wanted}\n  }}\n}}\n");
        fs::write(module.path().join("main.tf"), text)?;
        let mut command = Command::new(&self.program);
        let output =
            command.args(args).current_dir(module.path()).env_clear().output().context("failed to start tofu")?;
        ensure!(output.status.success(), "tofu has failed: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }
}
