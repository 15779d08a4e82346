//! What clusters have become, by name, together with their repositories. It lives as long as the testbed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};

use super::hub::Hub;
use crate::repository;
use crate::snapshot::Snapshot;

/// A state of a cluster and of its repository.
pub struct Saved {
    pub snapshot: Snapshot,
    /// A copy of the bare repository.
    pub repository: PathBuf,
}

/// The states that were recorded.
pub struct Snapshots {
    dir: PathBuf,
    by_name: RefCell<BTreeMap<String, Rc<Saved>>>,
}

impl Snapshots {
    /// None yet; repositories are copied below `dir`.
    pub fn below(dir: &Path) -> Self {
        Self { dir: dir.join("snapshots"), by_name: RefCell::default() }
    }

    /// Records a cluster.
    pub async fn record(&self, name: &str, hub: &Hub) -> Result<()> {
        let snapshot = hub.snapshot().await?;
        let repository = self.dir.join(format!("{name}.git"));
        repository::copy(&hub.repository(), &repository)?;
        self.by_name.borrow_mut().insert(name.to_owned(), Rc::new(Saved { snapshot, repository }));
        Ok(())
    }

    /// One of them.
    pub fn find(&self, name: &str) -> Result<Rc<Saved>> {
        self.by_name.borrow().get(name).cloned().with_context(|| format!("there is no snapshot {name}"))
    }

    /// The names of all.
    pub fn names(&self) -> Vec<String> {
        self.by_name.borrow().keys().cloned().collect()
    }
}
