//! What a commit would make Argo CD delete, as far as it is live.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::adopt::is_highly_available;
use super::hanging::Hanging;
use super::volumes::volumes_that_go;
use crate::argocd::{Application, stays_when_pruned, tracked_by, tracker};
use crate::engine::Cluster;
use crate::object::{ObjectRef, name, str_at, uid};
use crate::report::Outcome;
use crate::words::{argo, spoke};

/// Something live that would go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// The object.
    pub object: ObjectRef,
    /// What becomes of it, and of what hangs on it.
    pub why: String,
    /// Whether somebody has to name it first; the rest is told.
    pub is_grave: bool,
}

impl Loss {
    /// The same as something that hangs on what goes.
    #[must_use]
    pub fn hanging(&self) -> Hanging {
        Hanging { object: self.object.clone(), why: self.why.clone() }
    }
}

/// An object that an Application is not to bring any more.
#[derive(Debug, Clone)]
pub struct Dropped {
    /// The Application.
    pub holder: String,
    /// The object, in the namespace that the Application gives to those that have one.
    pub object: ObjectRef,
    /// Whether the Application brings one of this kind and name in another namespace.
    pub is_elsewhere: bool,
}

/// What goes with these Applications. Of each it may be remarked what people could take it for.
pub async fn losses_with(cluster: &Cluster, going: &[(String, Option<String>)]) -> Outcome<Vec<Loss>> {
    let mut losses = Vec::new();
    let mut live = Vec::new();
    for (name, remark) in going {
        let name = argo::application(name);
        let Some(application) = cluster.get(&name).await?.map(Application) else { continue };
        losses.push(Loss { object: name, why: taken_along(&application, remark.as_deref()), is_grave: true });
        live.push(application);
    }
    if !live.is_empty() {
        let hanging = super::hanging_on(cluster, &live).await?;
        losses.extend(hanging.into_iter().map(|it| Loss { object: it.object, why: it.why, is_grave: true }));
    }
    Ok(losses)
}

/// What goes of these objects: what is there and bears the mark of its Application; and the volumes that they own.
pub async fn losses_of(cluster: &Cluster, objects: &[Dropped]) -> Outcome<Vec<Loss>> {
    let mut losses = Vec::new();
    let mut going = BTreeSet::new();
    let mut tracked: BTreeMap<&str, Option<Vec<ObjectRef>>> = BTreeMap::new();
    for Dropped { holder, object, is_elsewhere } in objects {
        if !tracked.contains_key(holder.as_str()) {
            let live = cluster.get(&argo::application(holder)).await?.map(Application);
            tracked.insert(holder, live.map(|it| it.resources().collect()));
        }
        // An Application that is not there is made anew by the root, and finds what bears its mark.
        let object = match tracked.get(holder.as_str()).and_then(Option::as_ref) {
            Some(tracked) => tracked.iter().find(|it| is_same(it, object)),
            None => Some(object),
        };
        let Some(object) = object else { continue };
        if object.namespace.is_none() && *is_elsewhere {
            continue; // it has no namespace to move to
        }
        let Some(live) = cluster.metadata(object).await?.filter(|live| !stays_when_pruned(live)) else { continue };
        // Argo CD prunes what bears its mark: of a definition, which gets none, it lets go.
        if tracked_by(&live) == Some(holder) {
            losses.push(loss_of(cluster, object, holder).await?);
            going.insert(uid(&live).to_owned());
        }
    }
    if !going.is_empty() {
        let owned = volumes_that_go(cluster, |it| going.contains(uid(it))).await?;
        let why = "it would be deleted with its owner, with the data on it";
        let is_new = |it: &ObjectRef| !losses.iter().any(|loss| loss.object == *it);
        let owned: Vec<ObjectRef> = owned.into_iter().filter(is_new).collect();
        losses.extend(owned.into_iter().map(|object| Loss { object, why: why.to_owned(), is_grave: true }));
    }
    Ok(losses)
}

