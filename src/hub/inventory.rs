//! What on the cluster belongs to this hub, read off the objects themselves.

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};

use super::rendered_objects::RenderedObjects;
use crate::argocd::{Application, proven, stays_when_deleted, tracked_by};
use crate::engine::{CREDENTIALS_MANAGER, Cluster, Fault, MANAGER, RECORD_MANAGER, absent, apply_to_stay, ownership};
use crate::guard::{inhabitants, is_by_kubernetes};
use crate::object::{Identity, ObjectRef, annotation, str_at};
use crate::words::{argo, bead};

/// Requests under way at once, well below the some 49 that an ordinary user is served (`engine/walk.rs`).
const AT_ONCE: usize = 8;
/// Set on the namespace of Argo CD when an installation has made it, since its removal takes all in it along.
const MADE_FOR: &str = "backstack.dev/made-for-hub";
/// The definition of beads.
const BEADS: &str = "beads.backstack.dev";

/// The namespace of the hub's Argo CD.
pub fn namespace() -> ObjectRef {
    ObjectRef::new("v1", "Namespace", None, argo::NAMESPACE)
}

/// The kinds of Argo CD and of beads, each with the name of its definition.
pub fn definitions() -> [(ObjectRef, &'static str); 4] {
    let [application, set, project] = argo::DEFINITIONS;
    [
        (argo::every(argo::APPLICATION), application),
        (argo::every(argo::APPLICATION_SET), set),
        (argo::every(argo::PROJECT), project),
        (bead::every(), BEADS),
    ]
}

/// Makes the namespace, and with the same write remembers that it was made for this hub. One that is on its way out is waited for.
pub async fn make_namespace(cluster: &Cluster, hub: &str) -> Result<(), Fault> {
    let record = json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": argo::NAMESPACE, "annotations": {MADE_FOR: hub}}});
    apply_to_stay(cluster, &record, RECORD_MANAGER).await.map(drop)
}

/// Whether the namespace was made for a hub.
pub fn is_recorded(namespace: &Value) -> bool {
    made_for(namespace).is_some()
}

/// The hub that the namespace was made for.
pub fn made_for(namespace: &Value) -> Option<&str> {
    annotation(namespace, MADE_FOR)
}

/// What there is of the hub's Argo CD, and what it holds besides.
pub struct Inventory {
    /// What the hub has brought, of whatever kind.
    pub ours: Vec<Identity>,
    /// What its Applications track and it has not brought: people put it into git.
    pub strangers: Vec<Identity>,
    /// Those of them whose annotation keeps them.
    pub kept: Vec<Identity>,
}

impl Inventory {
    /// Looks at what can be of the hub: the namespace of Argo CD, what is in none, and what its Applications say they hold.
    pub async fn of(cluster: &Cluster, brought: &RenderedObjects) -> Result<Self, Fault> {
        let mut kinds = cluster.kinds(false).await?;
        kinds.extend(in_namespace(cluster).await?);
        let marked = |live: &Value| is_ours(live, brought) || is_strange(live, brought);
        let (ours, mut strange): (Vec<Value>, Vec<Value>) =
            list(cluster, kinds, marked).await?.into_iter().partition(|live| is_ours(live, brought));
        strange.extend(elsewhere(cluster, brought).await?);
        let (kept, strangers): (Vec<Value>, Vec<Value>) = strange.into_iter().partition(stays_when_deleted);
        let identities = |all: &[Value]| all.iter().map(Identity::of).collect();
        Ok(Self { ours: identities(&ours), strangers: identities(&strangers), kept: identities(&kept) })
    }
}

/// What is in the namespaces of others. Argo CD's own Applications say it, so no namespace need be searched.
async fn elsewhere(cluster: &Cluster, brought: &RenderedObjects) -> Result<Vec<Value>, Fault> {
    let mut found = Vec::new();
    for name in [argo::ROOT, argo::ARGOCD] {
        let Some(application) = cluster.get(&argo::application(name)).await?.map(Application) else { continue };
        let is_out = |it: &ObjectRef| it.namespace.as_deref().is_some_and(|it| it != argo::NAMESPACE);
        for object in application.resources().filter(is_out) {
            let live = absent(cluster.metadata(&object).await)?.flatten();
            found.extend(live.filter(|live| is_strange(live, brought)));
        }
    }
    Ok(found)
}

/// What these Applications deployed and leave when they go, since its annotation says so.
pub async fn kept_of(cluster: &Cluster, applications: &[Identity]) -> Result<Vec<Identity>, Fault> {
    let mut kept = Vec::new();
    for application in applications {
        let live = cluster.get(&application.object).await?.filter(|live| application.is(live));
        if let Some(live) = live {
            kept.extend(kept_of_one(cluster, &Application(live)).await?);
        }
    }
    Ok(kept)
}

async fn kept_of_one(cluster: &Cluster, application: &Application) -> Result<Vec<Identity>, Fault> {
    let instance = application.instance();
    let kinds = cluster.every_kind().await?;
    let is_seen = |it: &ObjectRef| kinds.iter().any(|kind| kind.is_kind_of(it));
    let deployed = application.resources().filter(|it| !it.is_crd() && is_seen(it));
    let looked = deployed.map(|object| async {
        let object = object;
        let live = absent(cluster.metadata(&object).await)?.flatten();
        let is_kept = |live: &Value| stays_when_deleted(live) && tracked_by(live) == Some(&instance);
        Ok::<_, Fault>(live.filter(is_kept).map(|it| Identity::of(&it)))
    });
    let kept: Vec<Option<Identity>> = futures::stream::iter(looked).buffered(AT_ONCE).try_collect().await?;
    Ok(kept.into_iter().flatten().collect())
}

/// Every object that an Application tracks which is one of those that are wanted.
pub async fn tracked(cluster: &Cluster, is_wanted: impl Fn(&str) -> bool + Copy) -> Result<Vec<Value>, Fault> {
    let kinds = cluster.every_kind().await?;
    list(cluster, kinds, |live| tracked_by(live).is_some_and(is_wanted)).await
}

/// The objects in Argo CD's namespace that are not of the hub, and that nobody would bring back.
pub async fn foreign(cluster: &Cluster, brought: &RenderedObjects) -> Result<Vec<ObjectRef>, Fault> {
    let all = inhabitants(cluster, argo::NAMESPACE).await?;
    let foreign = all.iter().filter(|live| !is_ours(live, brought) && !made_at_run_time(live));
    Ok(foreign.map(ObjectRef::of).collect())
}

async fn in_namespace(cluster: &Cluster) -> Result<Vec<ObjectRef>, Fault> {
    let kinds = cluster.kinds(true).await?.into_iter();
    Ok(kinds.map(|kind| ObjectRef { namespace: Some(argo::NAMESPACE.to_owned()), ..kind }).collect())
}

async fn list(cluster: &Cluster, kinds: Vec<ObjectRef>, wanted: impl Fn(&Value) -> bool) -> Result<Vec<Value>, Fault> {
    let kinds = kinds.into_iter().filter(|kind| !is_by_kubernetes(kind));
    cluster.list_metadata_of(kinds, |live| wanted(&live).then_some(live)).await
}

/// Brought by the hub, and tracked by the Application `argocd` or still owned by an installation. A CRD gets no tracking
/// annotation, so it is known by its name. What holds data is never ours, whoever applied it, but for the hub's namespace.
fn is_ours(live: &Value, brought: &RenderedObjects) -> bool {
    let managed_by =
        |wanted: &[&str]| ownership::entries(live).iter().any(|entry| wanted.contains(&str_at(entry, "/manager")));
    let name = ObjectRef::of(live);
    if name.is_crd() {
        // Other projects have CRDs in the same groups, which are not ours to delete.
        let is_known = argo::DEFINITIONS.contains(&name.name.as_str()) || name.name == BEADS;
        return is_known && managed_by(&[argo::MANAGER, MANAGER]);
    }
    if holds_data(&name) && name != namespace() {
        return false;
    }
    if proven::is_record(live) {
        return true;
    }
    let synced = tracked_by(live) == Some(argo::ARGOCD) && brought.holds(&name);
    synced || (managed_by(&[MANAGER, CREDENTIALS_MANAGER]) && brought.has_kind_of(&name))
}

/// Held by an Application of the hub itself, and not brought by the hub. Of Argo CD's own kinds and of beads the guard knows
/// more than who holds them.
fn is_strange(live: &Value, brought: &RenderedObjects) -> bool {
    let name = ObjectRef::of(live);
    let held = tracked_by(live).is_some_and(argo::holds_itself);
    let is_of_the_guard = definitions().iter().any(|(kind, _)| kind.is_kind_of(&name));
    held && !is_of_the_guard && !is_ours(live, brought) && !brought.holds(&name)
}

fn holds_data(name: &ObjectRef) -> bool {
    let kinds = ["Namespace", "PersistentVolumeClaim", "PersistentVolume"];
    name.group.is_empty() && kinds.contains(&name.kind.as_str())
}

/// What Argo CD writes for itself (argo-cd `util/settings`, `cmd/argocd/commands/admin/redis_initial_password.go`).
fn made_at_run_time(live: &Value) -> bool {
    let name = str_at(live, "/metadata/name");
    match str_at(live, "/kind") {
        "Secret" => matches!(name, "argocd-initial-admin-secret" | "argocd-redis"),
        argo::PROJECT => name == "default",
        _ => false,
    }
}
