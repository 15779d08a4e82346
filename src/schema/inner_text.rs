//! Where something stands that is in a text inside of a value. Only the outer text has places: what is looked for is known again by
//! its characters, on the line where it has to be.

use crate::report::Place;
use crate::yaml::{Data, Node};

/// The place of a column in a line of the text that a value holds, both counted from 1, up to the end of the line. Nothing where
/// the outer text has that line in another form: folded, or with escapes.
pub(super) fn place_of(node: &Node, outer: &str, (line, column): (usize, usize)) -> Option<Place> {
    let Data::Text(inner) = &node.data else { return None };
    let wanted = inner.lines().nth(line.checked_sub(1)?)?;
    // The place of a block is that of its first line that is not empty.
    let empty = inner.lines().take_while(|it| it.is_empty()).count();
    let (number, start, there) = lines(node, outer).nth((line - 1).checked_sub(empty)?)?;
    let at = there.find(wanted)?;
    let inside = wanted.char_indices().nth(column - 1).map_or(wanted.len(), |(at, _)| at);
    Some(place(node, number, start, there, at + inside..at + wanted.len()))
}

/// The place of the first name that is this one.
pub(super) fn place_of_name(node: &Node, outer: &str, name: &str) -> Option<Place> {
    let Data::Text(inner) = &node.data else { return None };
    lines(node, outer).take(inner.lines().count() + 1).find_map(|(number, start, there)| {
        let at = named_at(there, name)?;
        Some(place(node, number, start, there, at..at + name.len()))
    })
}

/// The lines of the outer text from the value on: the number of each from 0, its first byte, and its text.
fn lines<'t>(node: &Node, outer: &'t str) -> impl Iterator<Item = (usize, usize, &'t str)> {
    let mut next = node.place.start;
    outer.get(next..).unwrap_or_default().split_inclusive('\n').enumerate().map(move |(number, line)| {
        let start = next;
        next += line.len();
        (number, start, line)
    })
}

fn place(node: &Node, number: usize, start: usize, line: &str, at: std::ops::Range<usize>) -> Place {
    let before = line[..at.start].chars().count();
    let column = if number == 0 { node.place.column + before } else { before + 1 };
    let (start, end) = (start + at.start, start + at.end);
    Place { line: node.place.line + number, column, start, end: end.max(start + 1) }
}

/// Where a line has a name, with its end before something that follows a name.
fn named_at(line: &str, key: &str) -> Option<usize> {
    line.match_indices(key).map(|(at, _)| at).find(|at| {
        line[at + key.len()..].starts_with([':', '=', ' ', '"', '\''])
            && !line[..*at].ends_with(|c: char| c.is_alphanumeric())
    })
}
