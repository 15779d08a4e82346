//! What must be there before what. Pure.

use serde_json::Value;

use crate::object::ObjectRef;
use crate::words::argo;

/// The stages of a set, first to last. Objects of one stage do not need each other.
///
/// Namespaces and CRDs come first. Roles come before their bindings, because the API server compares the binder's
/// rights with the role's. Workloads come after the accounts, settings and Secrets that their pods name: a missing account has
/// their controller try again less and less often. Projects come before the Applications in them, webhook configurations and
/// aggregated APIs after what serves them: a webhook that nobody answers for may refuse all that it is asked about, and an API
/// that nobody answers for keeps every namespace from going.
#[must_use]
pub fn stages<'o>(objects: &[&'o Value]) -> Vec<Vec<&'o Value>> {
    let mut stages: Vec<Vec<&Value>> = Vec::new();
    for object in objects {
        let stage = stage_of(&ObjectRef::of(object));
        if stages.len() <= stage {
            stages.resize_with(stage + 1, Vec::new);
        }
        stages[stage].push(object);
    }
    for stage in &mut stages {
        // The largest first, so that a CRD of 350 kB travels while the small ones do.
        stage.sort_by_cached_key(|object| (std::cmp::Reverse(object.to_string().len()), ObjectRef::of(object)));
    }
    stages.retain(|stage| !stage.is_empty());
    stages
}

fn stage_of(object: &ObjectRef) -> usize {
    match (object.group.as_str(), object.kind.as_str()) {
        ("", "Namespace") => 0,
        ("apiextensions.k8s.io", _) => 1,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => 3,
        ("apps" | "batch", _) => 4,
        (argo::GROUP, argo::PROJECT) => 5,
        ("admissionregistration.k8s.io" | "apiregistration.k8s.io", _) => 7,
        ("" | "rbac.authorization.k8s.io" | "networking.k8s.io", _) => 2,
        _ => 6, // Applications, and objects of kinds that only the CRDs of the set define
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(api_version: &str, kind: &str) -> Value {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": kind.to_lowercase()}})
    }

    #[test]
    fn any_input_order_gives_the_same_safe_order() {
        let mut set = vec![
            object("argoproj.io/v1alpha1", "Application"),
            object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
            object("apps/v1", "Deployment"),
            object("rbac.authorization.k8s.io/v1", "RoleBinding"),
            object("argoproj.io/v1alpha1", "AppProject"),
            object("rbac.authorization.k8s.io/v1", "Role"),
            object("v1", "ConfigMap"),
            object("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            object("v1", "Namespace"),
        ];
        let kinds = |set: &[Value]| -> Vec<Vec<String>> {
            let kind = |object: &Value| ObjectRef::of(object).kind;
            let set: Vec<&Value> = set.iter().collect();
            stages(&set).into_iter().map(|stage| stage.into_iter().map(kind).collect()).collect()
        };
        let expected: Vec<Vec<&str>> = vec![
            vec!["Namespace"],
            vec!["CustomResourceDefinition"],
            vec!["Role", "ConfigMap"],
            vec!["RoleBinding"],
            vec!["Deployment"],
            vec!["AppProject"],
            vec!["Application"],
            vec!["ValidatingWebhookConfiguration"],
        ];
        assert_eq!(kinds(&set), expected);
        set.reverse();
        assert_eq!(kinds(&set), expected);
    }
}
