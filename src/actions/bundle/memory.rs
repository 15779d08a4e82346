//! What is remembered of the installation that is played, and what a run adds to it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::changes::{changes, not_compared};
use super::given::Given;
use crate::bundle::{Header, Manifest, Remembered, Run};
use crate::cli::BundleRun;
use crate::report::{Console, Failure, Outcome};

/// The memory of one installation.
pub struct Memory {
    bundle: String,
    /// The folder of the bundle, as it is found from everywhere.
    folder: String,
    installation: String,
    /// Where it is kept; there may be no home for it.
    file: Option<PathBuf>,
    found: Option<Remembered>,
}

impl Memory {
    /// Looks for what is remembered, and says where it was found. Where it cannot be looked for, a run goes on without, unless
    /// it asks for it.
    pub fn of(line: &BundleRun, bundle: &str, installation: &str, console: &Console) -> Outcome<Self> {
        let folder = line.folder.canonicalize().unwrap_or_else(|_| line.folder.clone()).display().to_string();
        let (bundle, installation) = (bundle.to_owned(), installation.to_owned());
        let mut memory = Self { bundle, folder, installation, file: None, found: None };
        let kept = Remembered::file(&memory.installation).and_then(|file| {
            let text = file.as_deref().map(Remembered::text).transpose()?.flatten();
            Ok((file, text))
        });
        let (file, text) = match kept {
            Err(failure) if !line.save && !line.reuse_values => {
                console.say(format!("goes on without what may be remembered: {}", failure.message));
                return Ok(memory);
            }
            kept => kept?,
        };
        memory.file = file;
        if let (Some(file), Some(text)) = (&memory.file, text) {
            let found = Remembered::read(file, &text, &memory.bundle)?;
            memory.demand_same_folder(&found, file, line.save)?;
            let (name, file) = (&memory.installation, file.display());
            console.say(format!("uses what is remembered of {name} in {file}; what is given now wins"));
            memory.found = Some(found);
        }
        Ok(memory)
    }

    /// Anybody can give a bundle this name, so what is remembered is for the folder that it was given to.
    fn demand_same_folder(&self, found: &Remembered, file: &Path, save: bool) -> Outcome<()> {
        if save || found.folder == self.folder {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "what is remembered of the installation {} was given to the bundle in {}, not to the one in {}; nothing was started",
            self.installation, found.folder, self.folder
        ))
        .hint(format!(
            "if this one may have it, add --save; give this one another name by --name, or remove {} if that one is gone",
            file.display()
        )))
    }

    /// What is there, and the file.
    pub fn found(&self) -> Option<(&Path, &Remembered)> {
        Some((self.file.as_deref()?, self.found.as_ref()?))
    }

    /// Says what an upgrade changes, or that nobody knows.
    pub fn tell_changes(&self, run: &Run<'_>, manifest: &Manifest, console: &Console) {
        let header = &manifest.header;
        let Some(last) = self.found().and_then(|(_, remembered)| remembered.last.as_ref()) else {
            let of = &self.installation;
            let why = match &self.found {
                Some(_) => format!("no run of {of} that ended well is remembered"),
                None => format!("nothing is remembered of {of} (--save does)"),
            };
            let diff = manifest.action_names().any(|name| name == "diff");
            let also = if diff { "; `bundle run diff` shows what changes in git" } else { "" };
            console.say(format!("which values the upgrade changes is not known: {why}{also}"));
            return;
        };
        let sensitive = not_compared(header, run.action());
        let said = match changes(&last.values, run.values()).as_slice() {
            [] => format!("no value changes against the last run ({})", last.action),
            some => format!("against the last run ({}) changes: {}", last.action, some.join(", ")),
        };
        console.say(said + &sensitive);
    }

    /// Keeps what the run is given, where that is asked for.
    pub fn keep(&mut self, header: &Header, given: &Given, save: bool, console: &Console) -> Outcome<()> {
        if !save {
            return Ok(());
        }
        let file = self.file.as_deref().ok_or_else(|| {
            Failure::usage("--save has no place to remember anything: HOME is not set")
                .hint("set HOME or XDG_CONFIG_HOME")
        })?;
        let kept =
            self.found.get_or_insert_with(|| Remembered::nothing(&self.bundle, &self.folder, &self.installation));
        kept.folder.clone_from(&self.folder);
        kept.kubeconfigs.clone_from(&given.kubeconfigs);
        let left_out = kept.take(header, &given.parameters, &given.credentials);
        console.say(format!("remembers what is given in {}", file.display()));
        if !left_out.is_empty() {
            console.say(format!("does not remember what is secret or passes: {}", left_out.join(", ")));
        }
        kept.write(file)
    }

    /// Keeps the values of a run that has ended well, if anything is kept at all.
    pub fn keep_values(&mut self, header: &Header, action: &str, values: &BTreeMap<String, String>) -> Outcome<()> {
        let (Some(file), Some(kept)) = (&self.file, &mut self.found) else { return Ok(()) };
        kept.take_values(header, action, values);
        kept.write(file)
    }
}
