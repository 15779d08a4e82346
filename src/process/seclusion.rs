//! What nobody else may see of this process.

use rustix::process::{Resource, Rlimit, setrlimit};

use super::linux::hide_from_others;

/// No core dump of this process and of those that it starts: it would hold passwords and keys. No other process of the same
/// user may read its memory and its environment either, but for root.
pub fn seclude() {
    // Both only take away, and what the system does not know it does not do.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    hide_from_others();
}
