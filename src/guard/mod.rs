//! What would be lost? Read-only checks that refuse before anything is changed.

mod bead;
mod claims;
mod install;
mod removal;

pub use bead::{BeadRemoval, Outside, plan_bead_removal};
pub use claims::{Claims, claims};
pub use install::check_install;
pub use removal::{Removal, plan_removal};
