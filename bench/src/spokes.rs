//! What fifty spokes cost: their rows in `status`, and `verify`, which asks each of them through Argo CD.
//!
//! They are fifty addresses of the hub's own API server, so that the machine carries no more servers than it measures.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use backstack::words::argo;
use backstack::words::spoke::{self, SPOKE, STATE, Standing};
use backstack_testbed::Gate;
use serde_json::{Value, json};

use crate::hub::{Hub, add};
use crate::report::{Bound, Measure, OURS, Report};

/// What an action may hold.
const BOUND: f64 = 40.0;
const MANY: usize = 50;

/// Registers the spokes, adds the efforts, and takes the spokes away again.
pub fn measure(hub: &Hub<'_>, report: &mut Report) -> Result<()> {
    report.section("With 50 spokes");
    let text = fs::read(hub.cluster.kubeconfig()).context("failed to read the kubeconfig of the hub")?;
    let kubeconfig: Value = serde_json::from_slice(&text).context("a kubeconfig that is no JSON")?;
    let (cluster, user) = (&kubeconfig["clusters"][0]["cluster"], &kubeconfig["users"][0]["user"]);
    let port = cluster["server"].as_str().and_then(|it| it.rsplit(':').next()).and_then(|it| it.parse().ok());
    let port = port.context("a kubeconfig without a port")?;
    let config = json!({"tlsClientConfig": {"caData": cluster["certificate-authority-data"],
        "certData": user["client-certificate-data"], "keyData": user["client-key-data"]}});
    let gates: Vec<Gate> = (0..MANY).map(|_| Gate::before(port)).collect::<Result<_>>()?;
    let objects: Vec<Value> = gates
        .iter()
        .enumerate()
        .flat_map(|(number, gate)| registration(number, gate, &config, &hub.repository.url()))
        .collect();
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let apply = |verb: &[&str]| -> Result<()> {
        let mut child = hub.kubectl().args(verb).stdin(Stdio::piped()).spawn()?;
        child.stdin.take().context("a child without stdin")?.write_all(list.as_bytes())?;
        ensure!(child.wait()?.success(), "kubectl could not {}", verb.join(" "));
        Ok(())
    };
    apply(&["create", "--validate=false", "--filename", "-"])?;
    let bound = Bound::most(BOUND, Measure::Memory);
    for (what, action) in [("first verify", "verify"), ("status", "status"), ("verify", "verify")] {
        add(report, &format!("{what}, {MANY} spokes"), OURS, hub.run(action, 0)?, Some(bound.clone()));
    }
    apply(&["delete", "--filename", "-"])
}

/// The Secret of a spoke and its probe, as the step writes them.
fn registration(number: usize, gate: &Gate, config: &Value, repository: &str) -> [Value; 2] {
    let name = format!("spoke{number:02}");
    let (secret, probe) = (spoke::secret(&name), spoke::probe(&name));
    let labels = json!({argo::SECRET_TYPE: argo::CLUSTER, SPOKE: name, STATE: Standing::Ready.name()});
    let source = json!({"repoURL": repository, "targetRevision": "main", "path": "spokes/probe"});
    [
        json!({"apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": secret.name, "namespace": argo::NAMESPACE, "labels": labels},
            "stringData": {"name": name, "server": format!("https://127.0.0.1:{}", gate.port()),
                "config": config.to_string()}}),
        json!({"apiVersion": argo::API, "kind": argo::APPLICATION,
            "metadata": {"name": probe.name, "namespace": argo::NAMESPACE, "labels": {SPOKE: name}},
            "spec": {"project": spoke::PROJECT, "source": source,
                "destination": {"name": name, "namespace": spoke::PROBE_NAMESPACE},
                "syncPolicy": {"syncOptions": ["CreateNamespace=true", "ServerSideApply=true"]}}}),
    ]
}
