//! The memory of an installation on real servers, and of kubectl, which only applies Argo CD's manifest.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use backstack_testbed::{Cluster, Repository, Testbed};
use tempfile::TempDir;

use crate::clock::{Effort, watch};
use crate::report::{OURS, Report, Row, say};

/// What an installation may hold.
const BOUND: f64 = 40.0;
const BUNDLE: &str = "bundles/hubs/existing";

/// Adds the efforts.
pub fn measure(program: &Path, report: &mut Report) -> Result<()> {
    say("the installation, on the testbed");
    let testbed = Testbed::start(1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cluster = runtime.block_on(testbed.lease())?;
    let install = install(program, &cluster, &testbed.repository()?)?;
    drop(cluster);
    let cluster = runtime.block_on(testbed.lease_pretending())?;
    let apply = apply(&testbed, &cluster)?;
    for (what, program, effort, bound) in
        [("install a hub", OURS, install, Some(BOUND)), ("apply Argo CD alone", "kubectl", apply, None)]
    {
        let row = |unit, value, bound| Row {
            what: what.to_owned(),
            program: program.to_owned(),
            value,
            unit,
            spread: None,
            bound,
        };
        report.add(row("MB", effort.megabytes, bound));
        report.add(row("s", effort.seconds, None));
    }
    Ok(())
}

/// The step of the hub bundle, started as Porter's runtime does.
fn install(program: &Path, cluster: &Cluster, repository: &Repository) -> Result<Effort> {
    let folder = bundle(program)?;
    let (writer, reader) = (repository.writer(), repository.reader());
    let mut command = Command::new(program);
    command
        .arg("install")
        .current_dir(folder.path())
        .env("BACKSTACK_ROOT", folder.path())
        .env("KUBECONFIG", cluster.kubeconfig())
        .env("PUSH_USERNAME", &writer.username)
        .env("PUSH_PASSWORD", &writer.password)
        .env("PULL_USERNAME", &reader.username)
        .env("PULL_PASSWORD", &reader.password)
        .stdout(Stdio::null())
        .stderr(fs::File::create(folder.path().join("log"))?);
    let step = format!(
        r#"install:
  - backstack:
      hub:
        repository:
          url: "{}"
          push: {{username: {{env: PUSH_USERNAME}}, password: {{env: PUSH_PASSWORD}}}}
          pull: {{username: {{env: PULL_USERNAME}}, password: {{env: PULL_PASSWORD}}}}
"#,
        repository.url()
    );
    let effort = watch(&mut command, &step, "the installation");
    effort.with_context(|| fs::read_to_string(folder.path().join("log")).unwrap_or_default())
}

/// A copy of the hub bundle with everything that its lock pins.
fn bundle(program: &Path) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    for file in ["hub.yaml", "lock.yaml"] {
        fs::copy(Path::new(BUNDLE).join(file), folder.path().join(file))
            .with_context(|| format!("{BUNDLE} is not here; run this at the root of the repository"))?;
    }
    let vendored = Command::new(program).arg("vendor").arg(folder.path()).output()?;
    ensure!(vendored.status.success(), "vendor: {}", String::from_utf8_lossy(&vendored.stderr));
    Ok(folder)
}

fn apply(testbed: &Testbed, cluster: &Cluster) -> Result<Effort> {
    let kubectl = || {
        let mut command = Command::new(testbed.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(cluster.kubeconfig()).stdout(Stdio::null());
        command
    };
    let made = kubectl().args(["create", "namespace", "argocd"]).status()?;
    ensure!(made.success(), "kubectl could not make a namespace");
    let manifest = testbed.argocd_module().join("manifests/install.yaml");
    let mut command = kubectl();
    command.args(["apply", "--server-side", "--namespace", "argocd", "--filename"]).arg(manifest);
    watch(&mut command, "", "kubectl")
}
