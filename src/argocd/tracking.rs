//! How Argo CD marks what belongs to an Application. Pure.

use serde_json::Value;

use crate::argo;
use crate::object::{ObjectRef, annotation};
use crate::spec::PART_NAMES;

/// How Argo CD marks an object of an Application: `<app>:<group>/<Kind>:<namespace>/<name>`, where a cluster-scoped
/// object has the destination namespace of its Application (argo-cd `util/argo/resource_tracking.go`).
#[must_use]
pub fn tracking_id(application: &str, object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or(argo::NAMESPACE);
    format!("{application}:{}/{}:{namespace}/{}", object.group, object.kind, object.name)
}

/// The Application that an object says it belongs to. A copy of an object carries the mark of the other one.
#[must_use]
pub fn tracker(object: &Value) -> Option<&str> {
    annotation(object, argo::TRACKING_ID)?.split_once(':').map(|(application, _)| application)
}

/// The Application that brings an object of the hub itself to the cluster: Argo CD's own are in `argocd/`, Applications
/// and projects in `root/`.
#[must_use]
pub fn application_of(object: &ObjectRef) -> &'static str {
    if object.group == argo::GROUP { argo::ROOT } else { argo::ARGOCD }
}

/// Whether this is the Application of a bead, whose name is given, or that of one of its parts.
#[must_use]
pub fn is_of_bead(application: &str, above: &str) -> bool {
    let rest = application.strip_prefix(above);
    rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix('-').is_some_and(|it| PART_NAMES.contains(&it)))
}

#[cfg(test)]
mod tests {
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
}
