//! The beads in a hub repository: which are there, and what their locks say of them (pure).

mod behind;
mod installed;
mod lock;
mod order;
mod waves;

pub use behind::behind;
pub(crate) use installed::installed;
pub use installed::{Beads, Installed, bead_of};
pub use lock::{BeadLock, REVISION};
pub use order::depth;
pub use waves::{is_for_wave, up_to_wave};
