//! What a reader refuses in a document and the parser takes: white space, scalars, aliases beyond those that it follows.

use std::sync::Arc;

use super::bounds::{TAB, place_at};
use super::events::Items;
use super::{Reader, aliases, blanks, no_yaml, strict};
use crate::report::{Diagnostic, Source};

/// Looks at a document. `is_lenient` says whether the parser has left its indentation to us.
pub(super) fn check(
    source: &Arc<Source>,
    items: &Items<'_>,
    reader: Reader,
    is_lenient: bool,
) -> Result<(), Box<Diagnostic>> {
    let text = &source.text;
    let refused = |at: usize, message: &str| Err(no_yaml(source, place_at(text, at, 1), message).into());
    let tab = match reader {
        Reader::Backstage => blanks::backstage_tab(text, items),
        Reader::Kubernetes | Reader::Porter => blanks::go_tab(text, items),
    };
    if let Some(tab) = tab {
        return refused(tab, TAB);
    }
    if let Some((start, message)) = strict::refused(text, items, reader) {
        return refused(start, message);
    }
    if let Some(line) = is_lenient.then(|| blanks::shallow(text, items)).flatten() {
        return refused(line, "the line is no deeper than the key whose value it belongs to");
    }
    match aliases::excess(items).filter(|_| reader == Reader::Backstage) {
        Some(item) => Err(no_yaml(source, item.place, "Backstage follows no more than 100 aliases").into()),
        None => Ok(()),
    }
}
