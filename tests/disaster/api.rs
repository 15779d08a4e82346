//! An API server of one's own, on which nothing runs.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::hub::fixture::TESTBED;
use crate::spoke::fixture::Guest;

pub struct Api(Guest);

impl Api {
    pub fn new() -> Self {
        Self(Guest::api())
    }

    pub fn kubeconfig(&self) -> PathBuf {
        self.0.kubeconfig()
    }

    pub fn try_kubectl(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("kubectl starts")
    }

    /// Runs kubectl and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        self.0.kubectl(args)
    }

    /// Applies objects.
    #[track_caller]
    pub fn apply(&self, objects: &str) {
        let mut command = self.command(&["apply", "--server-side", "-f", "-"]);
        let mut kubectl = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("kubectl starts");
        kubectl.stdin.take().expect("stdin").write_all(objects.as_bytes()).expect("the objects are read");
        assert!(kubectl.wait().expect("kubectl ends").success(), "{objects}");
    }

    /// Has it serve Applications.
    pub fn with_applications(self) -> Self {
        let definition = TESTBED.argocd_module().join("manifests/crds/application-crd.yaml");
        self.kubectl(&["apply", "--server-side", "-f", &definition.display().to_string()]);
        self.kubectl(&["wait", "--for=condition=Established", "crd/applications.argoproj.io", "--timeout=180s"]);
        self
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        command.arg("--kubeconfig").arg(self.kubeconfig()).args(args);
        command
    }
}
