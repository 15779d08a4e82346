//! Syntax that a real reader takes and the parser does not: the text is written anew for the parser, at the same length,
//! so that every place stays what it is.

use std::borrow::Cow;
use std::collections::BTreeSet;

/// How much may be read again, in bytes, before a text is refused for what the parser does not take.
const MOST_AGAIN: usize = 64 << 20;

/// What the parser stumbles over, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slip {
    /// A comment with no space before it.
    Comment(usize),
    /// A character of a plain scalar: `:` before a bracket or a comma, or a `-` alone.
    Plain(usize),
    /// A tab before what is within brackets.
    Tab(usize),
    /// A closing bracket that is no deeper than its key.
    Bracket,
}

/// The text as the parser gets it.
pub(super) struct Mended<'t> {
    source: &'t str,
    text: Cow<'t, str>,
    /// Where a character of a plain scalar has another in its place.
    plain: BTreeSet<usize>,
    /// Whether the parser leaves indentation to us.
    pub is_lenient: bool,
    again: usize,
}

impl<'t> Mended<'t> {
    /// The text as it is written.
    pub fn of(source: &'t str) -> Self {
        Self { source, text: Cow::Borrowed(source), plain: BTreeSet::new(), is_lenient: false, again: 0 }
    }

    /// What the parser reads.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Mends what was found. Says whether the text is to be read again.
    pub fn takes(&mut self, slips: &[Slip]) -> bool {
        self.again += self.source.len();
        if slips.is_empty() || self.again > MOST_AGAIN {
            return false;
        }
        for slip in slips {
            match *slip {
                Slip::Comment(at) => {
                    let length = self.text[at..].find(['\r', '\n']).unwrap_or(self.text.len() - at);
                    self.write(at, &" ".repeat(length));
                }
                Slip::Plain(at) => {
                    self.write(at, "_");
                    self.plain.insert(at);
                }
                Slip::Tab(at) => self.write(at, " "),
                Slip::Bracket => self.is_lenient = true,
            }
        }
        true
    }

    fn write(&mut self, at: usize, what: &str) {
        self.text.to_mut().replace_range(at..at + what.len(), what);
    }

    /// The text of a plain scalar as it is written. None of one that goes over several lines.
    pub fn plain<'s>(&self, text: Cow<'s, str>, start: usize, end: usize) -> Option<Cow<'s, str>>
    where
        't: 's,
    {
        if self.plain.range(start..end).next().is_none() {
            return Some(text);
        }
        let written = &self.source[start..end];
        (!written.contains('\n')).then_some(Cow::Borrowed(written))
    }
}

/// Where a plain scalar that ends here goes on for Go's readers: at a `:` that has a bracket or a comma behind it.
pub(super) fn goes_on(text: &str, end: usize) -> Option<usize> {
    let rest = text[end..].trim_start_matches([' ', '\t']);
    let at = text.len() - rest.len();
    let mut bytes = rest.bytes();
    (bytes.next() == Some(b':') && bytes.next().is_some_and(|it| b",[]{}".contains(&it))).then_some(at)
}
