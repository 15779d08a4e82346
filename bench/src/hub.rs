//! A hub on a cluster of the testbed, and the programs that are run on it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use backstack_testbed::{Cluster, FaultProxy, Repository, Testbed, faults};
use tempfile::{NamedTempFile, TempDir};
use tokio::runtime::{Builder, Runtime};

use crate::clock::{Effort, watch, watch_until};
use crate::report::{Bound, Measure, Report};

/// The name of the snapshot of an installed hub.
const RECORDED: &str = "benched";
const BUNDLE: &str = "bundles/hubs/existing";
/// The last line of a run that has applied what Argo CD does not bring itself.
const APPLIED: &str = "apply ";
/// What changes nothing, although it is sent.
const QUESTIONS: [&str; 2] = ["dryRun=All", "/authorization.k8s.io/"];

/// Where hubs are made: the testbed, the program, and the bundle with everything that its lock pins.
pub struct Place<'a> {
    /// The servers.
    pub testbed: &'a Testbed,
    /// The program.
    pub program: &'a Path,
    runtime: Runtime,
    folder: TempDir,
}

/// A hub on a cluster, which is put back when this is dropped.
pub struct Hub<'a> {
    place: &'a Place<'a>,
    /// Where it is.
    pub cluster: Cluster,
    /// What it reads.
    pub repository: Repository,
}

impl<'a> Place<'a> {
    /// Brings what the bundle needs.
    pub fn of(testbed: &'a Testbed, program: &'a Path) -> Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self { testbed, program, runtime, folder: bundle(program)? })
    }

    /// An empty cluster with an empty repository, on which Argo CD runs when it is asked to.
    pub fn hub(&'a self) -> Result<Hub<'a>> {
        Ok(self.with(self.runtime.block_on(self.testbed.lease())?))
    }

    /// The same, on which pods are ready at once and nothing runs.
    pub fn pretended(&'a self) -> Result<Hub<'a>> {
        Ok(self.with(self.runtime.block_on(self.testbed.lease_pretending())?))
    }

    /// A hub that is installed, as the first one was when [`Hub::record`] was called.
    pub fn installed(&'a self) -> Result<Hub<'a>> {
        Ok(self.with(self.runtime.block_on(self.testbed.lease_recorded(RECORDED))?))
    }

    fn with(&'a self, cluster: Cluster) -> Hub<'a> {
        let repository = cluster.repository().clone();
        Hub { place: self, cluster, repository }
    }

    /// Where files of a run can be left.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Argo CD's own manifest.
    pub fn manifest(&self) -> PathBuf {
        self.testbed.argocd_module().join("manifests/install.yaml")
    }

    /// Runs a program of the testbed for this cluster, with what it prints thrown away.
    pub fn tool(&self, name: &str, kubeconfig: &Path) -> Command {
        let mut command = Command::new(self.testbed.bin().join(name));
        command.arg("--kubeconfig").arg(kubeconfig).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }
}

impl Hub<'_> {
    /// Runs an action of the hub bundle as Porter's runtime does, and demands this exit code.
    pub fn run(&self, action: &str, code: i32) -> Result<Effort> {
        self.run_by(self.cluster.kubeconfig(), action, code, None)
    }

    /// The same by another way to the cluster, or with a file for its timeline.
    pub fn run_by(&self, kubeconfig: &Path, action: &str, code: i32, timeline: Option<&Path>) -> Result<Effort> {
        let log = self.place.file("log");
        let mut command = self.command(kubeconfig, action, timeline);
        command.stderr(File::create(&log)?);
        let effort = watch(&mut command, &self.step(action), action, code);
        effort.with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }

    /// Runs `install` until everything is applied that Argo CD does not bring itself, and leaves its timeline in this file.
    pub fn apply_by(&self, kubeconfig: &Path, timeline: &Path) -> Result<()> {
        let mut command = self.command(kubeconfig, "install", Some(timeline));
        watch_until(&mut command, &self.step("install"), "install", APPLIED)?;
        Ok(())
    }

    /// Installs the bead of this bundle, and leaves its timeline in this file.
    pub fn install_bead(&self, bundle: &Path, timeline: &Path) -> Result<Effort> {
        let log = self.place.file("log");
        let mut command = self.command(self.cluster.kubeconfig(), "install", Some(timeline));
        command.current_dir(bundle).stderr(File::create(&log)?);
        let step = "install:
  - backstack:
      bead:
        file: bead.yaml
        repository:
          push: {username: {env: PUSH_USERNAME}, password: {env: PUSH_PASSWORD}}
";
        watch(&mut command, step, "install", 0).with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }

    fn command(&self, kubeconfig: &Path, action: &str, timeline: Option<&Path>) -> Command {
        let (writer, reader) = (self.repository.writer(), self.repository.reader());
        let folder = self.place.folder.path();
        let mut command = Command::new(self.place.program);
        match action {
            "install" | "uninstall" => command.arg(action),
            custom => command.args(["invoke", "--action", custom]),
        };
        if let Some(timeline) = timeline {
            command.arg("--timeline").arg(timeline);
        }
        command
            .current_dir(folder)
            .env("BACKSTACK_ROOT", folder)
            .env("KUBECONFIG", kubeconfig)
            .env("PUSH_USERNAME", &writer.username)
            .env("PUSH_PASSWORD", &writer.password)
            .env("PULL_USERNAME", &reader.username)
            .env("PULL_PASSWORD", &reader.password)
            .stdout(Stdio::null());
        command
    }

    fn step(&self, action: &str) -> String {
        format!(
            r#"{action}:
  - backstack:
      hub:
        repository:
          url: "{}"
          push: {{username: {{env: PUSH_USERNAME}}, password: {{env: PUSH_PASSWORD}}}}
          pull: {{username: {{env: PULL_USERNAME}}, password: {{env: PULL_PASSWORD}}}}
"#,
            self.repository.url()
        )
    }

    /// Remembers the hub as it is, for [`Place::installed`].
    pub fn record(&self) -> Result<()> {
        self.cluster.record(RECORDED)
    }

    /// kubectl for this cluster.
    pub fn kubectl(&self) -> Command {
        self.place.tool("kubectl", self.cluster.kubeconfig())
    }

    /// A way to the cluster on which requests are counted, and its kubeconfig.
    pub fn counted(&self) -> Result<(FaultProxy, NamedTempFile)> {
        let proxy = self.place.testbed.fault_proxy(self.cluster.kubeconfig(), faults::Protocols::Both)?;
        let file = NamedTempFile::new().context("failed to make a file")?;
        fs::write(file.path(), proxy.kubeconfig().to_string()).context("failed to write a kubeconfig")?;
        Ok((proxy, file))
    }
}

/// Whether a request changes something, by its method and path.
pub fn writes(line: &str) -> bool {
    !line.starts_with("GET ") && !QUESTIONS.iter().any(|question| line.contains(question))
}

/// Adds an effort: its memory, which may have a bound, and its time.
pub fn add(report: &mut Report, what: &str, program: &str, effort: Effort, bound: Option<Bound>) {
    report.add(what, Measure::Wall, program, effort.seconds, None);
    report.add(what, Measure::Cpu, program, effort.cpu, None);
    report.add(what, Measure::Memory, program, effort.megabytes, bound);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_changes_nothing() {
        assert!(writes("PATCH /api/v1/namespaces/argocd?fieldManager=backstack"));
        assert!(writes("PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/argocd-server?force=false"));
        assert!(!writes("GET /api/v1/namespaces/argocd"));
        assert!(!writes("PATCH /api/v1/namespaces/argocd?dryRun=All"));
        assert!(!writes("POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews"));
    }
}
