//! What is remembered of the installation that is played, and what a run adds to it.

use std::path::{Path, PathBuf};

use super::changes::{changes, not_compared};
use super::given::Given;
use crate::bundle::{Header, Manifest, Remembered, Run};
use crate::report::{Console, Failure, Outcome};

/// The memory of one installation.
pub struct Memory {
    bundle: String,
    installation: String,
    /// Where it is kept; there may be no home for it.
    file: Option<PathBuf>,
    found: Option<Remembered>,
}

impl Memory {
    /// Looks for what is remembered, and says where it was found.
    pub fn of(bundle: &str, installation: &str, console: &Console) -> Outcome<Self> {
        let file = Remembered::file(installation)?;
        let found = file.as_deref().map(|file| Remembered::read(file, bundle)).transpose()?.flatten();
        if let (Some(file), Some(_)) = (&file, &found) {
            console.say(format!(
                "uses what is remembered of {installation} in {}; what is given now wins",
                file.display()
            ));
        }
        Ok(Self { bundle: bundle.to_owned(), installation: installation.to_owned(), file, found })
    }

    /// What is there, and the file.
    pub fn found(&self) -> Option<(&Path, &Remembered)> {
        Some((self.file.as_deref()?, self.found.as_ref()?))
    }

    /// Says what an upgrade changes, or that nobody knows.
    pub fn tell_changes(&self, run: &Run<'_>, manifest: &Manifest, console: &Console) {
        let header = &manifest.header;
        let Some((_, remembered)) = self.found() else {
            let diff = manifest.action_names().any(|name| name == "diff");
            let also = if diff { "; `bundle run diff` shows what changes in git" } else { "" };
            console.say(format!(
                "which values the upgrade changes is not known: nothing is remembered of {} (--save does){also}",
                self.installation
            ));
            return;
        };
        let last = &remembered.last;
        let sensitive = not_compared(header, run.action());
        let said = match changes(&last.values, run.values()).as_slice() {
            [] => format!("no value changes against the last run ({})", last.action),
            some => format!("against the last run ({}) changes: {}", last.action, some.join(", ")),
        };
        console.say(said + &sensitive);
    }

    /// Keeps what the run is given where that is asked for, and in any case what its values are, if anything is kept at all.
    pub fn keep(mut self, run: &Run<'_>, header: &Header, given: &Given, save: bool, console: &Console) -> Outcome<()> {
        if !save && (self.found.is_none() || !run.modifies()) {
            return Ok(());
        }
        let file = self.file.ok_or_else(|| {
            Failure::usage("--save has no place to remember anything: HOME is not set")
                .hint("set HOME or XDG_CONFIG_HOME")
        })?;
        let mut kept = self.found.take().unwrap_or_else(|| Remembered::nothing(&self.bundle, &self.installation));
        if save {
            kept.kubeconfigs.clone_from(&given.kubeconfigs);
            let left_out = kept.take(header, &given.parameters, &given.credentials);
            console.say(format!("remembers what is given in {}", file.display()));
            if !left_out.is_empty() {
                console.say(format!("does not remember what is secret or passes: {}", left_out.join(", ")));
            }
        }
        if run.modifies() {
            kept.take_values(run.action(), run.values());
        }
        kept.write(&file)
    }
}
