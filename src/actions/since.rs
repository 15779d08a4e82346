//! Where the hub is that lives on a cluster, so that a branch goes on from there.

use crate::argo;
use crate::argocd::{Application, tracker};
use crate::engine::Cluster;
use crate::gitops::Since;
use crate::report::Outcome;
use crate::spec::bead_of_application;

/// Where the hub on the cluster is; nothing where there is none, or where its root is gone. `accepted` is the head whose
/// history the step accepts.
pub async fn since(cluster: &Cluster, accepted: Option<&String>) -> Outcome<Option<Since>> {
    let Some(root) = cluster.get(&argo::application(argo::ROOT)).await?.map(Application) else { return Ok(None) };
    let all = cluster.list(&argo::every(argo::APPLICATION)).await?;
    let of_root = all.iter().filter(|it| tracker(it) == Some(argo::ROOT));
    let beads = of_root.filter_map(|it| bead_of_application(crate::object::name(it))).map(str::to_owned).collect();
    let accepted = accepted.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    Ok(Some(Since { commit: root.last_synced().map(str::to_owned), beads, accepted }))
}
