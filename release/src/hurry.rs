//! Whether a program can be hurried, which only a build for debugging can.

/// The variable that shortens waits for tests, in programs built for debugging (`src/pace.rs` of the program).
pub const PACE: &str = "BACKSTACK_PACE";

/// Whether the program knows the variable.
#[must_use]
pub fn can_be_hurried(program: &[u8]) -> bool {
    program.windows(PACE.len()).any(|bytes| bytes == PACE.as_bytes())
}
