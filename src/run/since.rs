//! Where the hub is that lives on a cluster, so that a branch goes on from there.

use serde_json::Value;

use crate::argocd::{Application, tracker};
use crate::engine::Cluster;
use crate::git::Since;
use crate::object::name;
use crate::report::Outcome;
use crate::words::{argo, bead};

/// Where the hub on the cluster is; nothing where there is none. A removal that was broken off has left Argo CD itself, which
/// follows the same branch. `accepted` is the head whose history the step accepts.
pub async fn since(cluster: &Cluster, accepted: Option<&String>) -> Outcome<Option<Since>> {
    let mut itself = None;
    for name in [argo::ROOT, argo::ARGOCD] {
        if itself.is_none() {
            itself = cluster.get(&argo::application(name)).await?.map(Application);
        }
    }
    let Some(itself) = itself else { return Ok(None) };
    let bead = |it: Value| {
        let bead = bead::of_parent(name(&it)).filter(|_| tracker(&it) == Some(argo::ROOT));
        bead.map(str::to_owned)
    };
    // Where the root brings its own: others may have thousands elsewhere.
    let beads = cluster.list_metadata_with(&argo::application(""), bead).await?;
    let accepted = accepted.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    Ok(Some(Since { commit: itself.last_synced().map(str::to_owned), beads, accepted, ..Since::default() }))
}
