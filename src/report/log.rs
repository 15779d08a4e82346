//! The debug log: what the client library and the engine tell, on stderr, redacted like everything else.

use std::io;

use tracing::level_filters::LevelFilter;

use super::console::Console;

/// Turns the debug log on for this process. A second call changes nothing.
pub fn log_to_stderr() {
    let _ = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::DEBUG)
        .with_ansi(false)
        .without_time()
        .with_writer(Lines::default)
        .try_init();
}

/// Collects one event and gives it to the console whole, since a secret could be split over two writes.
#[derive(Default)]
struct Lines(Vec<u8>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.0);
        if !text.is_empty() {
            Console::new(false).say(text.trim_end());
        }
    }
}
