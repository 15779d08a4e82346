//! Crossplane packages for tests: built and pushed with Crossplane's own command line.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::build::recipe;
use crate::testbed::Testbed;

impl Testbed {
    /// Builds the package whose `crossplane.yaml` lies in `dir`, with all objects beside and below it, pushes it to the
    /// testbed's registry as `name`, such as `shop:v1`, and returns the reference that Crossplane takes.
    ///
    /// A Provider or Function is run by the program of the testbed that has the repository's name.
    pub fn package(&self, dir: &Path, name: &str) -> Result<String> {
        let work = tempfile::tempdir().context("failed to make a directory for the package")?;
        let file = work.path().join("package.xpkg");
        let reference = format!("{}/{name}", self.registry());
        crank(Command::new(self.bin().join("crank")).args(["xpkg", "build", "-o"]).arg(&file).arg("-f").arg(dir))?;
        crank(Command::new(self.bin().join("crank")).args(["xpkg", "push", "-f"]).arg(&file).arg(&reference))?;
        Ok(reference)
    }

    /// The package of provider-kubernetes at its pinned version.
    pub fn provider_kubernetes(&self) -> Result<String> {
        let version = recipe::pinned(recipe::PROVIDER_MODULE).context("provider-kubernetes is not pinned")?;
        let dir = self.description().modules.provider_kubernetes.join("package");
        self.package(&dir, &format!("provider-kubernetes:{version}"))
    }

    /// The package of function-patch-and-transform at its pinned version.
    pub fn patch_and_transform(&self) -> Result<String> {
        let version = recipe::pinned(recipe::PATCH_AND_TRANSFORM_MODULE).context("the function is not pinned")?;
        let dir = self.description().modules.patch_and_transform.join("package");
        self.package(&dir, &format!("function-patch-and-transform:{version}"))
    }

    /// The package of the testbed's own composition function; `peers/packages/function/main.go` says what it takes.
    pub fn function(&self) -> Result<String> {
        let dir = tempfile::tempdir().context("failed to make a directory for the function")?;
        let name = "function-testbed";
        let meta = format!("apiVersion: meta.pkg.crossplane.io/v1\nkind: Function\nmetadata: {{name: {name}}}\n");
        std::fs::write(dir.path().join("crossplane.yaml"), meta).context("failed to write the function's package")?;
        self.package(dir.path(), &format!("{name}:v1"))
    }
}

fn crank(command: &mut Command) -> Result<()> {
    let output = command.output().context("failed to start crank")?;
    if !output.status.success() {
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{command:?} failed: {}{}", out.trim(), error.trim());
    }
    Ok(())
}
