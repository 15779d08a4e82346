//! On what was measured.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::Result;
use serde_json::{Value, json};

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
