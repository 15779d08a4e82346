//! What was brought of a repository stays as long as somebody may reach it: the next look of a run asks where the branch is, and
//! brings only what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::process::TemporaryFolder;
use crate::report::Outcome;

/// Where a repository of ours is kept between two of its users.
#[derive(Debug, Clone, Default)]
pub struct Depot(Arc<Mutex<Option<Kept>>>);

#[derive(Debug)]
struct Kept {
    url: String,
    store: Arc<Store>,
}

/// A bare repository of our own.
#[derive(Debug)]
pub(super) struct Store {
    pub folder: TemporaryFolder,
    /// Where the names of the other repository were when they were fetched last.
    fetched: Mutex<BTreeMap<String, String>>,
    /// The files that were found here, by their object names.
    files: Mutex<BTreeSet<String>>,
}

impl Depot {
    /// The repository for whatever is fetched from there, and whether it is new. Nobody else uses it at the same time.
    pub(super) fn store(&self, url: &str) -> Outcome<(Arc<Store>, bool)> {
        let mut kept = lock(&self.0);
        if let Some(Kept { url: of, store }) = &*kept {
            let is_free = Arc::strong_count(store) == 1;
            if of == url && is_free {
                return Ok((Arc::clone(store), false));
            }
        }
        let store = Arc::new(Store {
            folder: TemporaryFolder::new("git")?,
            fetched: Mutex::default(),
            files: Mutex::default(),
        });
        if kept.is_none() {
            *kept = Some(Kept { url: url.to_owned(), store: Arc::clone(&store) });
        }
        Ok((store, true))
    }
}

impl Store {
    /// The commit that this name was at.
    pub fn fetched(&self, reference: &str) -> Option<String> {
        lock(&self.fetched).get(reference).cloned()
    }

    /// Remembers that it is at this commit, which is here.
    pub fn remember(&self, reference: &str, commit: &str) {
        lock(&self.fetched).insert(reference.to_owned(), commit.to_owned());
    }

    /// Whether a file of this object name is known to be here: what is here stays.
    pub fn has_file(&self, object: &str) -> bool {
        lock(&self.files).contains(object)
    }

    /// Remembers a file that is here.
    pub fn remember_file(&self, object: String) {
        lock(&self.files).insert(object);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
