//! A panic is a mistake of ours. Its message may quote any value, so it goes the way of every other line.

use std::panic::PanicHookInfo;

use super::console::Console;

/// From now on the message of a panic is redacted, and asks for a report.
pub fn redact_panics() {
    std::panic::set_hook(Box::new(|panic| Console::new(false).say(told(panic))));
}

fn told(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let payload = panic.payload();
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let message = text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("no message");
    format!("error: internal error at {place}: {message}\nhint: this is a mistake of backstack; please report it")
}
