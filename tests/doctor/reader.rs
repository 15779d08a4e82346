//! Somebody who may list, and nothing else.

use serde_json::json;
use tempfile::NamedTempFile;

use crate::support::shared_api::SharedApi;
use crate::support::{text, with_token};

/// The role that docs/doctor.md names, by another name.
pub fn role(name: &str) -> String {
    let page = text("docs/doctor.md");
    let role = page.split("```yaml\n").nth(1).and_then(|it| it.split("```").next()).expect("the role of a reader");
    role.replace("backstack-doctor", name)
}

/// A kubeconfig of an account to which this cluster role is bound, outside of the namespace that is looked at. The role is made by
/// whoever asks.
pub fn bound(api: &SharedApi, role: &str) -> NamedTempFile {
    let namespace = "default";
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": role},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": role, "namespace": namespace}]});
    let account =
        json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": role, "namespace": namespace}});
    api.apply(&json!({"apiVersion": "v1", "kind": "List", "items": [account, binding]}).to_string());
    let token = api.kubectl(&["create", "token", role, "-n", namespace]);
    with_token(api.kubeconfig(), &token)
}
