//! What would be lost? Read-only checks that refuse before anything is changed.

mod bead;
mod brought;
mod claims;
mod install;
mod outside;
mod removal;

pub use bead::{BeadRemoval, plan_bead_removal};
pub use claims::{Claims, claims};
pub use install::check_install;
pub use outside::Outside;
pub use removal::{Removal, plan_removal};
