//! Letting go: the marks of those who had installed an Argo CD, on its objects and beside them.

use std::collections::BTreeSet;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::is_handed_over;
use crate::actions::exactly;
use crate::argo;
use crate::engine::installers::{MANAGED_BY, OF_RELEASE};
use crate::engine::{self, Cluster, FaultKind, HelmRevision};
use crate::guard::releases_of_argocd;
use crate::object::{Identity, ObjectRef, annotation};
use crate::report::{Console, Failure, Outcome};

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
/// marks, a `helm uninstall` would remove this Argo CD, and an install of that name would fight with it.
pub async fn forget_releases(brought: &BTreeSet<ObjectRef>, cluster: &Cluster, console: &Console) -> Outcome<()> {
    let releases = releases_of_argocd(cluster).await?;
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

/// What the newest revision of each release holds and the hub does not bring, with the name of the release.
pub fn alone(releases: &[HelmRevision], brought: &BTreeSet<ObjectRef>) -> Vec<(String, ObjectRef)> {
    let is_newest =
        |it: &&HelmRevision| !releases.iter().any(|other| other.release == it.release && other.revision > it.revision);
    let mut found = Vec::new();
    for it in releases.iter().filter(is_newest) {
        for object in it.objects.iter().flatten().map(ObjectRef::of) {
            let is_same = |one: &&ObjectRef| {
                one.is_kind_of(&object)
                    && one.name == object.name
                    && (one.namespace == object.namespace || object.namespace.is_none())
            };
            if !brought.iter().any(|one| is_same(&one)) {
                found.push((it.release.clone(), placed(object)));
            }
        }
    }
    found
}

/// A manifest need not say its namespace. A kind without namespaces is read without.
fn placed(mut object: ObjectRef) -> ObjectRef {
    let known = crate::spec::known_kind(&object.group, &object.kind);
    if known.is_none_or(|it| it.namespaced) {
        object.namespace.get_or_insert_with(|| argo::NAMESPACE.to_owned());
    }
    object
}
