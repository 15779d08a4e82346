//! What a new version means to a cluster: which steps are allowed, which stored objects stand in the way, what goes. Pure.
//!
//! Each file looks at one thing and answers with [`Finding`]s; a [`Plan`] is all of them, and table, JSON and markdown are views
//! of it. What is live and what is rendered is read by others.

pub mod crds;
mod finding;
mod going;
pub mod legacy;
mod markdown;
mod newest;
pub mod pruned;
mod restarts;
mod step;
mod step_table;
mod steps;

pub use finding::{Finding, Migration, Plan, Weight};
pub use going::{GOING, going};
pub use markdown::escaped;
pub use newest::{Newer, Reach, forbidden, newer, newest_allowed};
pub use restarts::{REFUSED, denied_to_us, refused, refused_anew, restart};
pub use step::Step;
pub use step_table::table;
pub use steps::{findings as findings_of_step, findings_by, tested_with, untested};
