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
    let mut itself = None;
    for name in [argo::ROOT, argo::ARGOCD] {
        if itself.is_none() {
            itself = cluster.get(&argo::application(name)).await?.map(Application);
        }
    }
    match itself {
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

/// The same of all Applications of the cluster, for whoever has read them.
pub fn since_of(applications: &Applications, accepted: Option<&String>) -> Option<Since> {
    let (mut root, mut argocd, mut beads) = (None, None, Vec::new());
    for it in applications.iter().filter(|it| str_at(&it.0, "/metadata/namespace") == argo::NAMESPACE) {
        beads.extend(bead_of(&it));
        match it.name() {
            argo::ROOT => root = Some(it),
            argo::ARGOCD => argocd = Some(it),
            _ => {}
        }
    }
    Some(at(&root.or(argocd)?, beads, accepted))
}

/// The same with what the root has synced by now, for whoever has worked since.
pub async fn since_by_now(since: Since, cluster: &Cluster) -> Outcome<Since> {
    let root = cluster.get(&argo::application(argo::ROOT)).await?.map(Application);
    let commit = root.as_ref().and_then(Application::last_synced).map(str::to_owned);
    Ok(Since { commit: commit.or_else(|| since.commit.clone()), ..since })
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
    fn a_hub_is_where_its_root_is_or_what_a_removal_has_left_of_it() {
        let of = |all: &[(&str, &str, &str)]| {
            let all: Applications = all.iter().map(|(name, namespace, at)| application(name, namespace, at)).collect();
            since_of(&all, Some(&" c \n".to_owned())).map(|it| (it.commit, it.beads, it.accepted))
        };
        let found = |commit: &str, beads: &[&str]| {
            let beads = beads.iter().map(ToString::to_string).collect();
            Some((Some(commit.to_owned()), beads, Some("c".to_owned())))
        };
        let (root, argocd) = ((argo::ROOT, argo::NAMESPACE, "r"), (argo::ARGOCD, argo::NAMESPACE, "a"));
        let bead = ("bead-x", argo::NAMESPACE, "b");
        assert_eq!(of(&[argocd, bead, root, ("bead-y", "elsewhere", "b")]), found("r", &["x"]));
        assert_eq!(of(&[argocd]), found("a", &[]));
        assert_eq!(of(&[(argo::ROOT, "elsewhere", "r"), bead]), None);
    }
}
