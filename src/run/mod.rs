//! What every run of a step or verb has: its secrets, what it found for outputs and for the next run, its end, and how it is told.

pub mod exactly;
mod formed;
mod found;
mod hook_files;
pub mod images;
mod interruption;
mod known;
mod last_word;
mod leaving;
pub mod named;
pub mod outputs;
pub mod scaffold;
pub mod secrets;
mod since;
mod synced;
mod text;

pub use formed::{WITH_NAMES, WITHOUT_NAMES, give, tell_unseen};
pub use found::{Found, FoundSpoke, Run};
pub use hook_files::with_hooks;
pub use interruption::{block_on, runtime};
pub use known::{Action, Noun};
pub(crate) use last_word::{last_word, of_proof};
pub use leaving::{Losses, capabilities};
pub use named::{Named, address};
pub use since::{beads_of, since, since_at, since_with};
pub use synced::{Wait, follow, unless_left, wait_for};
pub use text::{given_time, text_of};
