//! What several verbs read and say alike: a file that people named, and a time.

use std::path::Path;
use std::time::Duration;

use crate::input;
use crate::report::{Failure, Outcome};
use crate::schema::Timeout;

/// The text of the file; a failure names it, with the hint of whoever asks.
pub fn text_of(path: &Path, hint: &str) -> Outcome<String> {
    input::text_of(path).map_err(|error| Failure::usage(format!("cannot read {}: {error}", path.display())).hint(hint))
}

/// The time that an option gives, written as in a step.
pub fn given_time(option: &str, text: &str) -> Outcome<Duration> {
    let time = Timeout::try_from(text.to_owned()).map_err(|why| Failure::usage(format!("{option}: {why}")))?;
    Ok(time.0)
}
