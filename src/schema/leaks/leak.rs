//! A secret, and where it is.

use crate::report::{Place, remember_secret};
use crate::schema::Path;
use crate::yaml::Node;

/// By what a secret shows that it is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// By its name.
    Named,
    /// By its shape: what has such a one.
    Shaped(&'static str),
    /// By its place in an address: what stands there.
    InAddress(&'static str),
}

/// A secret, and where it is.
#[derive(Debug)]
pub struct Leak {
    pub(super) at: Path,
    pub(super) what: What,
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
        matches!(self.what, What::InAddress(_))
    }

    /// The path from the root of its document.
    pub(crate) fn path(&self) -> Path {
        self.at.clone()
    }

    /// What is wrong with it, for people. The value is not told.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}, which would be committed to git", self.told())
    }

    /// What it is, and where.
    #[must_use]
    pub fn told(&self) -> String {
        let field = self.field();
        let place = if field.is_empty() { "the text".to_owned() } else { format!("`{field}`") };
        let what = match self.what {
            What::Named => "a secret",
            What::Shaped(what) | What::InAddress(what) => what,
        };
        format!("{place} holds {what}")
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

    /// Whether these bytes are in it, however the lines of a text around it are broken or escaped.
    #[must_use]
    pub(super) fn holds(&self, secret: &str) -> bool {
        let joined = |text: &str| text.replace("\\n", "").replace("\\r", "").replace(char::is_whitespace, "");
        self.secret.contains(secret) || joined(&self.secret).contains(&joined(secret))
    }

    /// Whether another one is a part of it.
    #[must_use]
    pub fn holds_value_of(&self, other: &Self) -> bool {
        self.holds(&other.secret)
    }

    /// Whether what is said of it has its value as a word: `smtp.password: values` in the values of a chart. To mask that
    /// would make the path useless, so the line of its document is not shown.
    #[must_use]
    pub fn is_common_word(&self) -> bool {
        let is_word = self.what == What::Named && self.secret.chars().all(|c| c.is_ascii_alphabetic());
        is_word && self.message().split(|c: char| !c.is_ascii_alphabetic()).any(|word| word == self.secret)
    }

    /// Has it masked in all that is printed.
    pub fn hide(&self) {
        if !self.is_common_word() {
            remember_secret(&self.secret);
        }
    }
}
