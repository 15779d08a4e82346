//! Letting go: the marks of those who had installed an Argo CD, on its objects and beside them.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::is_handed_over;
use crate::argocd::releases_of_argocd;
use crate::engine::installers::{MANAGED_BY, OF_RELEASE};
use crate::engine::{self, Cluster, FaultKind, HelmRevision};
use crate::object::{Identity, ObjectRef, annotation};
use crate::report::{Console, Failure, Outcome};
use crate::run::exactly;

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// Argo CD's parts write into their objects, so the rewrite races with them.
const TRIES: usize = 20;

/// Has those let go of these objects who had installed them: one read and, where there is something, one write an object.
/// Answers of how many. Where a hub is there already, what was handed over to it is left: whoever shares it now means it.
pub async fn let_go(objects: &[&Value], is_of_hub: bool, cluster: &Cluster) -> Outcome<usize> {
    let answers: Vec<Outcome<bool>> = futures::stream::iter(objects)
        .map(|object| let_go_of(ObjectRef::of(object), is_of_hub, cluster))
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let mut count = 0;
    for answer in answers {
        count += usize::from(answer?);
    }
    Ok(count)
}

/// The same of one object.
pub async fn let_go_of(object: ObjectRef, is_of_hub: bool, cluster: &Cluster) -> Outcome<bool> {
    for _ in 0..TRIES {
        let Some(live) = cluster.metadata(&object).await? else { return Ok(false) };
        let is_handed_over = is_handed_over(&object, &live);
        if is_of_hub && is_handed_over {
            return Ok(false);
        }
        let Some(patch) = engine::let_go(&live, is_handed_over) else { return Ok(false) };
        match cluster.json_patch(&object, &patch).await {
            Ok(_) => return Ok(true),
            Err(fault) if fault.kind == FaultKind::Changed => {} // a race: read again
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Failure::failed(format!("{object} is written too often to take it over")).hint("run again: the work resumes"))
}

/// Takes Helm's marks from what it alone has brought, which stays, then what it keeps of its releases: with that, and without the
/// marks, a `helm uninstall` would remove this Argo CD, and an install of that name would fight with it. What cannot be read or is
/// not finished stays, and so does a release of which the newest revision holds nothing that the hub brings.
pub async fn forget_releases(brought: &BTreeSet<ObjectRef>, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let (releases, left) = forgotten(releases_of_argocd(cluster).await?, brought);
    for it in &left {
        console.say(format!(
            "warning: {} stays: release {} revision {} ({}) is not known to hold this hub",
            it.secret, it.release, it.revision, it.status
        ));
    }
    let alone = alone(&releases, brought);
    for (release, object) in &alone {
        let Some(live) = engine::absent(cluster.metadata(object).await)?.flatten() else { continue };
        if annotation(&live, OF_RELEASE[0]) != Some(release.as_str()) {
            continue;
        }
        let none = json!({"metadata": {"annotations": {OF_RELEASE[0]: null, OF_RELEASE[1]: null}, "labels": {MANAGED_BY.0: null}}});
        exactly::patch(cluster, &Identity::under(object, &live), none).await?;
        console.done("kept", format!("{object}: Helm had brought it, nobody manages it any more"));
    }
    let secrets: Vec<Identity> = releases.iter().map(|it| it.secret.clone()).collect();
    engine::remove(cluster, console, &secrets, cluster.deadline()).await?;
    for it in &releases {
        console.done(
            "removed",
            format!("{}: Helm no longer knows release {} revision {}", it.secret, it.release, it.revision),
        );
    }
    Ok(())
}

/// The revisions of the releases that Helm is to forget, and those that stay.
fn forgotten(all: Vec<HelmRevision>, brought: &BTreeSet<ObjectRef>) -> (Vec<HelmRevision>, Vec<HelmRevision>) {
    let is_known = |it: &HelmRevision| it.objects.is_ok() && !it.is_unfinished();
    let holds = |it: &HelmRevision| objects_of(it).any(|object| is_brought(&object, brought));
    let going: BTreeSet<(String, String)> = newest(&all)
        .filter(|it| holds(it) && all.iter().filter(|other| other.key() == it.key()).all(is_known))
        .map(HelmRevision::key)
        .collect();
    all.into_iter().partition(|it| going.contains(&it.key()))
}

/// What the newest revision of each release holds and the hub does not bring, with the name of the release.
pub fn alone(releases: &[HelmRevision], brought: &BTreeSet<ObjectRef>) -> Vec<(String, ObjectRef)> {
    let objects = newest(releases).flat_map(|it| objects_of(it).map(|object| (it.release.clone(), object)));
    objects.filter(|(_, object)| !is_brought(object, brought)).collect()
}

fn newest(releases: &[HelmRevision]) -> impl Iterator<Item = &HelmRevision> {
    let is_later = |it: &HelmRevision, other: &HelmRevision| other.key() == it.key() && other.revision > it.revision;
    releases.iter().filter(move |it| !releases.iter().any(|other| is_later(it, other)))
}

/// A manifest need not say its namespace: then it is that of the release. A kind without namespaces is read without.
fn objects_of(revision: &HelmRevision) -> impl Iterator<Item = ObjectRef> {
    let (home, _) = revision.key();
    revision.objects.iter().flatten().map(move |object| {
        let mut object = ObjectRef::of(object);
        let known = crate::words::known_kind(&object.group, &object.kind);
        if known.is_none_or(|it| it.namespaced) {
            object.namespace.get_or_insert_with(|| home.clone());
        }
        object
    })
}

fn is_brought(object: &ObjectRef, brought: &BTreeSet<ObjectRef>) -> bool {
    brought.iter().any(|one| {
        let is_there = one.namespace == object.namespace || one.namespace.is_none();
        one.is_kind_of(object) && one.name == object.name && is_there
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn revision(release: &str, number: u64, objects: Result<&[&str], &str>) -> HelmRevision {
        let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": release, "namespace": "argocd", "uid": "1"}});
        let object = |name: &&str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
        HelmRevision {
            secret: Identity::of(&secret),
            release: release.to_owned(),
            revision: number,
            status: "deployed".to_owned(),
            objects: objects.map(|all| all.iter().map(object).collect()).map_err(str::to_owned),
        }
    }

    #[test]
    fn only_what_is_known_to_hold_the_hub_is_forgotten() {
        let brought = BTreeSet::from([ObjectRef::new("v1", "ConfigMap", Some("argocd"), "argocd-cm")]);
        let mut unfinished = revision("under-way", 1, Ok(&["argocd-cm"]));
        unfinished.status = "pending-upgrade".to_owned();
        let all = vec![
            revision("ours", 1, Ok(&["other"])),
            revision("ours", 2, Ok(&["argocd-cm", "beside"])),
            revision("moved-on", 1, Ok(&["argocd-cm"])),
            revision("moved-on", 2, Ok(&["other"])),
            revision("unread", 1, Err("no JSON")),
            revision("unread", 2, Ok(&["argocd-cm"])),
            unfinished,
        ];
        let (going, left) = forgotten(all, &brought);
        assert!(going.iter().all(|it| it.release == "ours"), "{going:?}");
        assert_eq!((going.len(), left.len()), (2, 5));
        let beside = ObjectRef::new("v1", "ConfigMap", Some("argocd"), "beside");
        assert_eq!(alone(&going, &brought), [("ours".to_owned(), beside)]);
    }
}
