//! The memory of an installation on real servers, and of kubectl, which only applies Argo CD's manifest.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use backstack_testbed::{Cluster, Repository, Testbed};
use tempfile::TempDir;

use crate::clock::{Effort, watch};
use crate::crowd;
use crate::report::{OURS, Report, Row, say};
use crate::spokes;

/// What an installation may hold.
const BOUND: f64 = 40.0;
const BUNDLE: &str = "bundles/hubs/existing";

/// Adds the efforts.
pub fn measure(program: &Path, report: &mut Report) -> Result<()> {
    say("the installation, on the testbed");
    let testbed = Testbed::start(1)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let cluster = runtime.block_on(testbed.lease())?;
    let repository = testbed.repository()?;
    let hub = Hub { program, folder: bundle(program)?, cluster, repository };
    add(report, "install a hub", OURS, hub.run("install", 0)?, Some(BOUND));
    spokes::measure(&testbed, &hub, report)?;
    crowd::measure(&testbed, &hub, report)?;
    drop(hub);
    let cluster = runtime.block_on(testbed.lease_pretending())?;
    add(report, "apply Argo CD alone", "kubectl", apply(&testbed, &cluster)?, None);
    Ok(())
}

/// Adds an effort: its memory, which may have a bound, and its time.
pub fn add(report: &mut Report, what: &str, program: &str, effort: Effort, bound: Option<f64>) {
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

/// A hub on a cluster of the testbed.
pub struct Hub<'a> {
    program: &'a Path,
    folder: TempDir,
    /// Where it is.
    pub cluster: Cluster,
    /// What it reads.
    pub repository: Repository,
}

impl Hub<'_> {
    /// Runs an action of the hub bundle as Porter's runtime does, and demands this exit code.
    pub fn run(&self, action: &str, code: i32) -> Result<Effort> {
        let (writer, reader) = (self.repository.writer(), self.repository.reader());
        let log = self.folder.path().join("log");
        let mut command = Command::new(self.program);
        match action {
            "install" | "uninstall" => command.arg(action),
            custom => command.args(["invoke", "--action", custom]),
        };
        command
            .current_dir(self.folder.path())
            .env("BACKSTACK_ROOT", self.folder.path())
            .env("KUBECONFIG", self.cluster.kubeconfig())
            .env("PUSH_USERNAME", &writer.username)
            .env("PUSH_PASSWORD", &writer.password)
            .env("PULL_USERNAME", &reader.username)
            .env("PULL_PASSWORD", &reader.password)
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log)?);
        let step = format!(
            r#"{action}:
  - backstack:
      hub:
        repository:
          url: "{}"
          push: {{username: {{env: PUSH_USERNAME}}, password: {{env: PUSH_PASSWORD}}}}
          pull: {{username: {{env: PULL_USERNAME}}, password: {{env: PULL_PASSWORD}}}}
"#,
            self.repository.url()
        );
        let effort = watch(&mut command, &step, action, code);
        effort.with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }
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
    let made = kubectl(testbed, cluster).args(["create", "namespace", "argocd"]).status()?;
    ensure!(made.success(), "kubectl could not make a namespace");
    let manifest = testbed.argocd_module().join("manifests/install.yaml");
    let mut command = kubectl(testbed, cluster);
    command.args(["apply", "--server-side", "--namespace", "argocd", "--filename"]).arg(manifest);
    watch(&mut command, "", "kubectl", 0)
}

/// kubectl for a cluster; what it prints is thrown away.
pub fn kubectl(testbed: &Testbed, cluster: &Cluster) -> Command {
    let mut command = Command::new(testbed.bin().join("kubectl"));
    command.arg("--kubeconfig").arg(cluster.kubeconfig()).stdout(Stdio::null());
    command
}
