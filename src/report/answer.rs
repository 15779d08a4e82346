//! The answer on stdout: the only place that writes there.

use std::io::{ErrorKind, Write as _};

use super::{Failure, Outcome};

/// Writes the answer of a verb to stdout. A reader that has gone away is no failure: it has read enough.
pub fn answer(text: &str) -> Outcome<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("failed to write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}
