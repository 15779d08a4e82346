//! What an Application brings, beyond the objects that carry its mark. Pure.

use crate::object::{ObjectRef, items, str_at};
use crate::words::argo;

use super::Application;

impl Application {
    /// The name by which it marks its objects (argo-cd `pkg/apis/application/v1alpha1/types.go`, `InstanceName`).
    #[must_use]
    pub fn instance(&self) -> String {
        match str_at(&self.0, "/metadata/namespace") {
            "" | argo::NAMESPACE => self.name().to_owned(),
            namespace => format!("{namespace}_{}", self.name()),
        }
    }

    /// The CRDs that it brings, which carry no mark: those of its last comparison, and those of its last sync, since a
    /// comparison that cannot read its sources names none.
    pub fn definitions(&self) -> impl Iterator<Item = String> {
        let lists = ["/status/resources", "/status/operationState/syncResult/resources"];
        let listed = lists.into_iter().flat_map(|list| items(&self.0, list));
        let reference = |it| {
            let api_version = format!("{}/{}", str_at(it, "/group"), str_at(it, "/version"));
            ObjectRef::new(&api_version, str_at(it, "/kind"), None, str_at(it, "/name"))
        };
        listed.map(reference).filter(ObjectRef::is_crd).map(|it| it.name)
    }

    /// What the charts that it deploys are called, by name or by folder.
    pub fn charts(&self) -> impl Iterator<Item = &str> {
        let one = self.0.pointer("/spec/source").into_iter();
        let names = one.chain(items(&self.0, "/spec/sources")).map(|source| {
            let (chart, path) = (str_at(source, "/chart"), str_at(source, "/path"));
            let place = if matches!(path, "" | ".") { str_at(source, "/repoURL") } else { path };
            if chart.is_empty() { place.trim_end_matches('/').rsplit('/').next().unwrap_or_default() } else { chart }
        });
        names.filter(|it| !it.is_empty())
    }

    /// The cluster that it deploys to, when that is another one.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&str> {
        let (server, name) = (str_at(&self.0, "/spec/destination/server"), str_at(&self.0, "/spec/destination/name"));
        let cluster = if server.is_empty() { name } else { server };
        (!matches!(cluster, "" | argo::IN_CLUSTER | "in-cluster")).then_some(cluster)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn definitions_are_those_of_the_last_comparison_and_of_the_last_sync() {
        let crd = |name: &str| json!({"group": "apiextensions.k8s.io", "version": "v1", "kind": "CustomResourceDefinition", "name": name});
        let application = Application(json!({"status": {
            "resources": [{"version": "v1", "kind": "Secret", "name": "s"}, crd("a.example.org")],
            "operationState": {"syncResult": {"resources": [crd("b.example.org")]}}}}));
        assert_eq!(application.definitions().collect::<Vec<_>>(), ["a.example.org", "b.example.org"]);
    }

    #[test]
    fn a_chart_is_called_by_its_name_or_by_where_it_is() {
        let of = |source: Value| {
            Application(json!({"spec": {"sources": [source, {"repoURL": "u/hub.git", "ref": "values"}]}}))
        };
        let first = |source: Value| of(source).charts().next().map(str::to_owned);
        assert_eq!(first(json!({"repoURL": "u", "chart": "kyverno"})).as_deref(), Some("kyverno"));
        assert_eq!(first(json!({"repoURL": "oci://r/charts/kyverno", "path": "."})).as_deref(), Some("kyverno"));
        assert_eq!(first(json!({"repoURL": "u/hub.git", "path": "components/x/kyverno"})).as_deref(), Some("kyverno"));
    }

    #[test]
    fn elsewhere_is_any_other_cluster() {
        let to = |destination: Value| {
            Application(json!({"spec": {"destination": destination}})).elsewhere().map(str::to_owned)
        };
        assert_eq!(to(json!({"server": argo::IN_CLUSTER})), None);
        assert_eq!(to(json!({"name": "in-cluster"})), None);
        assert_eq!(to(json!({"name": "spoke"})).as_deref(), Some("spoke"));
    }
}
