//! The service account on a spoke by which Argo CD comes there, and what it may do.

use serde_json::{Value, json};

use crate::document::Right;
use crate::engine::{Cluster, SPOKE_MANAGER, apply_to_stay, permissions};
use crate::object::{ObjectRef, str_at};
use crate::report::{Failure, Outcome};
use crate::words::spoke;

/// The kinds that workloads usually consist of, by their groups. What is beyond, a step lists under `rights`.
const WRITTEN: [(&str, &[&str]); 7] = [
    (
        "",
        &[
            "configmaps",
            "limitranges",
            "namespaces",
            "persistentvolumeclaims",
            "pods",
            "resourcequotas",
            "secrets",
            "serviceaccounts",
            "services",
        ],
    ),
    ("apps", &["*"]),
    ("autoscaling", &["*"]),
    ("batch", &["*"]),
    ("networking.k8s.io", &["*"]),
    ("policy", &["*"]),
    ("rbac.authorization.k8s.io", &["rolebindings", "roles"]),
];

/// The objects of the account, in the order in which they are made. None of them is a token.
pub fn objects(hub: &str, rights: &[Right]) -> Vec<Value> {
    let labels = json!({spoke::HUB: hub});
    let namespace = spoke::ACCOUNT_NAMESPACE;
    let role = "rbac.authorization.k8s.io/v1";
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
        json!({"apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": spoke::ACCOUNT, "namespace": namespace, "labels": labels}}),
        json!({"apiVersion": role, "kind": "ClusterRole", "metadata": {"name": spoke::ROLE, "labels": labels},
            "rules": rules(rights)}),
        json!({"apiVersion": role, "kind": "ClusterRoleBinding", "metadata": {"name": spoke::ROLE, "labels": labels},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": spoke::ROLE},
            "subjects": [{"kind": "ServiceAccount", "name": spoke::ACCOUNT, "namespace": namespace}]}),
    ]
}

/// What the account may do: Argo CD has to see everything that it compares, and writes what beads bring.
pub fn rules(rights: &[Right]) -> Value {
    let mut rules = vec![
        json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}),
        json!({"nonResourceURLs": ["*"], "verbs": ["get"]}),
    ];
    rules.extend(WRITTEN.iter().map(|(group, resources)| {
        json!({"apiGroups": [group], "resources": resources,
            "verbs": ["create", "delete", "deletecollection", "patch", "update"]})
    }));
    rules.extend(
        rights.iter().map(|it| json!({"apiGroups": it.api_groups, "resources": it.resources, "verbs": it.verbs})),
    );
    rules.into()
}

/// Makes the account, or brings it to what the step says. Refuses what is another hub's, or nobody's. Answers how many objects
/// that has changed.
pub async fn ensure(spoke: &Cluster, hub: &str, rights: &[Right]) -> Outcome<usize> {
    let objects = objects(hub, rights);
    let mut before = Vec::new();
    for object in &objects {
        let name = ObjectRef::of(object);
        let live = spoke.metadata(&name).await?;
        if let Some(live) = &live {
            demand_own(&name, live, hub)?;
        }
        before.push(live.map(|it| version(&it)));
    }
    permissions::check_apply(spoke, &objects).await?;
    let mut changed = 0;
    for (object, before) in objects.iter().zip(before) {
        let after = apply_to_stay(spoke, object, SPOKE_MANAGER).await?;
        changed += usize::from(before != Some(version(&after)));
    }
    Ok(changed)
}

/// What is to be said where Argo CD logs in otherwise: the account that an earlier run has made is good for whoever has its
/// token, or nobody may look whether there is one. It is not taken away: what logs in now may be of that account, too.
pub async fn left(spoke: &Cluster, hub: &str) -> Option<String> {
    let name = ObjectRef::new("v1", "ServiceAccount", Some(spoke::ACCOUNT_NAMESPACE), spoke::ACCOUNT);
    match spoke.metadata(&name).await {
        Ok(live) => live.filter(|live| is_own(live, hub)).map(|_| {
            format!(
                "{name} of before is still on the spoke, with its tokens and the ClusterRoleBinding {}: delete them, \
                 unless something logs in with them",
                spoke::ROLE
            )
        }),
        Err(fault) => Some(format!("whether {name} of before is on the spoke was not looked at: {fault}")),
    }
}

fn version(metadata: &Value) -> String {
    str_at(metadata, "/metadata/resourceVersion").to_owned()
}

fn label(live: &Value) -> Option<&str> {
    live.pointer("/metadata/labels").and_then(|it| it.get(spoke::HUB)).and_then(Value::as_str)
}

fn is_own(live: &Value, hub: &str) -> bool {
    label(live) == Some(hub)
}

fn demand_own(name: &ObjectRef, live: &Value, hub: &str) -> Outcome<()> {
    if is_own(live, hub) {
        return Ok(());
    }
    let whose = label(live).map_or_else(|| "of somebody else".to_owned(), |it| format!("of the hub with the UID {it}"));
    Err(Failure::refused(format!("{name} on the spoke is {whose}; nothing was changed")).hint(format!(
        "take the spoke out of the other hub first; where that hub is gone, or was made anew, take away what it has left there: {}; \
         or register the spoke with an account of your own, by `login: kubeconfig`",
        spoke::clearing_by_hand()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rights_are_listed_and_those_of_the_step_come_last() {
        let right = Right {
            api_groups: vec!["example.org".to_owned()],
            resources: vec!["things".to_owned()],
            verbs: vec!["create".to_owned()],
        };
        let rules = rules(&[right]);
        let rules = rules.as_array().expect("a list");
        assert_eq!(rules[0], json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}));
        let last = json!({"apiGroups": ["example.org"], "resources": ["things"], "verbs": ["create"]});
        assert_eq!(rules.last(), Some(&last));
        let is_all = |rule: &&Value| rule["verbs"] == json!(["*"]);
        assert_eq!(rules.iter().filter(is_all).count(), 0, "no rule permits everything");
    }

    #[test]
    fn the_page_lists_what_may_be_written() {
        let page = include_str!("../../docs/spokes.md");
        let rows = page.lines().skip_while(|it| *it != "| API group | may be written |").skip(2);
        let rows: Vec<&str> = rows.take_while(|it| it.starts_with('|')).collect();
        let row = |(group, resources): &(&str, &[&str])| {
            let group = if group.is_empty() { "core" } else { group };
            format!("| {group} | {} |", if *resources == ["*"] { "all".to_owned() } else { resources.join(", ") })
        };
        assert_eq!(rows, WRITTEN.iter().map(row).collect::<Vec<_>>());
    }

    #[test]
    fn what_another_hub_has_made_is_left_alone() {
        let name = ObjectRef::new("v1", "Namespace", None, "backstack-spoke");
        let labelled = |hub: &str| json!({"metadata": {"labels": {spoke::HUB: hub}}});
        assert!(demand_own(&name, &labelled("a"), "a").is_ok());
        for (live, words) in [(labelled("b"), "the hub with the UID b"), (json!({"metadata": {}}), "of somebody else")]
        {
            let failure = demand_own(&name, &live, "a").expect_err("refused").render();
            assert!(failure.contains(words) && failure.contains("hint:"), "{failure}");
            assert!(failure.contains("kubectl delete clusterrolebinding/backstack-spoke-argocd"), "{failure}");
        }
    }
}
