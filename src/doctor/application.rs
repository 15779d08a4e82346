//! Small readings of Applications.

use serde_json::Value;

use crate::object::{items, name, str_at, strings};
use crate::words::argo;

/// What marks the objects of an Application: its name, and its namespace before it where that is not Argo CD's
/// (argo-cd `util/argo/argo.go`, `InstanceName`).
#[must_use]
pub fn instance_name(application: &Value, of_argocd: &str) -> String {
    match str_at(application, "/metadata/namespace") {
        "" => name(application).to_owned(),
        namespace if namespace == of_argocd => name(application).to_owned(),
        namespace => format!("{namespace}_{}", name(application)),
    }
}

/// What an Application deploys, as it says: group, kind, namespace, name.
pub fn deploys(application: &Value) -> impl Iterator<Item = [&str; 4]> {
    items(application, "/status/resources")
        .map(|it| ["/group", "/kind", "/namespace", "/name"].map(|field| str_at(it, field)))
}

/// Whether it deploys to the cluster that Argo CD runs on.
#[must_use]
pub fn is_here(application: &Value) -> bool {
    match (str_at(application, "/spec/destination/server"), str_at(application, "/spec/destination/name")) {
        ("", name) => name.is_empty() || name == "in-cluster",
        (server, _) => server.trim_end_matches('/') == argo::IN_CLUSTER,
    }
}

/// Whether it is synced without being asked.
pub(super) fn is_automated(application: &Value) -> bool {
    let automated = application.pointer("/spec/syncPolicy/automated");
    automated.is_some_and(|it| it.is_object() && it.get("enabled").and_then(Value::as_bool) != Some(false))
}

/// Whether a sync option is set on it.
pub(super) fn has_option(application: &Value, option: &str) -> bool {
    strings(application, "/spec/syncPolicy/syncOptions").any(|it| it == option)
}

/// Whether its finalizers have Argo CD delete what it deploys.
pub(super) fn cascades(application: &Value) -> bool {
    strings(application, "/metadata/finalizers").any(|it| it.starts_with(argo::ANY_CASCADE))
}

/// What Argo CD reads as true (Go's `strconv.ParseBool`).
pub(super) fn is_true(text: &str) -> bool {
    matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_application_of_another_namespace_is_called_by_both() {
        let of = |namespace: &str| json!({"metadata": {"name": "a", "namespace": namespace}});
        assert_eq!(
            (instance_name(&of("argocd"), "argocd"), instance_name(&of("x"), "argocd")),
            ("a".into(), "x_a".into())
        );
    }

    #[test]
    fn the_cluster_of_argo_cd_has_several_names() {
        for (destination, here) in [
            (json!({"server": argo::IN_CLUSTER}), true),
            (json!({"name": "in-cluster"}), true),
            (json!({"server": "https://10.0.0.1"}), false),
            (json!({"name": "spoke"}), false),
        ] {
            assert_eq!(is_here(&json!({"spec": {"destination": destination}})), here, "{destination}");
        }
    }

    #[test]
    fn automated_may_be_switched_off() {
        for (policy, automated) in [
            (json!({}), false),
            (json!({"automated": {}}), true),
            (json!({"automated": null}), false),
            (json!({"automated": {"enabled": false}}), false),
            (json!({"automated": {"enabled": true}}), true),
        ] {
            assert_eq!(is_automated(&json!({"spec": {"syncPolicy": policy}})), automated, "{policy}");
        }
    }
}
