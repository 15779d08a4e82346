//! Which kinds live in namespaces, as far as a bead or the list of well-known kinds says. Pure.

use std::collections::BTreeMap;

use super::piece::Piece;
use super::xrd;
use crate::object::ObjectRef;

/// What the definitions of a bead say of the kinds that they define.
#[derive(Debug, Default)]
pub struct Scopes {
    own: BTreeMap<(String, String), bool>,
}

impl Scopes {
    /// By the definitions among these objects.
    pub fn of<'p>(content: impl IntoIterator<Item = &'p Piece>) -> Self {
        let mut own = BTreeMap::new();
        for piece in content {
            let mut learn = |names: &str, namespaced| {
                let kind = piece.text(&format!("/spec/{names}/kind")).to_owned();
                own.insert((piece.text("/spec/group").to_owned(), kind), namespaced);
            };
            if ObjectRef::of(&piece.object).is_crd() {
                learn("names", piece.text("/spec/scope") != "Cluster");
            } else if xrd::is_xrd(&piece.object) {
                learn("names", xrd::scope(&piece.object) == "Namespaced");
                learn("claimNames", true);
            }
        }
        Self { own }
    }

    /// Whether the objects of a kind live in namespaces; `None` where nobody knows.
    pub fn is_namespaced(&self, group: &str, kind: &str) -> Option<bool> {
        let own = || self.own.get(&(group.to_owned(), kind.to_owned())).copied();
        crate::words::known_kind(group, kind)
            .map(|it| it.namespaced)
            .or_else(own)
            .or_else(|| crate::words::is_namespaced(group, kind))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_definition_of_the_bead_says_where_its_objects_are() {
        let of = |version: &str, kind: &str, spec: Value| {
            Piece::rendered(json!({"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec}))
        };
        let crd = |kind: &str, scope: &str| {
            of(
                "apiextensions.k8s.io/v1",
                "CustomResourceDefinition",
                json!({"group": "e.org", "names": {"kind": kind}, "scope": scope}),
            )
        };
        let xrd = |version: &str, kind: &str, scope: Value| {
            let spec = json!({"group": "e.org", "names": {"kind": kind}, "claimNames": {"kind": format!("{kind}Claim")}, "scope": scope});
            of(&format!("apiextensions.crossplane.io/{version}"), "CompositeResourceDefinition", spec)
        };
        let pieces = [
            crd("Wide", "Cluster"),
            crd("Own", "Namespaced"),
            xrd("v1", "Old", Value::Null),
            xrd("v2", "New", Value::Null),
            xrd("v2", "All", json!("Cluster")),
            of("v1", "ConfigMap", json!({"group": "e.org", "names": {"kind": "Data"}, "scope": "Cluster"})),
        ];
        let scopes = Scopes::of(&pieces);
        for (kind, namespaced) in [
            ("Wide", Some(false)),
            ("Own", Some(true)),
            ("Old", Some(false)),
            ("OldClaim", Some(true)),
            ("New", Some(true)),
            ("All", Some(false)),
            ("Data", None),
        ] {
            assert_eq!(scopes.is_namespaced("e.org", kind), namespaced, "{kind}");
        }
        assert_eq!(
            (scopes.is_namespaced("f.org", "Wide"), scopes.is_namespaced("cert-manager.io", "ClusterIssuer")),
            (None, Some(false))
        );
    }
}
