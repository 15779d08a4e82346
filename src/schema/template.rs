//! `${ … }` in a text: where it opens, and what is within. Porter's templates, the parameters of beads and what a shell or a chart
//! fills in have that in common. What it means, whoever fills it in knows; how Porter itself reads it, with sections and other
//! delimiters, is in `bundle/template.rs`.

use std::ops::Range;

const OPEN: &str = "${";

/// One `${ … }`.
#[derive(Debug, PartialEq, Eq)]
pub struct Expression<'t> {
    /// From its `$` to behind its first `}`.
    pub place: Range<usize>,
    /// What is between the braces, as it is written; all that follows where nothing closes it.
    pub inside: &'t str,
    /// Whether a `}` follows.
    pub is_closed: bool,
}

/// Whether something in the text is filled in later.
#[must_use]
pub fn is_template(text: &str) -> bool {
    text.contains(OPEN)
}

/// Everything in a text that is opened. One within another is one of its own, too: the outer may be a shell's.
pub fn expressions(text: &str) -> impl Iterator<Item = Expression<'_>> {
    text.match_indices(OPEN).map(|(start, _)| {
        let behind = &text[start + OPEN.len()..];
        let (inside, is_closed) = behind.split_once('}').map_or((behind, false), |(inside, _)| (inside, true));
        let end = start + OPEN.len() + inside.len() + usize::from(is_closed);
        Expression { place: start..end, inside, is_closed }
    })
}

/// What is between the braces of a text that is one `${ … }` and nothing else.
#[must_use]
pub fn only_expression(text: &str) -> Option<&str> {
    expressions(text).next().filter(|it| it.is_closed && it.place == (0..text.len())).map(|it| it.inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_with_its_inside() {
        let found = |text| expressions(text).map(|it| (it.place, it.inside, it.is_closed)).collect::<Vec<_>>();
        assert_eq!(found("a $b {c} $"), []);
        assert_eq!(found("é${ a }-${b}"), [(2..8, " a ", true), (9..13, "b", true)]);
        assert_eq!(found("${a:-${ b }}"), [(0..11, "a:-${ b ", true), (5..11, " b ", true)]);
        assert_eq!(found("${{ a }}"), [(0..7, "{ a ", true)]);
        assert_eq!(found("x${ a\nb"), [(1..7, " a\nb", false)]);
    }

    #[test]
    fn one_alone_has_nothing_beside_it() {
        assert_eq!(only_expression("${ a }"), Some(" a "));
        for text in ["", "a", "${ a", "${a}${b}", " ${a}", "${{ a }}"] {
            assert_eq!(only_expression(text), None, "{text}");
        }
    }
}
