//! The answer on stdout: the only place that writes there.

use std::io::{ErrorKind, IsTerminal as _, Write as _};

use super::color::has_colors;
use super::live;
use super::paint::paint;
use super::{Failure, Outcome, redact};

/// Writes the answer of a verb to stdout, without any secret. A reader that has gone away is no failure: it has read enough.
pub fn answer(text: &str) -> Outcome<()> {
    write(&redact(text)).map(drop)
}

/// The same with a piece of an answer that has no end. Whether anybody still reads it.
pub fn hand_on(text: &str) -> Outcome<bool> {
    write(&redact(text))
}

/// The same for people alone: with colours where they are shown.
pub fn answer_to_people(text: &str) -> Outcome<()> {
    let text = redact(text);
    let written = if has_colors(&std::io::stdout()) { write(&paint(&text)) } else { write(&text) };
    written.map(drop)
}

fn write(text: &str) -> Outcome<bool> {
    if is_for_a_person() {
        live::make_room();
    }
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::failed(format!("failed to write to stdout: {error}"))),
    }
}

/// Whether a person reads the answer as it is written.
#[must_use]
pub fn is_for_a_person() -> bool {
    std::io::stdout().is_terminal()
}
