//! What would be lost? Read-only checks that refuse before anything is changed.

mod install;
mod removal;

pub use install::check_install;
pub use removal::{Removal, plan_removal};
