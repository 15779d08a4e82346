//! The bundle that is shipped for a module of one's own, with the module of the tests, played from run to run.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command};

use backstack_testbed::Repository;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::carried::carry_into;
use super::fixture::{Bundle, testbed};
use crate::hub::fixture::{Run, TESTBED, copy_bundle, started};

/// It, and what is kept of it.
pub struct Shipped {
    /// The cluster, and its end with the test.
    pub made: Bundle,
    folder: TempDir,
    repository: Repository,
}

impl Shipped {
    /// With Argo CD alone on a cluster with a node and pods.
    pub fn new() -> Self {
        let shipped = Self {
            made: Bundle::new(),
            folder: tempfile::tempdir().expect("a folder"),
            repository: TESTBED.repository().expect("a repository"),
        };
        let bundle = shipped.bundle();
        copy_bundle("hubs/existing", &["hub.yaml", "lock.yaml"], &bundle);
        let hub = fs::read_to_string(bundle.join("hub.yaml")).expect("the Hub document");
        fs::write(bundle.join("hub.yaml"), hub.split("  components:").next().expect("the first part"))
            .expect("written");
        let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        fs::copy(from.join("bundles/hubs/opentofu/porter.yaml"), bundle.join("porter.yaml")).expect("the bundle");
        carry_into(&bundle);
        fs::create_dir_all(bundle.join("cluster")).expect("a folder");
        fs::copy(from.join("tests/data/opentofu/cluster/main.tf"), bundle.join("cluster/main.tf")).expect("the module");
        shipped.set("0s");
        shipped
    }

    /// How long what is below the cluster takes to be destroyed.
    pub fn set(&self, destroy: &str) {
        let values = json!({
            "testbed": {"program": testbed(), "dir": TESTBED.description().dir},
            "whole": true,
            "network": {"create": "0s", "destroy": destroy},
        });
        fs::write(self.bundle().join("cluster/test.auto.tfvars.json"), values.to_string()).expect("written");
    }

    fn bundle(&self) -> PathBuf {
        self.folder.path().join("bundle")
    }

    /// An output of the installation.
    pub fn output(&self, name: &str) -> PathBuf {
        self.folder.path().join("outputs").join(name)
    }

    /// Starts an action.
    pub fn start(&self, action: &str) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backstack"));
        command.args(["bundle", "run", action]).arg(self.bundle());
        command.arg("--state").arg(self.folder.path().join("state"));
        command.arg("--outputs-dir").arg(self.folder.path().join("outputs"));
        for (name, value) in [
            ("repository", self.repository.url().as_str()),
            ("cluster-name", self.made.name.as_str()),
            ("timeout", "8m"),
        ] {
            command.arg("--param").arg(format!("{name}={value}"));
        }
        let (writer, reader) = (self.repository.writer(), self.repository.reader());
        for (name, variable, value) in [
            ("git-push-username", "PUSH_USERNAME", &writer.username),
            ("git-push-password", "PUSH_PASSWORD", &writer.password),
            ("git-pull-username", "PULL_USERNAME", &reader.username),
            ("git-pull-password", "PULL_PASSWORD", &reader.password),
        ] {
            if ["install", "upgrade"].contains(&action) {
                command.arg("--cred").arg(format!("{name}={variable}")).env(variable, value);
            }
        }
        started(command, "")
    }

    /// Runs one to its end.
    pub fn run(&self, action: &str) -> Run {
        Run::of(self.start(action))
    }

    /// A look whether the cluster may go, with the kubeconfig that the installation has handed back.
    pub fn check(&self) -> Run {
        let existing: Value = json!({"cluster": {
            "existing": {"kubeconfig": self.output("kubeconfig")}, "onUninstall": "check-only",
        }});
        Run::of(self.made.start("uninstall", &Bundle::step_of("uninstall", &existing)))
    }
}
