//! Where the hub is that lives on a cluster, so that a branch goes on from there.

use crate::argocd::{Application, Applications, tracker};
use crate::engine::Cluster;
use crate::git::Since;
use crate::object::str_at;
use crate::report::Outcome;
use crate::words::{argo, bead};

/// Where the hub on the cluster is; nothing where there is none. A removal that was broken off has left Argo CD itself, which
/// follows the same branch. `accepted` is the head whose history the step accepts.
pub async fn since(cluster: &Cluster, accepted: Option<&String>) -> Outcome<Option<Since>> {
    match itself(cluster).await? {
        Some(itself) => since_at(&itself, cluster, accepted).await.map(Some),
        None => Ok(None),
    }
}

/// The same of a hub whose root was read.
pub async fn since_at(itself: &Application, cluster: &Cluster, accepted: Option<&String>) -> Outcome<Since> {
    // Where the root brings its own: others may have thousands elsewhere.
    let beads = cluster.list_metadata_with(&argo::application(""), |it| bead_of(&Application(it))).await?;
    Ok(at(itself, beads, accepted))
}

/// The same for whoever knows the beads, of [`beads_of`].
pub async fn since_with(beads: Vec<String>, cluster: &Cluster, accepted: Option<&String>) -> Outcome<Option<Since>> {
    Ok(itself(cluster).await?.map(|itself| at(&itself, beads, accepted)))
}

/// The beads that a hub has among all Applications of its cluster.
pub fn beads_of(applications: &Applications) -> Vec<String> {
    let here = applications.iter().filter(|it| str_at(&it.0, "/metadata/namespace") == argo::NAMESPACE);
    here.filter_map(|it| bead_of(&it)).collect()
}

/// The root as it is now, or what a removal has left of the hub.
async fn itself(cluster: &Cluster) -> Outcome<Option<Application>> {
    let mut itself = None;
    for name in [argo::ROOT, argo::ARGOCD] {
        if itself.is_none() {
            itself = cluster.get(&argo::application(name)).await?.map(Application);
        }
    }
    Ok(itself)
}

fn at(itself: &Application, beads: Vec<String>, accepted: Option<&String>) -> Since {
    let accepted = accepted.map(|it| it.trim().to_owned()).filter(|it| !it.is_empty());
    Since { commit: itself.last_synced().map(str::to_owned), beads, accepted, ..Since::default() }
}

/// The bead whose Application the root has brought.
fn bead_of(application: &Application) -> Option<String> {
    bead::of_parent(application.name()).filter(|_| tracker(&application.0) == Some(argo::ROOT)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn application(name: &str, namespace: &str, revision: &str) -> Value {
        let id = format!("root:argoproj.io/Application:{namespace}/{name}");
        json!({"apiVersion": argo::API, "kind": argo::APPLICATION,
            "metadata": {"name": name, "namespace": namespace, "annotations": {argo::TRACKING_ID: id}},
            "status": {"sync": {"status": "Synced", "revision": revision}}})
    }

    #[test]
    fn a_hub_is_at_what_it_has_synced_with_the_beads_that_its_root_has_brought() {
        let all = [
            ("argocd", argo::NAMESPACE),
            ("bead-x", argo::NAMESPACE),
            ("root", argo::NAMESPACE),
            ("bead-y", "elsewhere"),
        ];
        let all: Applications = all.iter().map(|(name, namespace)| application(name, namespace, "r")).collect();
        let beads = beads_of(&all);
        assert_eq!(beads, ["x"]);
        let root = Application(application(argo::ROOT, argo::NAMESPACE, "r"));
        let found = at(&root, beads, Some(&" c \n".to_owned()));
        assert_eq!((found.commit.as_deref(), found.accepted.as_deref()), (Some("r"), Some("c")));
    }
}