/// What an Application has on the cluster: what it leaves with a namespace, and what more than itself would be lost with.
pub async fn standing(
    cluster: &Cluster,
    application: &str,
    leaves: Option<&str>,
) -> Outcome<(Vec<Dropped>, Vec<ObjectRef>)> {
    let Some(live) = cluster.get(&argo::application(application)).await?.map(Application) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let is_left = |it: &ObjectRef| leaves.is_some() && it.namespace.as_deref() == leaves;
    let (left, rest): (Vec<ObjectRef>, Vec<ObjectRef>) = live.resources().partition(is_left);
    let dropped = |object| Dropped { holder: application.to_owned(), object, is_elsewhere: false };
    let grave = rest.into_iter().filter(|it| gravity_of(it).is_some());
    Ok((left.into_iter().map(dropped).collect(), grave.collect()))
}

/// The live Applications that a root would prune: it has brought them, and these are all that it will bring.
pub async fn orphaned_of_root(cluster: &Cluster, staying: impl Fn(&str) -> bool) -> Outcome<Vec<String>> {
    let leaving = |it: Value| (tracker(&it) == Some(argo::ROOT) && !staying(name(&it))).then(|| name(&it).to_owned());
    Ok(cluster.list_metadata_with(&argo::every(argo::APPLICATION), leaving).await?)
}

/// The Applications of others that have these names: the commit would make each another one, and Argo CD would delete what it
/// has brought so far. One that the root has brought, or an Application that `holds` with it, is the hub's already.
pub async fn taken_over(
    cluster: &Cluster,
    names: impl Iterator<Item = &str>,
    holds: impl Fn(&str) -> bool,
) -> Outcome<Vec<Loss>> {
    let mut losses = Vec::new();
    for name in names.map(argo::application) {
        let Some(live) = cluster.get(&name).await?.map(Application) else { continue };
        if tracker(&live.0).is_some_and(|holder| holder == argo::ROOT || holds(holder)) {
            continue;
        }
        let count = live.resources().count();
        let why = format!(
            "it is of somebody else: the one of this commit would take its place, and of the {count} objects that it manages \
             would go what that one does not bring"
        );
        losses.push(Loss { object: name, why, is_grave: count > 0 });
    }
    Ok(losses)
}

fn taken_along(application: &Application, remark: Option<&str>) -> String {
    let managed: Vec<String> = application.resources().map(|it| it.to_string()).collect();
    let remark = remark.map(|remark| format!("; {remark}")).unwrap_or_default();
    if !application.cascades() {
        return format!("nobody would manage its {} objects any more{remark}", managed.len());
    }
    let shown = managed.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    match managed.len() {
        0 => format!("it would go{remark}"),
        count if count > 3 => format!("it would go with the {count} objects that it manages, such as {shown}{remark}"),
        _ => format!("it would go with {shown}{remark}"),
    }
}

/// Of one kind and name, and in one namespace if it has one.
fn is_same(live: &ObjectRef, dropped: &ObjectRef) -> bool {
    let is_there = live.namespace.is_none() || live.namespace == dropped.namespace;
    live.is_kind_of(dropped) && live.name == dropped.name && is_there
}

async fn loss_of(cluster: &Cluster, object: &ObjectRef, holder: &str) -> Outcome<Loss> {
    let of_spokes = in_project_of_spokes(cluster, object).await?;
    let gravity = match gravity_of(object) {
        Some(_) if is_cache(object, holder) => None,
        None if object.kind == "Secret" && holds_values(cluster.get(object).await?.as_ref()) => Some("with its values"),
        None => of_spokes.as_deref(),
        gravity => gravity,
    };
    let with = gravity.map(|it| format!(", {it}")).unwrap_or_default();
    let why = format!("Application {holder} would delete it{with}");
    Ok(Loss { object: object.clone(), why, is_grave: gravity.is_some() })
}

