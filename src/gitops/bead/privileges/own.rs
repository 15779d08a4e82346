//! What a bead brings itself, by which its objects are judged.

use serde_json::Value;

use crate::gitops::bead::content::Piece;
use crate::object::str_at;
use crate::spec::Bead;

/// A bead with all that is known to come with it.
#[derive(Clone, Copy)]
pub struct Own<'b> {
    /// Its document.
    pub bead: &'b Bead,
    /// Its objects.
    pub content: &'b [Piece],
}

impl<'b> Own<'b> {
    /// Where an object goes that names no namespace.
    pub fn namespace_of<'p>(&self, piece: &'p Piece) -> &'p str
    where
        'b: 'p,
    {
        match piece.text("/metadata/namespace") {
            "" => &self.bead.spec.application.namespace,
            named => named,
        }
    }

    /// Whether it brings an object of this kind and name; in this namespace, if one is asked for.
    pub fn brings(&self, kind: &str, namespace: Option<&str>, name: &str) -> bool {
        self.content.iter().any(|it| {
            it.text("/kind") == kind
                && it.text("/metadata/name") == name
                && namespace.is_none_or(|namespace| self.namespace_of(it) == namespace)
        })
    }

    /// Whether it brings the definition of a kind.
    pub fn defines(&self, group: &str, kind: &str) -> bool {
        let apis = self.bead.spec.crossplane.iter().flat_map(|it| &it.apis);
        let by_document = apis
            .filter(|api| api.group == group)
            .any(|api| api.kind == kind || api.claim_kind.as_deref() == Some(kind));
        by_document || self.content.iter().any(|it| names(&it.object, it.text("/kind")).contains(&(group, kind)))
    }
}

/// Group and kind of what an object defines.
fn names<'o>(object: &'o Value, kind: &str) -> Vec<(&'o str, &'o str)> {
    let places: &[&str] = match kind {
        "CustomResourceDefinition" => &["/spec/names/kind"],
        "CompositeResourceDefinition" => &["/spec/names/kind", "/spec/claimNames/kind"],
        _ => &[],
    };
    places.iter().map(|place| (str_at(object, "/spec/group"), str_at(object, place))).collect()
}
