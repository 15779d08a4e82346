//! Projects that bound nothing, and those that are not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::doctor::code::{PROJECT_ALLOWS_ALL, PROJECT_MISSING};
use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::holders;
use crate::object::{ObjectRef, items, name, str_at, strings};
use crate::schema::matches;
use crate::words::argo;

/// The project of an Application that names none.
const DEFAULT: &str = "default";

/// Projects in use whose Applications may do anything, or write where Argo CD itself is.
pub fn that_allow_all(facts: &Facts) -> Vec<Finding> {
    let used: BTreeSet<&str> = facts.applications.iter().flatten().map(project_of).collect();
    let own: BTreeSet<&str> = holders(facts).into_iter().map(project_of).collect();
    let projects = facts.projects.iter().flatten().filter(|it| used.contains(name(it)));
    projects
        .filter_map(|project| {
            let is_own = own.contains(name(project));
            let says = if allows_all(project) {
                "it allows every repository, every destination and every kind of the cluster"
            } else if !is_own && reaches_argocd(project, &facts.namespace) {
                "its Applications may write Applications, projects or settings into the namespace of Argo CD"
            } else {
                return None;
            };
            Some(Finding::new(PROJECT_ALLOWS_ALL, Harm::Trouble, &ObjectRef::of(project), says))
        })
        .collect()
}

/// Projects that Applications name, and which do not exist.
pub fn that_are_missing(facts: &Facts) -> Vec<Finding> {
    let Some(projects) = &facts.projects else { return Vec::new() };
    let there: BTreeSet<&str> = projects.iter().map(name).collect();
    let homeless = facts.applications.iter().flatten().filter(|it| !there.contains(project_of(it)));
    homeless
        .map(|it| {
            let says = format!("its project {} does not exist, so it is not compared or synced", project_of(it));
            Finding::new(PROJECT_MISSING, Harm::Trouble, &ObjectRef::of(it), says)
        })
        .collect()
}

fn project_of(application: &Value) -> &str {
    Some(str_at(application, "/spec/project")).filter(|it| !it.is_empty()).unwrap_or(DEFAULT)
}

fn allows_all(project: &Value) -> bool {
    let any = |it: &Value, field: &str| str_at(it, field) == "*";
    let kinds = |list: &str| items(project, list).any(|it| any(it, "/group") && any(it, "/kind"));
    strings(project, "/spec/sourceRepos").any(|it| it == "*")
        && items(project, "/spec/destinations")
            .any(|it| any(it, "/namespace") && (any(it, "/server") || any(it, "/name")))
        && kinds("/spec/clusterResourceWhitelist")
}

/// Whether Applications of the project may write into this namespace what Argo CD goes by.
fn reaches_argocd(project: &Value, namespace: &str) -> bool {
    let is_here = |it: &Value| {
        let (server, name) = (str_at(it, "/server"), str_at(it, "/name"));
        (!server.is_empty() && matches(server, argo::IN_CLUSTER)) || (!name.is_empty() && matches(name, "in-cluster"))
    };
    // `!` before a pattern denies.
    let denied = items(project, "/spec/destinations")
        .filter_map(|it| str_at(it, "/namespace").strip_prefix('!'))
        .any(|pattern| matches(pattern, namespace));
    let reaches =
        items(project, "/spec/destinations").any(|it| is_here(it) && matches(str_at(it, "/namespace"), namespace));
    let lists = |list: &str, group: &str, kind: &str| {
        items(project, list).any(|it| matches(str_at(it, "/group"), group) && matches(str_at(it, "/kind"), kind))
    };
    let may_write = |group: &str, kind: &str| {
        let is_bounded = project.pointer("/spec/namespaceResourceWhitelist").is_some_and(Value::is_array);
        (!is_bounded || lists("/spec/namespaceResourceWhitelist", group, kind))
            && !lists("/spec/namespaceResourceBlacklist", group, kind)
    };
    let powerful = [(argo::GROUP, argo::APPLICATION), (argo::GROUP, argo::PROJECT), ("", "ConfigMap"), ("", "Secret")];
    reaches && !denied && powerful.iter().any(|(group, kind)| may_write(group, kind))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(spec: &Value, used: &str) -> usize {
        let application = json!({"metadata": {"name": "a", "namespace": "argocd"}, "spec": {"project": used}});
        let project = json!({"kind": "AppProject", "metadata": {"name": "p", "namespace": "argocd"}, "spec": spec});
        let facts = Facts {
            namespace: "argocd".to_owned(),
            applications: Some(vec![application]),
            projects: Some(vec![project]),
            ..Facts::default()
        };
        that_allow_all(&facts).len()
    }

    #[test]
    fn a_project_is_told_when_it_is_used_and_allows_all_or_argo_cd_itself() {
        let everything = json!([{"group": "*", "kind": "*"}]);
        let all = json!({"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}],
            "clusterResourceWhitelist": everything});
        assert_eq!((found(&all, "p"), found(&all, "other")), (1, 0));
        let to = |namespace: &str| json!([{"server": argo::IN_CLUSTER, "namespace": namespace}]);
        for (spec, count) in [
            (json!({"destinations": to("argocd")}), 1),
            (json!({"destinations": to("team-*")}), 0),
            (json!({"destinations": to("*")}), 1),
            (json!({"destinations": [{"server": "*", "namespace": "*"}, {"server": "*", "namespace": "!argocd"}]}), 0),
            (json!({"destinations": to("*"), "namespaceResourceWhitelist": [{"group": "apps", "kind": "*"}]}), 0),
            (json!({"destinations": to("*"), "namespaceResourceBlacklist": everything}), 0),
            (json!({"destinations": [{"server": "https://spoke", "namespace": "argocd"}]}), 0),
        ] {
            assert_eq!(found(&spec, "p"), count, "{spec}");
        }
    }

    #[test]
    fn a_project_that_nobody_could_read_is_not_missing() {
        let application = json!({"metadata": {"name": "a"}, "spec": {"project": "gone"}});
        let mut facts = Facts { applications: Some(vec![application]), ..Facts::default() };
        assert_eq!(that_are_missing(&facts).len(), 0);
        facts.projects = Some(Vec::new());
        assert_eq!(that_are_missing(&facts).len(), 1);
    }
}
