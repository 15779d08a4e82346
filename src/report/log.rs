//! The debug log: what the client library and the engine tell, on stderr, redacted like everything else.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::console::Console;

/// Turns the debug log on for this process. A second call changes nothing.
pub fn log_to_stderr() {
    // HTTP/2 tells each frame.
    let told = Targets::new().with_default(LevelFilter::DEBUG).with_target("h2", LevelFilter::INFO);
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).without_time().with_writer(Lines::default);
    let _ = tracing_subscriber::registry().with(lines).with(told).try_init();
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
