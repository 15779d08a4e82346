//! etcd, and the way of a cluster back to its first minute.
//!
//! Writing the recorded keys back beats every other reset: no restart, no finalizers to wait
//! for, and the API server's caches follow by themselves. Each key is written on its own: the API
//! server has one revision per event, and a watch that it begins anew in the middle of a transaction
//! never hears of the rest of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::loopback;
use crate::paths::Cache;
use crate::process::Spec;
use crate::snapshot::{Snapshot, plain};

const PREFIX: &str = "/registry/";
const PREFIX_END: &str = "/registry0";
/// What changes by itself while nobody does anything.
const RESTLESS: [&str; 3] = ["/registry/leases/", "/registry/events/", "/registry/masterleases/"];
const AT_ONCE: usize = 8;
/// How long nothing may come back until a reset counts: controllers finish what they began.
const QUIET: Duration = Duration::from_millis(60);
/// For what takes a second (121 keys in 0.4 s under load, measured).
const RESET_DEADLINE: Duration = Duration::from_secs(30);
/// How long a hub that was just installed may take to come to rest.
const SNAPSHOT_DEADLINE: Duration = Duration::from_secs(120);
/// How long nothing may change until a cluster is at rest: a fresh one, and one on which much runs.
pub const REST: Duration = Duration::from_millis(300);
const LONG_REST: Duration = Duration::from_secs(2);

/// The child process of etcd on two loopback ports, with its data below `dir`.
#[must_use]
pub fn spec(cache: &Cache, dir: &Path, logs: &Path, client: u16, peer: u16) -> Spec {
    let client = format!("http://127.0.0.1:{client}");
    let peer = format!("http://127.0.0.1:{peer}");
    Spec::new("etcd", cache.bin("etcd"), logs).args([
        "--name=testbed".to_owned(),
        format!("--data-dir={}", dir.join("etcd").display()),
        // Nothing here is worth surviving a power cut.
        "--unsafe-no-fsync".to_owned(),
        "--log-level=warn".to_owned(),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=testbed={peer}"),
    ])
}

/// Every key and value of a cluster at one moment.
#[derive(Debug)]
pub struct Baseline {
    port: u16,
    /// By key; keys and values as the gateway writes them, in base64.
    values: BTreeMap<String, Recorded>,
}

#[derive(Debug)]
struct Recorded {
    value: String,
    /// The revision of the last write that gave it this value: at another one it is not as it was.
    revision: String,
}

/// What a reset had to do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Work {
    /// Keys that were not there before.
    pub deleted: usize,
    /// Keys that had changed or gone.
    pub restored: usize,
}

#[derive(Deserialize)]
struct Range {
    #[serde(default)]
    kvs: Vec<KeyValue>,
}

/// An answer to a write.
#[derive(Deserialize)]
struct Written {
    header: Header,
}

#[derive(Deserialize)]
struct Header {
    revision: String,
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: String,
    mod_revision: String,
}

impl Baseline {
    /// Records the cluster behind the etcd on this port.
    pub async fn record(port: u16) -> Result<Self> {
        let kvs = range(port, false).await?.kvs.into_iter();
        let recorded = |kv: KeyValue| (kv.key, Recorded { value: kv.value, revision: kv.mod_revision });
        Ok(Self { port, values: kvs.map(recorded).collect() })
    }

