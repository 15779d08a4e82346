//! Clusters by the dozen: two real API servers behind as many addresses as there are spokes.

use std::path::PathBuf;
use std::process::Command;

use backstack_testbed::Gate;
use backstack_testbed::control::{self, Request, Response};
use serde_json::{Value, json};

use crate::hub::fixture::{Hub, TESTBED};

/// How many API servers there are behind the addresses.
const SERVERS: usize = 2;

/// So many clusters, none of them registered.
pub struct Crowd {
    names: Vec<String>,
    /// What logs in to each, and its gate.
    pub members: Vec<Member>,
}

/// One of them.
pub struct Member {
    /// Its name.
    pub name: String,
    /// Its own address; without it the cluster is dead.
    pub gate: Gate,
    config: Value,
    pub kubeconfig: PathBuf,
}

impl Crowd {
    /// Starts them.
    pub fn of(count: usize) -> Self {
        let unique = backstack_testbed::git::password().expect("random").to_lowercase();
        let names: Vec<String> = (0..SERVERS).map(|number| format!("crowd-{number}-{unique}")).collect();
        let servers: Vec<(u16, Value, PathBuf)> = names.iter().map(|name| served(start(name))).collect();
        let member = |number: usize| {
            let (port, config, kubeconfig) = &servers[number % SERVERS];
            Member {
                name: format!("spoke{number:02}"),
                gate: Gate::before(*port).expect("a gate"),
                config: config.clone(),
                kubeconfig: kubeconfig.clone(),
            }
        };
        Self { names, members: (0..count).map(member).collect() }
    }

    /// Registers them with the hub, by hand.
    pub fn register(&self, hub: &Hub) {
        let secrets: Vec<String> = self.members.iter().map(|it| it.secret().to_string()).collect();
        hub.apply(&secrets.join("\n---\n"));
    }

    /// Gives each of them its probe.
    pub fn probe(&self, hub: &Hub) {
        let probes: Vec<String> = self.members.iter().map(|it| it.probe(&hub.repository.url()).to_string()).collect();
        hub.apply(&probes.join("\n---\n"));
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for name in &self.names {
            _ = control::ask(&TESTBED.description().dir, &Request::StopCluster { name: name.clone() });
        }
    }
}

impl Member {
    /// Runs kubectl on it, past the gate, and demands success.
    #[track_caller]
    pub fn kubectl(&self, args: &[&str]) -> String {
        let mut command = Command::new(TESTBED.bin().join("kubectl"));
        let output = command.arg("--kubeconfig").arg(&self.kubeconfig).args(args).output().expect("kubectl starts");
        assert!(output.status.success(), "kubectl {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("kubectl speaks UTF-8")
    }

    /// What the step writes, in short.
    fn secret(&self) -> Value {
        json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": format!("spoke-{}", self.name), "namespace": "argocd",
                "labels": {"argocd.argoproj.io/secret-type": "cluster", "backstack.dev/spoke": self.name,
                    "backstack.dev/spoke-state": "ready", "env": "test"},
                "annotations": {"backstack.dev/spoke-proven-at": "2026-11-29T12:00:00Z"}},
            "stringData": {"name": self.name, "server": format!("https://127.0.0.1:{}", self.gate.port()),
                "config": self.config.to_string()},
        })
    }
}

impl Member {
    fn probe(&self, repository: &str) -> Value {
        json!({
            "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
            "metadata": {"name": format!("spoke-{}", self.name), "namespace": "argocd",
                "labels": {"backstack.dev/spoke": self.name}},
            "spec": {"project": "spokes",
                "source": {"repoURL": repository, "targetRevision": "main", "path": "spokes/probe"},
                "destination": {"name": self.name, "namespace": "backstack-probe"},
                "syncPolicy": {"syncOptions": ["CreateNamespace=true", "ServerSideApply=true"]}},
        })
    }
}

fn start(name: &str) -> PathBuf {
    let request = Request::StartCluster { name: name.to_owned(), whole: false };
    match control::ask(&TESTBED.description().dir, &request).expect("the testbed answers") {
        Response::Kubeconfig(file) => file,
        other => panic!("{other:?}"),
    }
}

/// The port of an API server, what Argo CD logs in there with, and its kubeconfig.
fn served(kubeconfig: PathBuf) -> (u16, Value, PathBuf) {
    let text = std::fs::read(&kubeconfig).expect("a kubeconfig");
    let config: Value = serde_json::from_slice(&text).expect("the testbed writes JSON");
    let (cluster, user) = (&config["clusters"][0]["cluster"], &config["users"][0]["user"]);
    let server = cluster["server"].as_str().expect("an address");
    let port = server.rsplit(':').next().and_then(|it| it.parse().ok()).expect("a port");
    let tls = json!({"caData": cluster["certificate-authority-data"], "certData": user["client-certificate-data"],
        "keyData": user["client-key-data"]});
    (port, json!({"tlsClientConfig": tls}), kubeconfig)
}
