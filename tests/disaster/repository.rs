//! A hub whose cluster is gone, and whose repository is left.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::hub::fixture::{Hub, TESTBED, lease};
use crate::hub::installed::Kind;

/// What is left of a hub when its cluster is gone.
pub struct Left {
    folder: TempDir,
    /// The UID of the cluster that is gone.
    pub uid: String,
}

impl Left {
    /// Ends a hub, and keeps its repository.
    pub fn of(hub: Hub) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        copy(&hub.repository.dir(), &folder.path().join("hub.git"));
        let uid = uid(&hub);
        drop(hub);
        Self { folder, uid }
    }

    /// A fresh cluster that reads the repository at the address that stands in it. A snapshot has the UID of the cluster that it
    /// was recorded on; that one is not taken.
    pub fn elsewhere(&self) -> Hub {
        let fresh = || Hub::of_cluster(lease(TESTBED.lease()), &[]);
        let first = fresh();
        let hub = if uid(&first) == self.uid { fresh() } else { first };
        fs::remove_dir_all(hub.repository.dir()).expect("the empty one goes");
        copy(&self.folder.path().join("hub.git"), &hub.repository.dir());
        hub
    }
}

/// The UID of a cluster.
pub fn uid(hub: &Hub) -> String {
    hub.kubectl(&["get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}"])
}

/// A hub with Argo CD alone that was handed over, and of which the repository is left.
pub fn of_a_plain_hub() -> Left {
    Left::of(Hub::installed(Kind::Plain))
}

fn copy(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts").success());
}
