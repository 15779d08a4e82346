//! Who works in the namespace that a bead is to have for itself.

use serde_json::Value;

use super::co_tenants::WORKLOADS;
use crate::argocd::{tracked_by, tracker};
use crate::document::{Bead, SecretNeed};
use crate::engine::{Cluster, Fault};
use crate::object::{ObjectRef, annotation, owners};
use crate::words::bead::{LABEL, is_of};

/// As whom pods act.
const ACCOUNT: (&str, &str) = ("v1", "ServiceAccount");

/// What is kept there, and who else may reach it.
const KEPT: [(&str, &str); 3] =
    [("v1", "Secret"), ("v1", "PersistentVolumeClaim"), ("rbac.authorization.k8s.io/v1", "RoleBinding")];

/// The namespace of a bead as it is.
#[derive(Debug, Default)]
pub struct BeadNamespace {
    /// The metadata of the namespace; nothing where there is none.
    pub live: Option<Value>,
    /// Whether it is one that the bead brings.
    pub is_its: bool,
    /// The workloads and accounts, Secrets, claims and bindings there that are not of the bead.
    pub tenants: Vec<ObjectRef>,
}

/// Looks at the namespace. Of a bead that has it already, whatever no Application holds is taken for its own: its controllers
/// may have made it.
pub async fn namespace(cluster: &Cluster, bead: &Bead, has_it: bool) -> Result<BeadNamespace, Fault> {
    let own = bead.spec.application.namespace.as_str();
    let Some(live) = cluster.metadata(&ObjectRef::new("v1", "Namespace", None, own)).await? else {
        return Ok(BeadNamespace::default());
    };
    let look = Look { bead, has_it, has_left_it: is_marked(&live, bead) };
    let mut tenants = Vec::new();
    for (api_version, kind) in WORKLOADS.into_iter().chain([ACCOUNT]).chain(KEPT) {
        for object in cluster.list_metadata(&ObjectRef::new(api_version, kind, Some(own), "")).await? {
            let is_kept = KEPT.contains(&(api_version, kind));
            let is_others = if is_kept { look.is_kept_by_others(&object) } else { look.works_for_others(&object) };
            if is_others {
                tenants.push(ObjectRef::of(&object));
            }
        }
    }
    let is_its = tracker(&live).is_some_and(|holder| is_of(holder, &bead.metadata.name));
    Ok(BeadNamespace { live: Some(live), is_its, tenants })
}

struct Look<'b> {
    bead: &'b Bead,
    /// Whether it is installed there.
    has_it: bool,
    /// Whether it was.
    has_left_it: bool,
}

impl Look<'_> {
    fn works_for_others(&self, object: &Value) -> bool {
        let name = ObjectRef::of(object);
        let is_others = match tracker(object) {
            Some(holder) => !is_of(holder, &self.bead.metadata.name),
            None => !self.has_it && owners(object).next().is_none(),
        };
        is_others && (name.kind.as_str(), name.name.as_str()) != ("ServiceAccount", "default")
    }

    /// What owns a Secret may be of any kind, so that excuses none. A copy of what an Application holds is held by nobody.
    fn is_kept_by_others(&self, object: &Value) -> bool {
        match tracked_by(object) {
            Some(holder) => !is_of(holder, &self.bead.metadata.name),
            None => !self.has_it && !self.has_left_it && !self.is_known(object),
        }
    }

    /// What its step wrote or asks for, and what is a part of something else: a token of an account, the record of a release of
    /// Helm, a binding that Kubernetes or a distribution of it puts into every namespace.
    fn is_known(&self, object: &Value) -> bool {
        let it = ObjectRef::of(object);
        let is_asked_for = |need: &SecretNeed| need.name == it.name && Some(&need.namespace) == it.namespace.as_ref();
        let is_of_system = match it.kind.as_str() {
            "Secret" => {
                annotation(object, "kubernetes.io/service-account.name").is_some()
                    || it.name.starts_with("sh.helm.release.")
                    || self.bead.spec.secrets.iter().any(is_asked_for)
            }
            "RoleBinding" => it.name.starts_with("system:"),
            _ => false,
        };
        is_of_system || is_marked(object, self.bead)
    }
}

fn is_marked(object: &Value, bead: &Bead) -> bool {
    let labels = object.pointer("/metadata/labels");
    labels.is_some_and(|it| it.get(LABEL).and_then(Value::as_str) == Some(bead.metadata.name.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::document::read_bead;

    #[test]
    fn what_is_kept_there_is_of_others_unless_it_is_known() {
        let text = "apiVersion: backstack.dev/v1alpha1\nkind: Bead\nmetadata: {name: shop}\nspec:\n  version: 0.1.0\n  \
                    application: {namespace: shop, manifests: app}\n  secrets: [{name: asked, namespace: shop, keys: [a]}]\n";
        let bead = read_bead("bead.yaml", text).expect("a bead");
        let look = |has_it, has_left_it| Look { bead: &bead, has_it, has_left_it };
        let object = |version: &str, kind: &str, name: &str, more: Value| {
            let mut object =
                json!({"apiVersion": version, "kind": kind, "metadata": {"name": name, "namespace": "shop"}});
            object["metadata"].as_object_mut().expect("a mapping").extend(more.as_object().expect("one").clone());
            object
        };
        let secret = |name: &str, more: Value| object("v1", "Secret", name, more);
        let tracked =
            |name: &str| json!({"annotations": {"argocd.argoproj.io/tracking-id": format!("{name}:/Secret:shop/a")}});
        let (none, owned) = (json!({}), json!({"ownerReferences": [{"kind": "ExternalSecret"}]}));
        for others in [
            secret("a", none.clone()),
            secret("a", owned),
            secret("a", json!({"labels": {"backstack.dev/bead": "other"}})),
            object("v1", "PersistentVolumeClaim", "asked", none.clone()),
            object("rbac.authorization.k8s.io/v1", "RoleBinding", "a", none.clone()),
        ] {
            assert!(look(false, false).is_kept_by_others(&others), "{others}");
            assert!(!look(true, false).is_kept_by_others(&others), "a controller of it may have made it: {others}");
            assert!(!look(false, true).is_kept_by_others(&others), "it has left it: {others}");
        }
        assert!(look(true, true).is_kept_by_others(&secret("a", tracked("other"))));
        assert!(!look(true, false).is_kept_by_others(&secret("b", tracked("other"))), "a copy");
        for known in [
            secret("asked", none.clone()),
            secret("a", json!({"labels": {"backstack.dev/bead": "shop"}})),
            secret("a", json!({"annotations": {"kubernetes.io/service-account.name": "default"}})),
            secret("sh.helm.release.v1.a.v1", none.clone()),
            secret("a", tracked("bead-shop-application")),
            object("rbac.authorization.k8s.io/v1", "RoleBinding", "system:deployers", none),
        ] {
            assert!(!look(false, false).is_kept_by_others(&known), "{known}");
        }
    }
}
