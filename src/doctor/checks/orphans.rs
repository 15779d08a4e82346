//! What is in the namespace of Argo CD and in nobody's git.

use super::shared::is_deployed;
use crate::doctor::code::ORPHANS;
use crate::doctor::facts::{Facts, Live};
use crate::doctor::finding::{Finding, Harm};
use crate::doctor::itself::itself;
use crate::words::argo;

/// What Argo CD makes for itself when it starts.
const OF_ARGO_CD: &[(&str, &str)] = &[
    ("Secret", "argocd-initial-admin-secret"),
    ("Secret", "argocd-redis"),
    ("Secret", "argocd-secret"),
    ("AppProject", "default"),
];

/// Objects beside Argo CD which no Application deploys; nothing where Argo CD itself comes from no Application either.
pub fn in_own_namespace(facts: &Facts) -> Vec<Finding> {
    if itself(facts).is_empty() {
        return Vec::new();
    }
    let says = "no Application tracks it, and nothing owns it: git would not bring it back";
    let orphans = facts.objects.iter().filter(|it| is_orphan(facts, it));
    orphans.map(|it| Finding::new(ORPHANS, Harm::Note, &it.object, says)).collect()
}

fn is_orphan(facts: &Facts, live: &Live) -> bool {
    let object = &live.object;
    // Applications are where git begins, and credentials are not for git.
    let begins = object.group == argo::GROUP && object.kind != argo::PROJECT;
    let is_of_argocd = OF_ARGO_CD.contains(&(object.kind.as_str(), object.name.as_str()));
    object.namespace.as_deref() == Some(facts.namespace.as_str())
        && !begins
        && !is_of_argocd
        && !live.is_made
        && live.tracker.is_none()
        && !is_credential(facts, live)
        && !is_deployed(facts, object)
}

fn is_credential(facts: &Facts, live: &Live) -> bool {
    let is_it = |it: &&crate::doctor::facts::SecretFacts| it.name == live.object.name;
    live.object.group.is_empty()
        && live.object.kind == "Secret"
        && facts.secrets.iter().flatten().find(is_it).is_none_or(|it| it.labels.contains_key(argo::SECRET_TYPE))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::doctor::facts::SecretFacts;
    use crate::object::ObjectRef;

    #[test]
    fn an_orphan_is_what_nobody_has_made_or_deploys() {
        let server = json!({"metadata": {"name": "argocd-server", "labels": {"app.kubernetes.io/part-of": "argocd"}}});
        let deployed = |group: &str, kind: &str, name: &str| json!({"group": group, "kind": kind, "namespace": "argocd", "name": name});
        let application = json!({"metadata": {"name": "argocd", "namespace": "argocd"},
            "spec": {"destination": {"server": argo::IN_CLUSTER}},
            "status": {"resources": [deployed("apps", "Deployment", "argocd-server"), deployed("", "ConfigMap", "by-label")]}});
        let secret = |name: &str, labels: BTreeMap<String, String>| SecretFacts {
            name: name.to_owned(),
            labels,
            ..SecretFacts::default()
        };
        let repository = BTreeMap::from([(argo::SECRET_TYPE.to_owned(), "repository".to_owned())]);
        let of = |kind: &str, name: &str| Live::of(ObjectRef::new("v1", kind, Some("argocd"), name));
        for (live, orphan) in [
            (of("ConfigMap", "left"), true),
            (of("ConfigMap", "by-label"), false),
            (Live { tracker: Some("argocd".to_owned()), ..of("ConfigMap", "tracked") }, false),
            (Live { is_made: true, ..of("ConfigMap", "kube-root-ca.crt") }, false),
            (of("Secret", "repo"), false),
            (of("Secret", "mine"), true),
            (of("Secret", "argocd-redis"), false),
            (Live::of(ObjectRef::new("v1", "ConfigMap", Some("elsewhere"), "x")), false),
            (Live::of(ObjectRef::new(argo::API, argo::APPLICATION, Some("argocd"), "x")), false),
        ] {
            let facts = Facts {
                namespace: "argocd".to_owned(),
                workloads: Some(vec![server.clone()]),
                applications: Some(vec![application.clone()]),
                secrets: Some(vec![secret("repo", repository.clone()), secret("mine", BTreeMap::new())]),
                objects: vec![live],
                ..Facts::default()
            };
            assert_eq!(in_own_namespace(&facts).len(), usize::from(orphan), "{:?}", facts.objects);
        }
    }
}
