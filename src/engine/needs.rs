//! What an installation has to be permitted, as one list: `check --pre` asks for each of it, and docs/rbac.md is made of it. Pure.

use std::collections::BTreeSet;
use std::fmt;

use crate::object::ObjectRef;
use crate::words::argo;

const RBAC: &str = "rbac.authorization.k8s.io";

/// The kinds of the objects that an installation applies, each with whether it is in Argo CD's namespace: those of
/// upstream's manifest, and those of the hub around it.
pub const APPLIED: [(&str, &str, bool); 15] = [
    ("v1", "Namespace", false),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", false),
    ("v1", "ServiceAccount", true),
    ("v1", "ConfigMap", true),
    ("v1", "Secret", true),
    ("v1", "Service", true),
    ("rbac.authorization.k8s.io/v1", "Role", true),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", true),
    ("rbac.authorization.k8s.io/v1", "ClusterRole", false),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", false),
    ("apps/v1", "Deployment", true),
    ("apps/v1", "StatefulSet", true),
    ("networking.k8s.io/v1", "NetworkPolicy", true),
    (argo::API, argo::PROJECT, true),
    (argo::API, argo::APPLICATION, true),
];

/// What server-side apply takes of each kind: `patch`, for what is new `create`, and `get` to read it back.
const TO_APPLY: [&str; 3] = ["get", "create", "patch"];
/// What is asked of the whole cluster. Besides the list, what grants rights needs these, or has all of them itself: Argo CD's own
/// account may do everything.
const EVERYWHERE: [Permission<'_>; 5] = [
    ("list", argo::GROUP, "applications"),
    ("escalate", RBAC, "roles"),
    ("escalate", RBAC, "clusterroles"),
    ("bind", RBAC, "roles"),
    ("bind", RBAC, "clusterroles"),
];
/// What is listed in Argo CD's namespace: its parts while they come up, and for the proof what another installer has left.
const IN_ITS_NAMESPACE: [Permission<'_>; 3] =
    [("list", "apps", "deployments"), ("list", "apps", "statefulsets"), ("list", "", "secrets")];

/// A verb, and the group and the resource that it is about: the plural, and after a slash what of it, such as
/// `deployments/status`.
pub type Permission<'n> = (&'static str, &'n str, &'n str);

/// A verb on a kind in a namespace (or cluster-wide).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// The verb.
    pub verb: &'static str,
    /// The group, empty for the core group.
    pub group: String,
    /// The plural, and after a slash what of it.
    pub resource: String,
    /// The namespace, empty for the whole cluster.
    pub namespace: String,
}

impl Need {
    /// A verb in a namespace, or with none in the whole cluster.
    #[must_use]
    pub fn of((verb, group, resource): Permission<'_>, namespace: &str) -> Self {
        Self { verb, group: group.to_owned(), resource: resource.to_owned(), namespace: namespace.to_owned() }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (resource, part) = self.resource.split_once('/').unwrap_or((&self.resource, ""));
        write!(f, "{} {resource}", self.verb)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if !part.is_empty() {
            write!(f, "/{part}")?;
        }
        match self.namespace.as_str() {
            "" => f.write_str(" cluster-wide"),
            namespace => write!(f, " in namespace {namespace}"),
        }
    }
}

/// What server-side apply of these objects needs, each given with the plural of its kind.
#[must_use]
pub fn to_apply(objects: &[(ObjectRef, String)]) -> BTreeSet<Need> {
    let of_one = |(object, plural): &(ObjectRef, String)| {
        let namespace = object.namespace.as_deref().unwrap_or_default();
        TO_APPLY.map(|verb| Need::of((verb, &object.group, plural), namespace))
    };
    objects.iter().flat_map(of_one).collect()
}

/// What an installation needs that applies these objects.
#[must_use]
pub fn to_install(objects: &[(ObjectRef, String)]) -> BTreeSet<Need> {
    let everywhere = EVERYWHERE.into_iter().map(|it| Need::of(it, ""));
    let in_its_namespace = IN_ITS_NAMESPACE.into_iter().map(|it| Need::of(it, argo::NAMESPACE));
    to_apply(objects).into_iter().chain(everywhere).chain(in_its_namespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_need_is_told_by_verb_kind_and_place() {
        for (verb, namespace, told) in [
            (("get", "", "secrets"), "argocd", "get secrets in namespace argocd"),
            (("list", "apps", "deployments"), "", "list deployments.apps cluster-wide"),
            (
                ("patch", "apiextensions.k8s.io", "customresourcedefinitions/status"),
                "",
                "patch customresourcedefinitions.apiextensions.k8s.io/status cluster-wide",
            ),
        ] {
            assert_eq!(Need::of(verb, namespace).to_string(), told);
        }
    }

    #[test]
    fn objects_of_one_kind_and_place_need_the_same() {
        let object =
            |namespace, name| (ObjectRef::new("v1", "ConfigMap", Some(namespace), name), "configmaps".to_owned());
        let needs = to_apply(&[object("a", "one"), object("a", "two"), object("b", "one")]);
        let told: Vec<String> = needs.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "create configmaps in namespace a",
                "create configmaps in namespace b",
                "get configmaps in namespace a",
                "get configmaps in namespace b",
                "patch configmaps in namespace a",
                "patch configmaps in namespace b",
            ]
        );
    }
}
