//! A file that people named, as text.

use std::path::Path;

use crate::report::{Failure, Outcome};

/// The text of the file; a failure names it, with the hint of whoever asks.
pub fn text_of(path: &Path, hint: &str) -> Outcome<String> {
    std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())).hint(hint))
}
