//! What a commit would make Argo CD delete, as far as it is live.

use serde_json::Value;

use crate::argo;
use crate::argocd::{Application, tracker};
use crate::engine::Cluster;
use crate::object::{ObjectRef, annotation, name};
use crate::report::Outcome;
use crate::spec::known_kind;

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

/// An Application whose file goes, and what is to be said of it.
#[derive(Debug, Clone)]
pub struct Going {
    /// Its name.
    pub name: String,
    /// What people may take it for, and is not.
    pub remark: Option<String>,
}

/// What goes with these Applications.
pub async fn losses_with(cluster: &Cluster, going: &[Going]) -> Outcome<Vec<Loss>> {
    let mut losses = Vec::new();
    let mut live = Vec::new();
    for Going { name, remark } in going {
        let Some(application) = cluster.get(&argo::application(name)).await?.map(Application) else { continue };
        losses.push(Loss {
            object: argo::application(name),
            why: taken_along(&application, remark.as_deref()),
            is_grave: true,
        });
        live.push(application);
    }
    let hanging = super::hanging_on(cluster, &live).await?;
    losses.extend(hanging.into_iter().map(|it| Loss { object: it.object, why: it.why, is_grave: true }));
    Ok(losses)
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

/// What goes of these objects.
pub async fn losses_of(cluster: &Cluster, objects: &[Dropped]) -> Outcome<Vec<Loss>> {
    let mut losses = Vec::new();
    let mut holders: Vec<(String, Vec<ObjectRef>)> = Vec::new();
    for Dropped { holder, object, is_elsewhere } in objects {
        if !holders.iter().any(|(name, _)| name == holder) {
            let live = cluster.get(&argo::application(holder)).await?.map(Application);
            let tracked = live.iter().flat_map(Application::resources).collect();
            holders.push((holder.clone(), tracked));
        }
        let tracked = holders.iter().find(|(name, _)| name == holder).map_or(&[][..], |(_, tracked)| tracked);
        let Some(object) = tracked.iter().find(|it| is_same(it, object)) else { continue };
        if object.namespace.is_none() && *is_elsewhere {
            continue; // it has no namespace to move to
        }
        let Some(live) = cluster.metadata(object).await?.filter(|live| !is_kept(live)) else { continue };
        // Argo CD prunes what bears its mark: of a definition, which gets none, it lets go.
        if tracker(&live) == Some(holder) {
            losses.push(loss_of(cluster, object, holder).await?);
        }
    }
    Ok(losses)
}

/// The live Applications that a root would prune: it has brought them, and these are all that it will bring.
pub async fn orphaned_of_root(cluster: &Cluster, staying: impl Fn(&str) -> bool) -> Outcome<Vec<String>> {
    let leaving = |it: Value| (tracker(&it) == Some(argo::ROOT) && !staying(name(&it))).then(|| name(&it).to_owned());
    Ok(cluster.list_metadata_with(&argo::every(argo::APPLICATION), leaving).await?)
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

/// Whether Argo CD leaves an object alone that git no longer holds.
fn is_kept(live: &Value) -> bool {
    annotation(live, argo::SYNC_OPTIONS)
        .is_some_and(|options| options.split(',').any(|option| option.trim() == "Prune=false"))
}

async fn loss_of(cluster: &Cluster, object: &ObjectRef, holder: &str) -> Outcome<Loss> {
    let gravity = match gravity_of(object) {
        None if object.kind == "Secret" && holds_values(cluster.get(object).await?.as_ref()) => Some("with its values"),
        gravity => gravity,
    };
    let with = gravity.map(|it| format!(", {it}")).unwrap_or_default();
    let why = format!("Application {holder} would delete it{with}");
    Ok(Loss { object: object.clone(), why, is_grave: gravity.is_some() })
}

/// Why the deletion of an object loses more than the object; nothing where another commit brings all of it back.
fn gravity_of(object: &ObjectRef) -> Option<&'static str> {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Namespace") => Some("with everything in it"),
        ("", "PersistentVolumeClaim" | "PersistentVolume") => Some("with the data on it"),
        ("apps", "StatefulSet") => Some("and the state of its pods is nobody's"),
        (argo::GROUP, argo::PROJECT) => None,
        (group, kind) if known_kind(group, kind).is_none() && !is_of_kubernetes(group) => {
            Some("and with it whatever its controller made of it")
        }
        _ => None,
    }
}

/// Whether a group is one of Kubernetes' own.
fn is_of_kubernetes(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

fn holds_values(secret: Option<&Value>) -> bool {
    secret.and_then(|it| it.pointer("/data")).and_then(Value::as_object).is_some_and(|data| !data.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("kyverno.io/v1", "ClusterPolicy", true),
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