    /// Whether another record has the same keys and values, but for what never rests.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        fn quiet(baseline: &Baseline) -> impl Iterator<Item = (&String, &String)> {
            let all = baseline.values.iter().filter(|(key, _)| !is_restless(key));
            all.map(|(key, recorded)| (key, &recorded.value))
        }
        quiet(self).eq(quiet(other))
    }

    /// What the cluster has become since. Records it when two looks in a row find the same.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let now = settled(self.port, LONG_REST, SNAPSHOT_DEADLINE).await?;
        let values = |baseline: &Self| -> BTreeMap<String, String> {
            baseline.values.iter().map(|(key, recorded)| (key.clone(), recorded.value.clone())).collect()
        };
        Ok(Snapshot::of(&values(self), &values(&now)))
    }

    /// Makes the cluster what it was when the snapshot was taken; it has to be at the baseline.
    pub async fn become_like(&self, snapshot: &Snapshot) -> Result<()> {
        let port = self.port;
        for puts in &snapshot.puts {
            let puts = puts.iter().map(|(key, value)| write(port, "put", json!({"key": key, "value": value})));
            stream::iter(puts).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        }
        let deletes = snapshot.deletes.iter().map(|key| write(port, "deleterange", json!({"key": key})));
        stream::iter(deletes).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        Ok(())
    }

    /// Puts the cluster back, until nothing comes up any more: a controller that was in the
    /// middle of something may still write once or twice.
    pub async fn restore(&mut self) -> Result<Work> {
        let deadline = Instant::now() + RESET_DEADLINE;
        let mut total = Work::default();
        loop {
            let changed = self.restore_once().await?;
            total.deleted += changed.deleted.len();
            total.restored += changed.restored.len();
            if changed == Changed::default() {
                return Ok(total);
            }
            if Instant::now() > deadline {
                bail!("the cluster does not come to rest: {changed:?} again after {RESET_DEADLINE:?}");
            }
            sleep(QUIET).await;
        }
    }

    async fn restore_once(&mut self) -> Result<Changed> {
        let plan = self.plan(&range(self.port, true).await?.kvs);
        let changed = Changed {
            deleted: plan.delete.iter().filter(|key| !is_restless(key)).map(|key| plain(key)).collect(),
            restored: plan.put.iter().map(|(key, _)| plain(key)).collect(),
        };
        let port = self.port;
        let deletes = plan.delete.iter().map(|key| write(port, "deleterange", json!({"key": key})));
        stream::iter(deletes).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let puts = plan.put.iter().map(async |(key, value)| {
            let revision = write(port, "put", json!({"key": key, "value": value})).await?;
            anyhow::Ok((key, revision))
        });
        let written: Vec<_> = stream::iter(puts).buffer_unordered(AT_ONCE).try_collect().await?;
        for (key, revision) in written {
            // Our own write is not somebody's change.
            if let Some(recorded) = self.values.get_mut(key) {
                recorded.revision = revision;
            }
        }
        Ok(changed)
    }

    fn plan(&self, now: &[KeyValue]) -> Plan {
        let mut plan = Plan::default();
        let mut missing: BTreeMap<_, _> = self.values.iter().collect();
        for kv in now {
            match missing.remove(&kv.key) {
                None => plan.delete.push(kv.key.clone()),
                Some(_) if is_restless(&kv.key) => {}
                Some(recorded) if kv.mod_revision != recorded.revision => {
                    plan.put.push((kv.key.clone(), recorded.value.clone()));
                }
                Some(_) => {}
            }
        }
        let gone = missing.into_iter().filter(|(key, _)| !is_restless(key));
        plan.put.extend(gone.map(|(key, recorded)| (key.clone(), recorded.value.clone())));
        plan
    }
}

/// Records the cluster behind the etcd on this port when nothing has changed for so long.
pub async fn settled(port: u16, rest: Duration, patience: Duration) -> Result<Baseline> {
    let deadline = Instant::now() + patience;
    let mut before = Baseline::record(port).await?;
    loop {
        sleep(rest).await;
        let now = Baseline::record(port).await?;
        if now.same_as(&before) {
            return Ok(now);
        }
        if Instant::now() > deadline {
            bail!("the cluster does not come to rest within {patience:?}");
        }
        before = now;
    }
}

/// Whether all these keys are there.
pub async fn has_keys(port: u16, keys: &BTreeSet<String>) -> bool {
    let Ok(now) = range(port, true).await else { return false };
    let there: BTreeSet<String> = now.kvs.iter().map(|kv| plain(&kv.key)).collect();
    keys.is_subset(&there)
}

#[derive(Debug, Default)]
struct Plan {
    delete: Vec<String>,
    put: Vec<(String, String)>,
}

/// The keys that one look found changed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changed {
    deleted: Vec<String>,
    restored: Vec<String>,
}

fn is_restless(key: &str) -> bool {
    let key = plain(key);
    RESTLESS.iter().any(|prefix| key.starts_with(prefix))
}

/// One write, and the revision that it made.
async fn write(port: u16, verb: &str, request: Value) -> Result<String> {
    let written: Written = loopback::post_json(port, &format!("/v3/kv/{verb}"), &request).await?;
    Ok(written.header.revision)
}

async fn range(port: u16, keys_only: bool) -> Result<Range> {
    let request = json!({
        "key": STANDARD.encode(PREFIX),
        "range_end": STANDARD.encode(PREFIX_END),
        "keys_only": keys_only,
    });
    loopback::post_json(port, "/v3/kv/range", &request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(path: &str) -> String {
        STANDARD.encode(path)
    }

    fn found(path: &str, revision: i64) -> KeyValue {
        KeyValue { key: key(path), value: String::new(), mod_revision: revision.to_string() }
    }

    #[test]
    fn only_what_differs_is_written() {
        let kept = ["/registry/a", "/registry/changed", "/registry/gone", "/registry/leases/l"];
        let recorded = |path: &str| Recorded { value: format!("value of {path}"), revision: "10".to_owned() };
        let baseline = Baseline { port: 0, values: kept.iter().map(|path| (key(path), recorded(path))).collect() };
        let now = [
            found("/registry/a", 10),
            found("/registry/changed", 11),
            found("/registry/leases/l", 12),
            found("/registry/new", 12),
        ];
        let plan = baseline.plan(&now);
        assert_eq!(plan.delete, [key("/registry/new")]);
        let put: Vec<_> = plan.put.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(put, ["value of /registry/changed", "value of /registry/gone"]);
    }
}
