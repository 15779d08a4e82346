//! The Secrets of a hub that git does not hold, in one file, encrypted by age to recipients: `secrets export` and
//! `secrets import`.
//!
//! A file of age is whole and unchanged, or it is not read; but it is not signed, and whoever knows a recipient can make
//! one. So it says inside of which hub it is, and an import overwrites nothing that is not named.

mod chosen;
mod document;
mod export;
mod held;
mod import;
mod marker;
mod sealed;

pub use chosen::reads_git;
pub use document::{Export, Kept};
pub use export::{export, take};
pub use import::{Into, bring, import, read};
pub use sealed::identities;

use crate::document::Existing;
use crate::engine::{Cluster, Deadline};
use crate::report::{Console, Outcome};

/// Connects by what the command line says, and tells where to.
async fn connect(
    kubeconfig: Option<&String>,
    context: Option<&String>,
    deadline: Deadline,
    console: &Console,
) -> Outcome<Cluster> {
    let existing = Existing { kubeconfig: kubeconfig.cloned(), context: context.cloned(), allow_insecure: false };
    let cluster = Cluster::connect(&existing, deadline).await?;
    let facts = cluster.facts();
    console.done("cluster", format!("{} (uid {}), by {}", facts.version, facts.uid, cluster.found()));
    Ok(cluster)
}
