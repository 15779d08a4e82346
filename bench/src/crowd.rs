//! The memory of each action on a hub whose cluster has thousands of Applications, beside kubectl, which lists them.

use std::io::Write as _;
use std::process::{Child, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::clock::watch;
use crate::hub::{Hub, add};
use crate::report::{Bound, Measure, OURS, Report};

/// What an action may hold, however many there are.
const BOUND: f64 = 60.0;
const MANY: usize = 5000;
/// The objects that each of them has deployed.
const RESOURCES: usize = 30;
/// How many programs make them at once: each keeps to fifty a second.
const MAKERS: usize = 10;
/// Argo CD leaves alone what is in other namespaces than its own; we do not.
const NAMESPACE: &str = "crowd";

/// Makes the Applications, and adds the efforts.
pub fn measure(hub: &Hub<'_>, report: &mut Report) -> Result<()> {
    report.section("Beside 5,000 Applications");
    let kubectl = || hub.kubectl();
    let made = kubectl().args(["create", "namespace", NAMESPACE]).status()?;
    ensure!(made.success(), "kubectl could not make a namespace");
    let makers: Vec<Child> = (0..MAKERS)
        .map(|maker| {
            let items: Vec<Value> = (maker..MANY).step_by(MAKERS).map(application).collect();
            let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
            let mut child =
                kubectl().args(["create", "--validate=false", "--filename", "-"]).stdin(Stdio::piped()).spawn()?;
            child.stdin.take().context("a child without stdin")?.write_all(list.as_bytes())?;
            Ok(child)
        })
        .collect::<Result<_>>()?;
    for mut maker in makers {
        ensure!(maker.wait()?.success(), "kubectl could not make the Applications");
    }
    let list = format!("status, {MANY} Applications");
    let bound = Bound::most(BOUND, Measure::Memory);
    for (action, code) in [("status", 0), ("install", 0), ("verify", 0), ("uninstall", 3)] {
        add(report, &format!("{action}, {MANY} Applications"), OURS, hub.run(action, code)?, Some(bound.clone()));
    }
    let get = watch(kubectl().args(["get", "applications", "--all-namespaces"]), "", "kubectl", 0)?;
    add(report, &list, "kubectl get", get, None);
    let json = ["get", "applications", "--all-namespaces", "--output", "json"];
    add(report, &list, "kubectl get -o json", watch(kubectl().args(json), "", "kubectl", 0)?, None);
    Ok(())
}

/// One as Argo CD leaves it: some 16 kB, most of it about what it has deployed.
fn application(number: usize) -> Value {
    let name = format!("application-{number:05}");
    let source = json!({"repoURL": "https://git.example/team/deployments", "path": name, "targetRevision": "main"});
    let destination = json!({"server": "https://kubernetes.default.svc", "namespace": name});
    let revision = "0123456789abcdef0123456789abcdef01234567";
    let at = "2026-01-01T00:00:00Z";
    let resource = |index: usize| json!({"group": "apps", "version": "v1", "kind": "Deployment", "namespace": name, "name": format!("{name}-{index}")});
    let with = |mut resource: Value, more: Value| {
        let (Value::Object(resource_map), Value::Object(more)) = (&mut resource, more) else { return resource };
        resource_map.extend(more);
        resource
    };
    let compared = |index| with(resource(index), json!({"status": "Synced", "health": {"status": "Healthy"}}));
    let synced = |index| {
        let message = format!("deployment.apps/{name}-{index} serverside-applied");
        with(
            resource(index),
            json!({"status": "Synced", "hookPhase": "Running", "syncPhase": "Sync", "message": message}),
        )
    };
    let deployed =
        |id| json!({"id": id, "revision": revision, "deployedAt": at, "deployStartedAt": at, "source": source});
    json!({
        "apiVersion": backstack::words::argo::API, "kind": backstack::words::argo::APPLICATION,
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"project": "default", "source": source, "destination": destination,
            "syncPolicy": {"automated": {"prune": true, "selfHeal": true}, "syncOptions": ["ServerSideApply=true"]}},
        "status": {
            "sync": {"status": "Synced", "revision": revision, "comparedTo": {"source": source, "destination": destination}},
            "health": {"status": "Healthy"}, "reconciledAt": at,
            "history": (0..10).map(deployed).collect::<Vec<_>>(),
            "resources": (0..RESOURCES).map(compared).collect::<Vec<_>>(),
            "operationState": {"phase": "Succeeded", "startedAt": at, "finishedAt": at,
                "operation": {"sync": {"revision": revision}, "retry": {}},
                "syncResult": {"revision": revision, "source": source,
                    "resources": (0..RESOURCES).map(synced).collect::<Vec<_>>()}},
        },
    })
}
