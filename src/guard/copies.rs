//! Copies of what Applications deployed. Whoever copies an object copies its mark as well, and with an Application Argo CD
//! deletes whatever bears its mark, of whichever name.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::argocd::{Application, stays_when_deleted, tracked_by, tracker};
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, owners};

/// The objects that bear the mark of another one of these Applications. What has an owner was made by a controller, which
/// copies marks as well, and goes with its owner anyway.
pub(super) async fn copies(cluster: &Cluster, applications: &[Application]) -> Result<Vec<ObjectRef>, Fault> {
    let marks: BTreeSet<String> = applications.iter().map(Application::instance).collect();
    let deployed = applications.iter().flat_map(Application::resources).filter(|it| !it.is_crd());
    let deployed: Vec<ObjectRef> = deployed.collect();
    // As discovery has them: what cannot be listed, or was named to be overlooked, is not asked for.
    let mut kinds = cluster.every_kind().await?;
    kinds.retain(|kind| deployed.iter().any(|it| it.is_kind_of(kind)));
    let is_copy = |live: &Value| {
        let bears = tracker(live).is_some_and(|mark| marks.contains(mark)) && tracked_by(live).is_none();
        bears && owners(live).next().is_none() && !stays_when_deleted(live)
    };
    cluster.list_metadata_of(kinds, |live| is_copy(&live).then(|| ObjectRef::of(&live))).await
}
