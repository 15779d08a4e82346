//! What a bead brings itself, by which its objects are judged.

use crate::document::Bead;
use crate::render::bead::Piece;
use crate::render::bead::definitions::kinds_of;

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

    /// Whether it brings an object of this group, kind and name; in this namespace, if one is asked for.
    pub fn brings(&self, (group, kind): (&str, &str), namespace: Option<&str>, name: &str) -> bool {
        self.content.iter().any(|it| {
            (it.group(), it.text("/kind")) == (group, kind)
                && it.text("/metadata/name") == name
                && namespace.is_none_or(|namespace| self.namespace_of(it) == namespace)
        })
    }

    /// Whether it brings the configuration that objects of this group work through: its group is theirs, or a family's above.
    pub fn configures(&self, group: &str, kind: &str, name: &str) -> bool {
        let is_above = |its: &str| group.strip_suffix(its).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        let mut kinds = self.content.iter().filter(|it| it.text("/kind") == kind && it.text("/metadata/name") == name);
        kinds.any(|it| is_above(it.group()))
    }

    /// Whether it brings the definition of a kind. What its document says of kinds is no proof of it.
    pub fn defines(&self, group: &str, kind: &str) -> bool {
        self.content.iter().any(|it| kinds_of(&it.object).contains(&(group, kind)))
    }
}
