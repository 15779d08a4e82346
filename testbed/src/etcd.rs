//! etcd, and the way of a cluster back to its first minute.
//!
//! Writing the recorded keys back beats every other reset: no restart, no finalizers to wait
//! for, and the API server's caches follow by themselves.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::loopback;
use crate::paths::Cache;
use crate::process::Spec;

const PREFIX: &str = "/registry/";
const PREFIX_END: &str = "/registry0";
/// What changes by itself while nobody does anything.
const RESTLESS: [&str; 3] = ["/registry/leases/", "/registry/events/", "/registry/masterleases/"];
/// Below etcd's own limit of 128 operations.
const BATCH: usize = 100;
/// How long nothing may come back until a reset counts: controllers finish what they began.
const QUIET: Duration = Duration::from_millis(60);
const RESET_DEADLINE: Duration = Duration::from_secs(30);

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
    /// Keys and values as the gateway writes them, in base64.
    values: BTreeMap<String, String>,
    /// Whatever has changed since this revision is not as it was.
    revision: i64,
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
    header: Header,
    #[serde(default)]
    kvs: Vec<KeyValue>,
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
        let range = range(port, false).await?;
        Ok(Self {
            port,
            revision: range.header.revision.parse()?,
            values: range.kvs.into_iter().map(|kv| (kv.key, kv.value)).collect(),
        })
    }

    /// Whether another record has the same keys and values, but for what never rests.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let quiet = |baseline: &'_ Self| {
            let mut values = baseline.values.clone();
            values.retain(|key, _| !is_restless(key));
            values
        };
        quiet(self) == quiet(other)
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
        let now = range(self.port, true).await?;
        let plan = self.plan(&now.kvs)?;
        let changed = Changed {
            deleted: plan.delete.iter().filter(|key| !is_restless(key)).map(|key| plain(key)).collect(),
            restored: plan.put.iter().map(|(key, _)| plain(key)).collect(),
        };
        let deletes = plan.delete.iter().map(|key| json!({"requestDeleteRange": {"key": key}}));
        let puts = plan.put.iter().map(|(key, value)| json!({"requestPut": {"key": key, "value": value}}));
        let operations: Vec<_> = deletes.chain(puts).collect();
        self.revision = now.header.revision.parse()?;
        for batch in operations.chunks(BATCH) {
            let answer: Value = loopback::post_json(self.port, "/v3/kv/txn", &json!({"success": batch})).await?;
            // Our own writes are not somebody's changes.
            if let Some(revision) = answer["header"]["revision"].as_str() {
                self.revision = revision.parse()?;
            }
        }
        Ok(changed)
    }

    fn plan(&self, now: &[KeyValue]) -> Result<Plan> {
        let mut plan = Plan::default();
        let mut missing: BTreeMap<_, _> = self.values.iter().collect();
        for kv in now {
            match missing.remove(&kv.key) {
                None => plan.delete.push(kv.key.clone()),
                Some(_) if is_restless(&kv.key) => {}
                Some(value) => {
                    if kv.mod_revision.parse::<i64>()? > self.revision {
                        plan.put.push((kv.key.clone(), value.clone()));
                    }
                }
            }
        }
        let gone = missing.into_iter().filter(|(key, _)| !is_restless(key));
        plan.put.extend(gone.map(|(key, value)| (key.clone(), value.clone())));
        Ok(plan)
    }
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

/// A key as people write it.
fn plain(key: &str) -> String {
    STANDARD.decode(key).map(|key| String::from_utf8_lossy(&key).into_owned()).unwrap_or_default()
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
        let baseline = Baseline {
            port: 0,
            values: kept.iter().map(|path| (key(path), format!("value of {path}"))).collect(),
            revision: 10,
        };
        let now = [
            found("/registry/a", 10),
            found("/registry/changed", 11),
            found("/registry/leases/l", 12),
            found("/registry/new", 12),
        ];
        let plan = baseline.plan(&now).expect("planned");
        assert_eq!(plan.delete, [key("/registry/new")]);
        let put: Vec<_> = plan.put.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(put, ["value of /registry/changed", "value of /registry/gone"]);
    }
}
