//! Scalars that the reader refuses and the parser takes.

use super::Reader;
use super::events::{Item, Items, Scalar, What};

/// Where something is that the reader refuses, and what.
pub(super) type Refused = (usize, &'static str);

/// The first of those scalars.
pub(super) fn refused(text: &str, items: &Items<'_>, reader: Reader) -> Option<Refused> {
    // kubectl and Argo CD read what begins so as JSON first.
    let is_json = reader == Reader::Kubernetes && text.trim_start().starts_with('{');
    let mut brackets = Vec::new();
    for item in &items.all {
        match &item.what {
            What::List { is_flow, tag } | What::Map { is_flow, tag } => {
                brackets.push(*is_flow);
                if let Some(found) = tag.as_deref().and_then(|tag| wrong_tag(tag, item, reader)) {
                    return Some(found);
                }
            }
            What::End => _ = brackets.pop(),
            What::Alias(_) => {}
            What::Scalar(scalar) => {
                let is_within = brackets.last() == Some(&true);
                let found = is_within.then(|| mark(scalar, item, reader)).flatten();
                let found = found.or_else(|| match reader {
                    Reader::Backstage => None,
                    _ => block(text, scalar, item)
                        .or_else(|| scalar.tag.as_deref().and_then(|tag| wrong_tag(tag, item, reader)))
                        .or_else(|| is_within.then(|| close_tag(text, scalar, item)).flatten())
                        .or_else(|| escape(text, scalar, item).filter(|_| !is_json)),
                });
                if found.is_some() {
                    return found;
                }
            }
        }
    }
    None
}

/// `?` and `:` are marks of YAML's own where a text within brackets begins; to Go's readers `?` is one anywhere in it.
fn mark(scalar: &Scalar<'_>, item: &Item<'_>, reader: Reader) -> Option<Refused> {
    let text = &scalar.text;
    let is_mark = match reader {
        Reader::Backstage => text == "?",
        _ => text.contains('?') || text.starts_with(':'),
    };
    (scalar.is_plain && is_mark)
        .then_some((item.place.start, "within brackets `?` and `:` are marks of YAML's own; put the text in quotes"))
}

/// The first line of a block says how deep the block is, and Go's readers take no tab for that.
fn block(text: &str, scalar: &Scalar<'_>, item: &Item<'_>) -> Option<Refused> {
    let is_tab = scalar.is_block && scalar.text.trim_start_matches('\n').starts_with('\t');
    let before = text[..item.place.start].trim_end();
    let header = before.rsplit('\n').next().unwrap_or_default();
    let header = header.split(" #").next().unwrap_or_default().trim_end();
    let indicators = header.rfind(['|', '>']).map_or("", |at| &header[at..]);
    (is_tab && !indicators.contains(|it: char| it.is_ascii_digit()))
        .then_some((item.place.start, "the first line of a block begins with a tab; put the text in quotes"))
}

fn wrong_tag(tag: &str, item: &Item<'_>, reader: Reader) -> Option<Refused> {
    (reader != Reader::Backstage && tag.contains('#'))
        .then_some((item.place.start, "a tag goes on to the next space, and has no `#` in it"))
}

/// A tag that has a bracket or a comma right behind it.
fn close_tag(text: &str, scalar: &Scalar<'_>, item: &Item<'_>) -> Option<Refused> {
    let at = item.place.start;
    let is_closed = text[at..].starts_with([',', ']', '}']);
    (scalar.tag.is_some() && scalar.is_plain && scalar.text.is_empty() && is_closed)
        .then_some((at, "a tag has a space behind it"))
}

/// The escapes that JSON has and Go's readers have not.
fn escape(text: &str, scalar: &Scalar<'_>, item: &Item<'_>) -> Option<Refused> {
    let start = item.place.start;
    let written = text.get(start..item.place.end).filter(|it| it.starts_with('"') && !scalar.is_block)?;
    let mut rest = written.char_indices();
    while let Some((at, character)) = rest.next() {
        if character != '\\' {
            continue;
        }
        let what = match rest.next()?.1 {
            '/' => "`\\/` is an escape of JSON alone; write `/`",
            'u' if is_half(&written[at + 2..]) => {
                "half a character by `\\u`, as JSON alone has it; write the character itself"
            }
            _ => continue,
        };
        return Some((start + at, what));
    }
    None
}

/// Whether the digits are of a surrogate.
fn is_half(digits: &str) -> bool {
    let value = digits.get(..4).and_then(|it| u32::from_str_radix(it, 16).ok());
    value.is_some_and(|it| (0xd800..0xe000).contains(&it))
}
