//! The drift canary: change a value that git holds, and see Argo CD put it back.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::engine::ownership::entries;
use crate::engine::{Changes, Cluster, Fault};
use crate::object::{ObjectRef, str_at};
use crate::report::{Console, Outcome};
use crate::words::argo;

/// How long Argo CD may take, besides the pause that it makes before it heals again at the same commit. It took one second
/// mostly, and six on a machine with far too much to do (3.6.1, measured).
const PATIENCE: Duration = Duration::from_secs(60);
/// Short beside that second, where no watch tells of a change: what is told is how long it took.
const PAUSE: Duration = Duration::from_millis(250);
/// The field manager of the probe.
const PROBE: &str = argo::CANARY;

/// What the probe found.
#[derive(Debug, Clone, PartialEq)]
pub enum Heal {
    /// Healed, and the probe owns nothing any more.
    Healed(Duration),
    /// Not in time, or not whole.
    Failed(String),
}

/// The ConfigMap that git holds for this purpose, with `heal: "on"`.
fn canary() -> ObjectRef {
    ObjectRef::new("v1", "ConfigMap", Some(argo::NAMESPACE), argo::CANARY)
}

/// Forces `heal: "off"` and waits for `on`. The probe changes a key that git holds, because a key that it added
/// would never be seen as a difference under server-side apply.
pub async fn probe(cluster: &Cluster, console: &Console) -> Outcome<Heal> {
    let name = canary();
    if cluster.get(&name).await?.is_none() {
        return Ok(Heal::Failed(format!("{name} is not there: git should hold it")));
    }
    let drift = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name.name, "namespace": argo::NAMESPACE}, "data": {argo::HEAL: "off"}});
    cluster.apply_by_force(&drift, PROBE).await?;
    let started = Instant::now();
    let patience = cluster.deadline().at_most(PATIENCE + back_off(cluster).await?);
    let mut changes = Changes::of(cluster, [name.clone()]);
    loop {
        let live = cluster.get(&name).await?.unwrap_or_default();
        let healed = live["data"][argo::HEAL] == argo::HEALED;
        if healed && !owned_by_probe(&live) {
            console.waited("prove");
            return Ok(Heal::Healed(started.elapsed()));
        }
        if patience.passed() {
            restore(cluster).await?;
            let why = if healed { "the probe still owns the key" } else { "the drift was not healed" };
            return Ok(Heal::Failed(format!("{why} within {} s", patience.total().as_secs())));
        }
        patience.tell(console, "prove", "Argo CD heals the drift canary");
        changes.wait(PAUSE.min(patience.left())).await;
    }
}

/// Takes the drift back that Argo CD did not, so that it is in nobody's way.
async fn restore(cluster: &Cluster) -> Result<(), Fault> {
    let patch = json!({"data": {argo::HEAL: argo::HEALED}});
    cluster.merge_patch(&canary(), &patch, PROBE).await.map(drop)
}

/// How long Argo CD may hold a heal back: 2 s after the first at a commit, then three times as long each time, at most
/// five minutes (argo-cd `controller/appcontroller.go`, `selfHealBackoff`).
async fn back_off(cluster: &Cluster) -> Result<Duration, Fault> {
    const LONGEST: Duration = Duration::from_secs(300);
    let argocd = cluster.get(&argo::application(argo::ARGOCD)).await?.unwrap_or_default();
    let heals = argocd.pointer("/status/operationState/operation/sync/autoHealAttemptsCount").and_then(Value::as_u64);
    let exponent = heals.and_then(|it| u32::try_from(it).ok()).unwrap_or_default();
    Ok(Duration::from_secs(2u64.saturating_mul(3u64.saturating_pow(exponent))).min(LONGEST))
}

fn owned_by_probe(live: &Value) -> bool {
    entries(live).iter().any(|entry| str_at(entry, "/manager") == PROBE)
}
