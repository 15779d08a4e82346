//! What runs on this machine, read off `/proc`.

use std::collections::BTreeMap;
use std::fs;

/// A process, told apart from a later one with the same id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    pub id: u32,
    pub line: String,
    parent: u32,
    started: String,
}

/// Every process, but those that are only to be buried.
pub fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    entries.filter_map(|entry| read(entry.file_name().to_str()?.parse().ok()?)).collect()
}

/// What a process has started, and what that has started.
pub fn descendants_of(id: u32) -> Vec<Process> {
    let mut children: BTreeMap<u32, Vec<Process>> = BTreeMap::new();
    for process in all() {
        children.entry(process.parent).or_default().push(process);
    }
    let mut found = children.remove(&id).unwrap_or_default();
    let mut next = 0;
    while let Some(process) = found.get(next) {
        found.extend(children.remove(&process.id).unwrap_or_default());
        next += 1;
    }
    found
}

/// Those of the processes that still run.
pub fn alive(processes: &[Process]) -> Vec<Process> {
    processes
        .iter()
        .filter(|process| read(process.id).is_some_and(|it| it.started == process.started))
        .cloned()
        .collect()
}

fn read(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // proc(5): the name in parentheses may hold anything; state, parent, …, the 22nd is the start.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let line = String::from_utf8_lossy(&line).replace('\0', " ").trim_end().to_owned();
    let is_dead = ["Z", "X"].contains(fields.first()?);
    (!is_dead).then_some(Process { id, line, parent: fields[1].parse().ok()?, started: fields[19].to_owned() })
}
