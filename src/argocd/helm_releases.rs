//! The releases of Helm that hold parts of the Argo CD of this cluster, by what is in them and not by how they are called.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::engine::installers::{Installer, installers};
use crate::engine::{Cluster, Fault, HelmRevision};
use crate::object::{ObjectRef, kind, name, str_at};
use crate::words::argo;

/// Whether an object is a part of an Argo CD.
#[must_use]
pub fn is_part(live: &Value) -> bool {
    let labels = live.pointer("/metadata/labels").unwrap_or(&Value::Null);
    labels[argo::PART_OF.0] == argo::PART_OF.1 || (is_workload(live) && name(live) == "argocd-server")
}

fn is_workload(live: &Value) -> bool {
    matches!(kind(live), "Deployment" | "StatefulSet")
}

/// What Helm keeps, in any namespace, of releases that hold a workload of the Argo CD of this cluster, or that cannot be read and
/// could. A release need not be kept where its objects are.
pub async fn releases_of_argocd(cluster: &Cluster) -> Result<Vec<HelmRevision>, Fault> {
    read(cluster, None).await
}

/// The same of the namespaces that these objects name by the marks of Helm, and of that of Argo CD: for a look that is made often.
pub async fn releases_beside<'v>(
    cluster: &Cluster,
    objects: impl IntoIterator<Item = &'v Value>,
) -> Result<Vec<HelmRevision>, Fault> {
    let marked = objects.into_iter().flat_map(installers).filter_map(|it| match it {
        Installer::Helm(Some(release)) => release.split_once('/').map(|(namespace, _)| namespace.to_owned()),
        _ => None,
    });
    let namespaces: BTreeSet<String> = marked.chain([argo::NAMESPACE.to_owned()]).collect();
    let mut found = Vec::new();
    for namespace in &namespaces {
        found.extend(read(cluster, Some(namespace)).await?);
    }
    Ok(found)
}

async fn read(cluster: &Cluster, namespace: Option<&str>) -> Result<Vec<HelmRevision>, Fault> {
    let secrets = ObjectRef::new("v1", "Secret", namespace, "");
    // Of releases of others nothing is kept but their names: a cluster may have hundreds of them.
    let ours_whole = |live: Value| {
        let revision = HelmRevision::of(&live)?;
        let holds = holds_argocd(&revision);
        let objects = revision.objects.map(|objects| if holds { objects } else { Vec::new() });
        Some((holds, HelmRevision { objects, ..revision }))
    };
    Ok(of_the_same(cluster.list_with(&secrets, ours_whole).await?))
}

/// All revisions of each release of which one holds Argo CD.
fn of_the_same(all: Vec<(bool, HelmRevision)>) -> Vec<HelmRevision> {
    let of: BTreeSet<(String, String)> = all.iter().filter(|(holds, _)| *holds).map(|(_, it)| it.key()).collect();
    let mut found: Vec<HelmRevision> = all.into_iter().map(|(_, it)| it).filter(|it| of.contains(&it.key())).collect();
    found.sort_by_key(|it| (it.key(), it.revision));
    found
}

/// Whether a revision holds a workload of the Argo CD of this cluster. One beside it that cannot be read could.
fn holds_argocd(revision: &HelmRevision) -> bool {
    let (home, _) = revision.key();
    match &revision.objects {
        Err(_) => home == argo::NAMESPACE,
        Ok(objects) => objects.iter().filter(|it| is_workload(it) && is_part(it)).any(|it| {
            let own = Some(str_at(it, "/metadata/namespace")).filter(|own| !own.is_empty());
            own.unwrap_or(&home) == argo::NAMESPACE
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::object::Identity;

    fn revision(home: &str, release: &str, number: u64, objects: Result<Vec<Value>, String>) -> (bool, HelmRevision) {
        let secret =
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": release, "namespace": home, "uid": "1"}});
        let (secret, status) = (Identity::of(&secret), "deployed".to_owned());
        let it = HelmRevision { secret, release: release.to_owned(), revision: number, status, objects };
        (holds_argocd(&it), it)
    }

    fn server(namespace: Option<&str>) -> Vec<Value> {
        vec![json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "a-server", "namespace": namespace, "labels": {argo::PART_OF.0: argo::PART_OF.1}}})]
    }

    #[test]
    fn a_release_is_of_argo_cd_by_what_is_in_it() {
        for (home, objects, expected) in [
            ("argocd", Ok(server(None)), true),
            ("platform", Ok(server(Some("argocd"))), true),
            ("platform", Ok(server(None)), false),
            ("argocd", Ok(server(Some("other"))), false),
            ("argocd", Ok(Vec::new()), false),
            ("argocd", Err("broken".to_owned()), true),
            ("platform", Err("broken".to_owned()), false),
        ] {
            assert_eq!(revision(home, "argo-rollouts", 1, objects.clone()).0, expected, "{home} {objects:?}");
        }
    }

    #[test]
    fn two_releases_of_a_name_are_told_apart_by_their_namespace() {
        let all = vec![
            revision("platform", "argo", 1, Ok(server(Some("argocd")))),
            revision("platform", "argo", 2, Ok(Vec::new())),
            revision("other", "argo", 7, Ok(Vec::new())),
        ];
        let found: Vec<u64> = of_the_same(all).iter().map(|it| it.revision).collect();
        assert_eq!(found, [1, 2]);
    }
}
