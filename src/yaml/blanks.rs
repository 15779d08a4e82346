//! White space that a real reader refuses and the parser does not: tabs where a line begins, and lines within brackets that
//! are no deeper than the key in front of them.

use std::ops::Range;

use super::events::{Items, What};

/// A part of the text in which white space is no indentation.
struct Part {
    start: usize,
    end: usize,
    /// How deep the block is that it stands in: the column of its keys or dashes.
    depth: Option<usize>,
    is_block_scalar: bool,
    is_brackets: bool,
}

/// The scalars, and what is within brackets.
fn parts(text: &str, items: &Items<'_>) -> Vec<Part> {
    let mut found = Vec::new();
    // Of each list and mapping that is open: where it begins, and its column where it is a block.
    let mut open: Vec<(usize, Option<usize>)> = Vec::new();
    for item in &items.all {
        let (start, end) = (item.place.start, item.place.end.min(text.len()));
        let is_within_brackets = open.last().is_some_and(|(_, column)| column.is_none());
        let depth = open.iter().rev().find_map(|(_, column)| *column);
        match &item.what {
            What::List { is_flow, .. } | What::Map { is_flow, .. } => {
                open.push((start, (!is_flow).then(|| item.place.column - 1)));
            }
            What::End => {
                let closed = open.pop();
                let is_outermost = open.last().is_none_or(|(_, column)| column.is_some());
                if let Some((start, None)) = closed.filter(|_| is_outermost) {
                    let depth = open.iter().rev().find_map(|(_, column)| *column);
                    found.push(Part { start, end, depth, is_block_scalar: false, is_brackets: true });
                }
            }
            What::Scalar(scalar) if !is_within_brackets => {
                found.push(Part { start, end, depth, is_block_scalar: scalar.is_block, is_brackets: false });
            }
            What::Scalar(_) | What::Alias(_) => {}
        }
    }
    found
}

/// A tab that Go's readers take for no indentation: before everything on its line, or behind a dash.
pub(super) fn go_tab(text: &str, items: &Items<'_>) -> Option<usize> {
    let tabs = leading_tabs(text, items.span.clone());
    let parts = if tabs.is_empty() { Vec::new() } else { parts(text, items) };
    tabs.into_iter().find(|tab| !parts.iter().any(|part| part.start < *tab + 1 && *tab < part.end))
}

/// The tab on each line that has nothing before it but spaces and dashes.
fn leading_tabs(text: &str, span: Range<usize>) -> Vec<usize> {
    let from = span.start;
    let bytes = text.as_bytes();
    let is_line = |at: &usize| *at == 0 || bytes[at - 1] == b'\n';
    let to = span.end.min(text.len());
    let starts = std::iter::once(from)
        .filter(is_line)
        .chain(text[from..to].match_indices('\n').map(|(at, _)| from + at + 1))
        .filter(|at| *at < to);
    let tab = |start: usize| {
        let mut at = start;
        loop {
            let is_blank = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\t'));
            match bytes.get(at)? {
                b'\t' => return Some(at),
                b' ' => at += 1,
                b'-' | b'?' | b':' if is_blank(at + 1) => at += 1,
                _ => return None,
            }
        }
    };
    if !text[from..to].contains('\t') {
        return Vec::new();
    }
    starts.filter_map(tab).collect()
}

/// A tab that Backstage's reader does not take: before a block on its line, and on a line of nothing else that is no
/// deeper than the block scalar it stands in.
pub(super) fn backstage_tab(text: &str, items: &Items<'_>) -> Option<usize> {
    let tabs = leading_tabs(text, items.span.clone());
    let first = tabs.first()?;
    let before_blocks = items.all.iter().filter(|it| it.place.start > *first).find_map(|item| {
        let is_block = matches!(item.what, What::List { is_flow: false, .. } | What::Map { is_flow: false, .. });
        let line = text[..item.place.start].rfind('\n').map_or(0, |at| at + 1);
        tabs.iter().copied().find(|tab| is_block && (line..item.place.start).contains(tab))
    });
    before_blocks.or_else(|| {
        let parts = parts(text, items);
        let mut blocks = parts.iter().enumerate().filter(|(_, part)| part.is_block_scalar);
        let blank = |tab: usize| text[tab..].lines().next().is_some_and(|line| line.trim().is_empty());
        blocks.find_map(|(index, part)| {
            let next = parts.get(index + 1).map_or(items.span.end, |next| next.start);
            tabs.iter().copied().find(|tab| (part.end.min(next)..next).contains(tab) && blank(*tab))
        })
    })
}

/// A line that is no deeper than the block it stands in, though its scalar or its brackets began on a line before. The
/// bracket that closes may be as deep.
pub(super) fn shallow(text: &str, items: &Items<'_>) -> Option<usize> {
    parts(text, items).into_iter().filter(|part| !part.is_block_scalar).find_map(|part| {
        let depth = part.depth?;
        let mut lines = text[part.start..part.end].match_indices('\n').map(|(at, _)| part.start + at + 1);
        lines.find_map(|line| {
            let indent = text[line..].bytes().take_while(|it| *it == b' ').count();
            let at = line + indent;
            let is_empty = matches!(text.as_bytes().get(at), None | Some(b'\r' | b'\n' | b'#'));
            let is_close = part.is_brackets && at + 1 == part.end && indent == depth;
            (at < part.end && indent <= depth && !is_empty && !is_close).then_some(at)
        })
    })
}
