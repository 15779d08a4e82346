//! A secret, and where it is.

use crate::report::{Place, remember_secret};
use crate::spec::mistakes::Path;
use crate::spec::yaml::Node;

/// A secret, and where it is.
#[derive(Debug)]
pub struct Leak {
    pub(super) at: Path,
    pub(super) kind: &'static str,
    pub(super) secret: String,
}

impl Leak {
    /// The dotted path of the value; empty for a text as a whole.
    #[must_use]
    pub fn field(&self) -> String {
        self.at.dotted()
    }

    /// Whether it is in an address, where nothing may stand in its place.
    #[must_use]
    pub fn is_in_address(&self) -> bool {
        self.kind.ends_with("address")
    }

    /// The path from the root of its document.
    pub(in crate::spec) fn path(&self) -> Path {
        self.at.clone()
    }

    /// What is wrong with it, for people. The value is not told.
    #[must_use]
    pub fn message(&self) -> String {
        let field = self.field();
        let place = if field.is_empty() { "the text".to_owned() } else { format!("`{field}`") };
        format!("{place} holds {}, which would be committed to git", self.kind)
    }

    /// Where it stands in the text of its document.
    #[must_use]
    pub fn place_in(&self, root: &Node, text: &str) -> Place {
        self.at.place_in(root, text)
    }

    /// Where it stands in a text that is no document.
    #[must_use]
    pub fn place_in_text(&self, text: &str) -> Place {
        let start = text.find(&self.secret).unwrap_or_default();
        let line = text[..start].rfind('\n').map_or(0, |end| end + 1);
        let (lines, columns) = (text[..line].matches('\n').count(), text[line..start].chars().count());
        Place { line: lines + 1, column: columns + 1, start, end: start + 1 }
    }

    /// Has it masked in all that is printed.
    pub fn hide(&self) {
        remember_secret(&self.secret);
    }
}
