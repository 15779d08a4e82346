//! The locks of a bundle, beside its documents and beside `porter.yaml`: each is read once, whoever asks for it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};

use super::bundle::{Bundle, StepAt};
use super::documents::documents;
use super::finding::Finding;
use super::rule::{BROKEN_DOCUMENT, Rule};
use crate::bundle::text_in;
use crate::document::Lock;
use crate::report::Diagnostic;
use crate::vendor::asset_path;
use crate::yaml::{self, Document, Reader};

/// The name of the file.
pub(super) const FILE: &str = "lock.yaml";

/// The locks by their names in the folder of the bundle.
pub(super) struct Locks(BTreeMap<String, Result<GoodLock, Unread>>);

/// A lock, and its text.
pub(super) struct GoodLock {
    pub lock: Lock,
    pub text: Document,
}

/// Why there is none.
enum Unread {
    /// The file cannot be read.
    File(io::Error),
    /// What is wrong in it.
    Text(Vec<Diagnostic>),
}

/// The downloads that a lock pins and that are not there to be looked at.
pub(super) struct NotVendored {
    /// The folder with the lock, from where people are.
    pub folder: PathBuf,
    /// Where each would be below it.
    pub files: Vec<String>,
}

impl Locks {
    /// Reads all of them. Without `porter.yaml` at hand those in the folder are of some other bundle.
    pub fn read(bundle: &Bundle<'_>) -> Self {
        let mut names = BTreeSet::new();
        if bundle.manifest.is_some() {
            names.extend(documents(bundle).iter().map(|it| beside(&it.file)));
            names.insert(FILE.to_owned());
        }
        Self(names.into_iter().map(|name| (name.clone(), read(bundle.folder, &name))).collect())
    }

    /// The lock beside a file that is named at a path of a step.
    pub fn beside(&self, file: &str, named: &str, at: &StepAt<'_>, missing: Rule) -> Result<&GoodLock, Vec<Finding>> {
        let name = beside(file);
        let unread = |why: &dyn Display| {
            let message = format!("`{name}`, which pins the downloads of `{file}`, cannot be read: {why}");
            Err(vec![at.finding(missing, named, message)])
        };
        match self.0.get(&name) {
            Some(Ok(lock)) => Ok(lock),
            Some(Err(Unread::File(error))) => unread(error),
            Some(Err(Unread::Text(mistakes))) => {
                Err(mistakes.iter().map(|mistake| Finding::new(BROKEN_DOCUMENT, mistake.clone())).collect())
            }
            None => unread(&"no document names it"), // said, rather than taken for right
        }
    }

    /// What they pin and nobody has brought.
    pub fn not_vendored(&self, bundle: &Path) -> Vec<NotVendored> {
        // `./hub.yaml` and `hub.yaml` have one lock.
        let good = self.0.iter().filter_map(|(name, lock)| Some((name.trim_start_matches("./"), lock.as_ref().ok()?)));
        let locks: BTreeMap<&Path, &GoodLock> = good.map(|(name, lock)| (Path::new(name), lock)).collect();
        let of_lock = |(name, lock): (&Path, &GoodLock)| {
            let below = name.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = below.map_or(bundle.to_owned(), |below| bundle.join(below));
            let files = lock.lock.assets.iter().map(|it| format!("assets/{}", asset_path(it)));
            let files: Vec<String> = files.filter(|file| !folder.join(file).exists()).collect();
            (!files.is_empty()).then_some(NotVendored { folder, files })
        };
        locks.into_iter().filter_map(of_lock).collect()
    }
}

fn beside(file: &str) -> String {
    Path::new(file).with_file_name(FILE).display().to_string()
}

fn read(bundle: &Path, name: &str) -> Result<GoodLock, Unread> {
    let text = text_in(bundle, name).map_err(Unread::File)?;
    let lock = crate::document::read_lock(name, &text).map_err(|failure| Unread::Text(failure.diagnostics))?;
    let text = yaml::parse(name, &text, Reader::Kubernetes).map_err(|mistake| Unread::Text(vec![*mistake]))?;
    Ok(GoodLock { lock, text })
}
