//! How Argo CD marks what belongs to an Application. Pure.

use serde_json::Value;

use crate::object::{ObjectRef, annotation, str_at};
use crate::words::argo;

/// How Argo CD marks an object of an Application: `<app>:<group>/<Kind>:<namespace>/<name>`, where a cluster-scoped
/// object has the destination namespace of its Application (argo-cd `util/argo/resource_tracking.go`).
#[must_use]
pub fn tracking_id(application: &str, object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or(argo::NAMESPACE);
    format!("{application}:{}/{}:{namespace}/{}", object.group, object.kind, object.name)
}

/// The `installationID` in the settings of Argo CD, which it writes on all that it applies (`SetAppInstance` there); `None` of any
/// other object.
#[must_use]
pub fn installation(object: &Value) -> Option<&str> {
    let is_settings = ObjectRef::of(object) == argo::settings();
    Some(str_at(object, "/data/installationID")).filter(|id| is_settings && !id.is_empty())
}

/// The Application that an object says it belongs to. A copy of an object carries the mark of the other one.
#[must_use]
pub fn tracker(object: &Value) -> Option<&str> {
    annotation(object, argo::TRACKING_ID)?.split_once(':').map(|(application, _)| application)
}

/// The Application that deployed exactly this object.
#[must_use]
pub fn tracked_by(object: &Value) -> Option<&str> {
    let mut id = annotation(object, argo::TRACKING_ID)?.splitn(3, ':');
    let (application, kind, name) = (id.next()?, id.next()?, id.next()?);
    let is = ObjectRef::of(object);
    let (namespace, name) = name.split_once('/')?;
    let is_in = is.namespace.as_ref().is_none_or(|it| it == namespace);
    (is_in && is.name == name && format!("{}/{}", is.group, is.kind) == kind).then_some(application)
}

/// Whether an object asks to stay when git no longer holds it.
#[must_use]
pub fn stays_when_pruned(live: &Value) -> bool {
    has_option(live, "Prune=false")
}

/// Whether an object asks not to be deleted with its Application.
#[must_use]
pub fn stays_when_deleted(live: &Value) -> bool {
    has_option(live, "Delete=false")
        || annotation(live, "helm.sh/resource-policy").is_some_and(|policy| policy.trim() == "keep")
}

fn has_option(live: &Value, wanted: &str) -> bool {
    annotation(live, argo::SYNC_OPTIONS).is_some_and(|all| all.split(',').any(|option| option.trim() == wanted))
}

/// The Application that brings an object of the hub itself to the cluster: Argo CD's own are in `argocd/`, Applications
/// and projects in `root/`.
#[must_use]
pub fn application_of(object: &ObjectRef) -> &'static str {
    if object.group == argo::GROUP { argo::ROOT } else { argo::ARGOCD }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tracking_ids_are_those_of_argo_cd() {
        let secret = ObjectRef::new("v1", "Secret", Some("argocd"), "argocd-secret");
        assert_eq!(tracking_id("argocd", &secret), "argocd:/Secret:argocd/argocd-secret");
        let role = ObjectRef::new("rbac.authorization.k8s.io/v1", "ClusterRole", None, "r");
        assert_eq!(tracking_id("argocd", &role), "argocd:rbac.authorization.k8s.io/ClusterRole:argocd/r");
        let project = argo::project(argo::HUB);
        assert_eq!(tracking_id("root", &project), "root:argoproj.io/AppProject:argocd/hub");
    }

    #[test]
    fn a_copy_of_an_object_is_tracked_by_nobody() {
        let role = |name: &str| {
            let id = "a:rbac.authorization.k8s.io/ClusterRole:anywhere/system:reader";
            json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": name, "annotations": {argo::TRACKING_ID: id}}})
        };
        assert_eq!(tracked_by(&role("system:reader")), Some("a"));
        assert_eq!(tracked_by(&role("copy")), None);
        let secret = |namespace: &str| {
            json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": namespace,
                "annotations": {argo::TRACKING_ID: "a:/Secret:b/s"}}})
        };
        assert_eq!(tracked_by(&secret("b")), Some("a"));
        assert_eq!(tracked_by(&secret("c")), None);
    }

    #[test]
    fn an_object_may_ask_to_be_kept() {
        let with = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}});
        assert!(stays_when_deleted(&with("helm.sh/resource-policy", "keep")));
        assert!(stays_when_deleted(&with(argo::SYNC_OPTIONS, "Prune=false, Delete=false")));
        assert!(!stays_when_deleted(&with(argo::SYNC_OPTIONS, "Prune=false,Delete=confirm")));
        assert!(!stays_when_deleted(&json!({"metadata": {}})));
    }

    #[test]
    fn the_installation_is_read_from_the_settings_alone() {
        let map = |name: &str, data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "argocd"}, "data": data});
        assert_eq!(installation(&map("argocd-cm", json!({"installationID": "east"}))), Some("east"));
        assert_eq!(installation(&map("argocd-cm", json!({"installationID": ""}))), None);
        assert_eq!(installation(&map("argocd-cm", json!({}))), None);
        assert_eq!(installation(&map("other", json!({"installationID": "east"}))), None);
    }
}
