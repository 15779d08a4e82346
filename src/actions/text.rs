//! What several verbs read and say alike: a file that people named, and a count.

use std::path::Path;

use crate::input;
use crate::report::{Failure, Outcome};

/// The text of the file; a failure names it, with the hint of whoever asks.
pub fn text_of(path: &Path, hint: &str) -> Outcome<String> {
    input::text_of(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())).hint(hint))
}

/// So many of a thing: `1 error`, `2 errors`.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
