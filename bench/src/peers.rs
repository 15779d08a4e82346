//! Other mixins and installers, where they are at hand. Nothing is built or fetched for a comparison.

use std::fs;
use std::path::PathBuf;

use backstack_testbed::paths::{Cache, find_program};

/// Programs that bring a cluster under git, or apply to one, and how each tells its version.
const INSTALLERS: [(&str, &str); 4] = [
    ("flux", "--version"),
    ("argocd-autopilot", "version"),
    ("kubectl", "version --client"),
    ("helm", "version --short"),
];

/// Another program.
#[derive(Debug, Clone)]
pub struct Peer {
    /// How it is called in the table.
    pub name: String,
    /// Where it is.
    pub program: PathBuf,
    /// Its arguments to tell the version.
    pub version: &'static str,
}

/// The mixins in `$PORTER_HOME`, but for ours.
pub fn mixins() -> Vec<Peer> {
    let folder = backstack::env::porter_home().map(|home| home.join("mixins"));
    let entries = folder.and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())));
    let programs = names.map(|(name, folder)| (folder.join(&name), name)).filter(|(program, _)| program.is_file());
    let mut peers: Vec<Peer> = programs
        .filter(|(_, name)| name != "backstack")
        .map(|(program, name)| Peer { name, program, version: "version --output json" })
        .collect();
    peers.sort_by(|a, b| a.name.cmp(&b.name));
    peers
}

/// The installers on `PATH`, or among the testbed's programs.
pub fn installers() -> Vec<Peer> {
    let built = |name: &str| Some(Cache::locate().ok()?.bin(name)).filter(|program| program.is_file());
    let found = INSTALLERS.iter().filter_map(|(name, version)| {
        let program = find_program(name).or_else(|| built(name))?;
        Some(Peer { name: (*name).to_owned(), program, version })
    });
    found.collect()
}
