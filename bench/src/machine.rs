//! On what was measured, and what stood beside it.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::Result;
use backstack_testbed::Testbed;
use serde_json::{Value, json};

/// The servers and the peers, and how each tells its version.
const PEERS: [(&str, &[&str]); 4] = [
    ("kubectl", &["version", "--client"]),
    ("helm", &["version", "--short"]),
    ("kube-apiserver", &["--version"]),
    ("etcd", &["--version"]),
];

/// The program and the machine.
pub fn describe(program: &Path) -> Result<Value> {
    let version = Command::new(program).args(["version", "--output", "json"]).output()?;
    let version: Value = serde_json::from_slice(&version.stdout)?;
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    Ok(json!({
        "version": version["version"],
        "commit": version["commit"],
        "processor": field(&read("/proc/cpuinfo"), "model name"),
        "cores": thread::available_parallelism()?,
        "memory": field(&read("/proc/meminfo"), "MemTotal"),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load": read("/proc/loadavg").split(' ').next(),
    }))
}

/// The versions of what the testbed has, each as the program tells it.
pub fn peers(testbed: &Testbed) -> Result<Vec<(String, String)>> {
    let tell = |(name, args): &(&str, &[&str])| {
        let told = Command::new(testbed.bin().join(name)).args(*args).output()?;
        let text = String::from_utf8_lossy(&told.stdout);
        let line = text.lines().next().unwrap_or_default().trim();
        let version = line.rsplit(' ').next().unwrap_or_default();
        Ok(((*name).to_owned(), version.to_owned()))
    };
    let lock = fs::read_to_string("bundles/hubs/existing/hub.yaml")?;
    let argocd = lock.lines().find_map(|line| line.trim().strip_prefix("version: ")).unwrap_or_default().to_owned();
    PEERS.iter().map(tell).chain([Ok(("Argo CD".to_owned(), argocd))]).collect()
}
