//! The library on a cluster, for what no verb shows alone.

use std::path::Path;
use std::time::Duration;

use backstack::document::Existing;
use backstack::engine::{Cluster, Deadline};
use backstack::report::Outcome;

/// What comes of work on the cluster of a kubeconfig, within this time.
#[track_caller]
pub fn on_cluster<T>(kubeconfig: &Path, patience: Duration, work: impl AsyncFnOnce(Cluster) -> T) -> T {
    let done = try_on_cluster(kubeconfig, patience, async |cluster| Ok(work(cluster).await));
    done.unwrap_or_else(|failure| panic!("{}", failure.render()))
}

/// The same where the cluster may not be reached.
pub fn try_on_cluster<T>(
    kubeconfig: &Path,
    patience: Duration,
    work: impl AsyncFnOnce(Cluster) -> Outcome<T>,
) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let existing = Existing { kubeconfig: Some(kubeconfig.display().to_string()), ..Existing::default() };
    runtime.block_on(async { work(Cluster::connect(&existing, Deadline::after(patience)).await?).await })
}
