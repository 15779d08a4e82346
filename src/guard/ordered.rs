//! What the claims repository of a hub orders, as the Application says that syncs it.

use serde_json::Value;

use crate::argocd::application::short;
use crate::argocd::{Application, Applications};
use crate::engine::{Cluster, Fault, absent};
use crate::object::{ObjectRef, str_at};
use crate::words::argo;

/// What is ordered.
pub(super) struct Ordered {
    /// The objects that git holds, whether they are there or not.
    pub objects: Vec<ObjectRef>,
    /// Where.
    source: String,
}

impl Ordered {
    /// What the Application of the claims syncs; nothing where a hub has none.
    pub fn of(applications: &Applications) -> Self {
        let is_it =
            |it: &Application| it.name() == argo::CLAIMS && str_at(&it.0, "/metadata/namespace") == argo::NAMESPACE;
        let Some(claims) = applications.iter().find(is_it) else {
            return Self { objects: Vec::new(), source: String::new() };
        };
        let commit = claims.compared_revisions().first().map(|it| format!(" at {}", short(it))).unwrap_or_default();
        let source = format!("{}{commit}", str_at(&claims.0, "/spec/source/repoURL"));
        Self { objects: claims.in_git().collect(), source }
    }

    /// Where this object is ordered, if it is.
    pub fn place_of(&self, object: &ObjectRef) -> Option<&str> {
        self.objects.iter().any(|it| is_same(it, object)).then_some(self.source.as_str())
    }
}

/// Where the claims repository of the hub orders this object, if it does. An Application of claims that was never compared does
/// not say: it counts as well.
pub async fn ordered_at(cluster: &Cluster, object: &ObjectRef) -> Result<Option<String>, Fault> {
    let Some(claims) = absent(cluster.get(&argo::application(argo::CLAIMS)).await)?.flatten() else { return Ok(None) };
    Ok(place_by(claims, object))
}

fn place_by(claims: Value, object: &ObjectRef) -> Option<String> {
    let claims: Applications = [claims].into_iter().collect();
    let is_unseen = claims.iter().any(|it| matches!(it.sync(), "" | "Unknown"));
    let ordered = Ordered::of(&claims);
    let place = ordered.place_of(object).map(str::to_owned);
    place.or_else(|| {
        is_unseen.then(|| format!("{}, for all that is known: Argo CD has not compared it", ordered.source))
    })
}

/// Of whatever version.
pub(super) fn is_same(one: &ObjectRef, other: &ObjectRef) -> bool {
    one.is_kind_of(other) && (&one.namespace, &one.name) == (&other.namespace, &other.name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_git_orders_is_told_with_its_place_and_what_was_not_compared_is_not_free() {
        let claims = |sync: &str, name: &str| {
            json!({"metadata": {"name": argo::CLAIMS, "namespace": argo::NAMESPACE},
                "spec": {"source": {"repoURL": "https://git.example.org/claims.git"}},
                "status": {"sync": {"status": sync, "revision": "0123456789abcdef"}, "resources": [
                    {"group": "x.example.org", "version": "v1", "kind": "Order", "namespace": "a", "name": name}]}})
        };
        let object = ObjectRef::new("x.example.org/v2", "Order", Some("a"), "mine");
        let place = place_by(claims("Synced", "mine"), &object);
        assert_eq!(place.as_deref(), Some("https://git.example.org/claims.git at 0123456789ab"));
        assert_eq!(place_by(claims("Synced", "other"), &object), None);
        assert!(place_by(claims("Unknown", "other"), &object).is_some_and(|it| it.contains("not compared")));
    }
}
