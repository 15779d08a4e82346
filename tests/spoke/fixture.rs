//! A cluster that may become a spoke, and the steps about one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use backstack_testbed::Gate;
use backstack_testbed::control::{self, Request, Response};
use serde_json::Value;
use tempfile::TempDir;

use crate::hub::fixture::{Hub, Run, TESTBED, demand, started};

/// A cluster of its own. Whoever is given its kubeconfig comes by a gate, which can be shut: then it is dead.
pub struct Guest {
    name: String,
    folder: TempDir,
    direct: PathBuf,
    pub gate: Gate,
}

impl Guest {
    /// One with a node and all controllers, that of tokens among them.
    pub fn whole() -> Self {
        Self::start(true)
    }

    /// An API server alone.
    pub fn api() -> Self {
        Self::start(false)
    }

    fn start(whole: bool) -> Self {
        let name = format!("guest-{}", backstack_testbed::git::password().expect("random").to_lowercase());
        let request = Request::StartCluster { name: name.clone(), whole };
        let direct = match control::ask(&TESTBED.description().dir, &request).expect("the testbed answers") {
            Response::Kubeconfig(file) => file,
            other => panic!("{other:?}"),
        };
        let gate = gate_before(&direct);
        Self { name, folder: tempfile::tempdir().expect("a folder"), direct, gate }
    }

    /// Its address, as everybody but this test knows it.
    pub fn server(&self) -> String {
        format!("https://127.0.0.1:{}", self.gate.port())
    }

    /// A kubeconfig of an administrator, by its gate.
    pub fn kubeconfig(&self) -> PathBuf {
        self.kubeconfig_by(&self.gate)
    }

    /// The same by another gate: the same cluster with another address.
    pub fn kubeconfig_by(&self, gate: &Gate) -> PathBuf {
        let mut config = read(&self.direct);
        config["clusters"][0]["cluster"]["server"] = format!("https://127.0.0.1:{}", gate.port()).into();
        let file = self.folder.path().join(format!("kubeconfig-{}", gate.port()));
        fs::write(&file, config.to_string()).expect("written");
        file
    }

    /// One more gate.
    pub fn another_gate(&self) -> Gate {
        gate_before(&self.direct)
    }

    /// Runs kubectl on it, past the gate, and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        demand(args, || {
            let mut command = Command::new(TESTBED.bin().join("kubectl"));
            command.arg("--kubeconfig").arg(&self.direct).args(args);
            command
        })
    }

    /// The fields of a step that registers it.
    pub fn as_spoke(&self, name: &str, more: &str) -> String {
        format!("name: {name}, kubeconfig: {{file: '{}'}}, {more}", self.kubeconfig().display())
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        _ = control::ask(&TESTBED.description().dir, &Request::StopCluster { name: self.name.clone() });
    }
}

/// A gate before the cluster that this kubeconfig leads to.
pub fn gate_before(kubeconfig: &Path) -> Gate {
    let config = read(kubeconfig);
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("an address");
    Gate::before(server.rsplit(':').next().and_then(|it| it.parse().ok()).expect("a port")).expect("a gate")
}

fn read(file: &Path) -> Value {
    serde_json::from_slice(&fs::read(file).expect("a kubeconfig")).expect("the testbed writes JSON")
}

/// Starts an action of a spoke's step with these fields.
pub fn start(hub: &Hub, action: &str, fields: &str) -> Child {
    let step = format!(
        "{action}:\n  - backstack:\n      spoke: {{{fields}}}\n      timeout: 90s\n      outputs:\n        \
         - {{name: spoke-uid, value: spokeUid, default: none}}\n        - {{name: state, value: state, default: none}}\n"
    );
    started(hub.command(&hub.bundle(), action), &step)
}

/// Runs it to its end.
pub fn run(hub: &Hub, action: &str, fields: &str) -> Run {
    Run::of(start(hub, action, fields))
}