/// The redis of the highly available Argo CD: a cache on no volume, which Argo CD fills anew wherever its next one is.
fn is_cache(object: &ObjectRef, holder: &str) -> bool {
    holder == argo::ARGOCD && is_highly_available(object)
}

/// What stands in a project of spokes. Those of the hub go with their project; these do not, and Argo CD could neither sync them
/// nor delete what they have brought without it.
async fn in_project_of_spokes(cluster: &Cluster, project: &ObjectRef) -> Outcome<Option<String>> {
    let is_one = project.is_kind_of(&argo::project("")) && spoke::is_project(&project.name);
    if !is_one {
        return Ok(None);
    }
    let in_it = |live: Value| (str_at(&live, "/spec/project") == project.name).then(|| name(&live).to_owned());
    let its = cluster.list_with(&argo::every(argo::APPLICATION), in_it).await?;
    Ok(its.first().map(|first| {
        let count = its.len();
        format!("and Argo CD could neither sync nor drain the {count} Applications in it any more, such as {first}")
    }))
}

/// Why the deletion of an object loses more than the object; nothing where another commit brings all of it back.
pub(super) fn gravity_of(object: &ObjectRef) -> Option<&'static str> {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Namespace") => Some("with everything in it"),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => Some("with the data on it"),
        ("apps", "StatefulSet") => Some("and the state of its pods is nobody's"),
        (argo::GROUP, argo::PROJECT) => None,
        (group, _) if !OF_KUBERNETES.contains(&group) => Some("and with it whatever its controller made of it"),
        _ => None,
    }
}

/// The groups that Kubernetes itself serves; what others call `.k8s.io`, such as snapshots of volumes, is not among them.
const OF_KUBERNETES: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

fn holds_values(secret: Option<&Value>) -> bool {
    secret.and_then(|it| it.pointer("/data")).and_then(Value::as_object).is_some_and(|data| !data.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_redis_of_argo_cd_itself_is_a_cache() {
        let of = |kind: &str, name: &str| ObjectRef::new("apps/v1", kind, Some(argo::NAMESPACE), name);
        assert!(is_cache(&of("StatefulSet", "argocd-redis-ha-server"), argo::ARGOCD));
        assert!(!is_cache(&of("StatefulSet", "argocd-application-controller"), argo::ARGOCD));
        assert!(!is_cache(&of("StatefulSet", "shop-redis-ha-server"), "shop"), "nobody knows what it holds");
    }

    #[test]
    fn what_a_commit_brings_back_is_told_and_the_rest_is_grave() {
        for (api_version, kind, grave) in [
            ("v1", "ConfigMap", false),
            ("v1", "Namespace", true),
            ("v1", "PersistentVolumeClaim", true),
            ("apps/v1", "Deployment", false),
            ("apps/v1", "StatefulSet", true),
            ("rbac.authorization.k8s.io/v1", "ClusterRole", false),
            (argo::API, argo::PROJECT, false),
            ("networking.k8s.io/v1", "Ingress", false),
            ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", true),
            ("kyverno.io/v1", "ClusterPolicy", true),
            (argo::API, argo::APPLICATION_SET, true),
            ("pkg.crossplane.io/v1", "Provider", true),
        ] {
            let object = ObjectRef::new(api_version, kind, None, "x");
            assert_eq!(gravity_of(&object).is_some(), grave, "{object}");
        }
    }

    #[test]
    fn an_object_without_a_namespace_is_found_whatever_its_application_gives() {
        let dropped = ObjectRef::new("v1", "ConfigMap", Some("team"), "a");
        assert!(is_same(&ObjectRef::new("v1", "ConfigMap", Some("team"), "a"), &dropped));
        assert!(is_same(&ObjectRef::new("v1", "ConfigMap", None, "a"), &dropped));
        assert!(!is_same(&ObjectRef::new("v1", "ConfigMap", Some("other"), "a"), &dropped));
        assert!(!is_same(&ObjectRef::new("v1", "Secret", Some("team"), "a"), &dropped));
    }
}
