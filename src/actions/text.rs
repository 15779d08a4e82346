//! A file that people named, as text.

use std::path::Path;

use crate::input;
use crate::report::{Failure, Outcome};

/// The text of the file; a failure names it, with the hint of whoever asks.
pub fn text_of(path: &Path, hint: &str) -> Outcome<String> {
    input::text_of(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())).hint(hint))
}
